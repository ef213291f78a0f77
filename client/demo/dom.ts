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

/** A button that never sends a form. */
export function button(
	properties: Properties<HTMLButtonElement>,
	onClick: () => unknown,
	...children: Child[]
): HTMLButtonElement {
	const element = h("button", { type: "button", ...properties }, ...children);
	element.addEventListener("click", () => void onClick());
	return element;
}
