/** Children of an element by key: those that stay are updated in place, so that focus and plots survive every poll. */
export interface Item<T> {
	readonly element: Element;
	update(value: T): void;
}

export class Keyed<T> {
	readonly #parent: Element;
	readonly #make: (value: T) => Item<T>;
	readonly #items = new Map<string, Item<T>>();

	constructor(parent: Element, make: (value: T) => Item<T>) {
		this.#parent = parent;
		this.#make = make;
	}

	show(values: readonly (readonly [key: string, value: T])[]): void {
		const keys = new Set(values.map(([key]) => key));
		for (const [key, { element }] of this.#items) {
			if (keys.has(key)) continue;
			element.remove();
			this.#items.delete(key);
		}
		let before: Element | null = null;
		for (const [key, value] of values) {
			let item = this.#items.get(key);
			if (!item) {
				item = this.#make(value);
				this.#items.set(key, item);
			}
			const place: Element | null = before ? before.nextElementSibling : this.#parent.firstElementChild;
			// Moving what is in its place would take the focus from it.
			if (place !== item.element) this.#parent.insertBefore(item.element, place);
			before = item.element;
			item.update(value);
		}
	}
}
