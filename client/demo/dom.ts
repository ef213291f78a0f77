/** Elements in one call each. */
type Child = Node | string | false | undefined;
type Properties<E> = Partial<Omit<E, "style" | "dataset">> & {
	class?: string;
	data?: Record<string, string>;
	aria?: Record<string, string>;
};

export function h<T extends keyof HTMLElementTagNameMap>(
	tag: T,
	{ class: className, data, aria, ...properties }: Properties<HTMLElementTagNameMap[T]> = {},
	...children: Child[]
): HTMLElementTagNameMap[T] {
	const element = document.createElement(tag);
	Object.assign(element, properties);
	if (className) element.className = className;
	for (const [key, value] of Object.entries(data ?? {})) element.dataset[key] = value;
	for (const [key, value] of Object.entries(aria ?? {})) element.setAttribute(`aria-${key}`, value);
	element.append(...children.filter((child): child is Node | string => child !== false && child !== undefined));
	return element;
}

/** Something went wrong that the user can do something about. */
export function toast(text: string): void {
	const element = h("div", { class: "toast" }, text);
	document.getElementById("toasts")?.append(element);
	setTimeout(() => element.remove(), 5_000);
}

/** An error in people's words. */
export function explain(error: unknown): string {
	const { code, message } = error as { code?: string; message?: string };
	switch (code) {
		case "permission_denied":
			return "The browser did not allow it. Check the permission beside the address, then try again.";
		case "device_not_found":
			return "No such device was found. Plug one in, or join without it.";
		case "device_failed":
			return "The device is in use by another program.";
		case "room_full":
			return "The room is full.";
		case "unreachable":
			return "The service cannot be reached. Check your connection.";
		default:
			return message ?? String(error);
	}
}
