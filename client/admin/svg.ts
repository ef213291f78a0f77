const SVG = "http://www.w3.org/2000/svg";

/** An SVG element in one call, as `h` makes HTML's. */
export function s<T extends keyof SVGElementTagNameMap>(
	tag: T,
	attributes: Record<string, string | number> = {},
	...children: (Node | string | false)[]
): SVGElementTagNameMap[T] {
	const element = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
	element.append(...children.filter((child): child is Node | string => child !== false));
	return element;
}
