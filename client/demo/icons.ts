/** Icons as strokes on a 24 × 24 grid, drawn for this page. */
const PATHS = {
	mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
	micOff:
		"M4 4l16 16M9 9v2a3 3 0 0 0 4.7 2.5M15 10.5V6a3 3 0 0 0-5.8-1M5.5 11a6.5 6.5 0 0 0 9.7 5.6M18.5 11a6.4 6.4 0 0 1-.8 3.1M12 17.5V21",
	camera:
		"M4.5 6.5h8a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM14.5 11l5.1-3.1a1 1 0 0 1 1.5.9v6.4a1 1 0 0 1-1.5.9L14.5 13",
	cameraOff:
		"M3.5 3.5l17 17M9 6.5h3.5a2 2 0 0 1 2 2V11l5.1-3.1a1 1 0 0 1 1.5.9v6.4a1 1 0 0 1-.8 1M14.3 16.2a2 2 0 0 1-1.8 1.3h-8a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2h.2",
	screen:
		"M4.5 4.5h15a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 15V6a1.5 1.5 0 0 1 1.5-1.5zM8.5 20h7M12 13.5v-6M9.3 10L12 7.3l2.7 2.7",
	record: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
	chat: "M5 4.5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-4.5 3.7v-3.7H5a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2zM8 9h8M8 12.5h5",
	stats: "M3.5 20.5h17M6.5 17v-5M12 17V5M17.5 17V9",
	devices:
		"M4 8h8.5M17.5 8H20M4 16h2.5M11.5 16H20M12.5 8a2.5 2.5 0 1 0 5 0 2.5 2.5 0 0 0-5 0zM6.5 16a2.5 2.5 0 1 0 5 0 2.5 2.5 0 0 0-5 0z",
	invite: "M13 7.5a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM2.5 20a6.5 6.5 0 0 1 13 0M19 8v6M16 11h6",
	link: "M10 14a4.5 4.5 0 0 0 6.4 0l3-3a4.5 4.5 0 0 0-6.4-6.4L11.5 6M14 10a4.5 4.5 0 0 0-6.4 0l-3 3a4.5 4.5 0 0 0 6.4 6.4l1.5-1.4",
	close: "M6 6l12 12M18 6L6 18",
	pin: "M8.5 3.5h7l-1 6.5 3 3.5H6.5l3-3.5-1-6.5zM12 13.5v7",
	expand: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
	send: "M4.5 12L3.3 5.2a1 1 0 0 1 1.4-1L20.5 12 4.7 19.8a1 1 0 0 1-1.4-1L4.5 12zm0 0h7",
	renew: "M20.5 11A8.5 8.5 0 0 0 5.6 6.6L3.5 9M3.5 4v5h5M3.5 13a8.5 8.5 0 0 0 14.9 4.4L20.5 15M20.5 20v-5h-5",
	sound: "M11 5L6.5 9H3.5v6h3l4.5 4V5zM15 9a4.2 4.2 0 0 1 0 6M17.8 6.2a8.2 8.2 0 0 1 0 11.6",
	logo: "M3 7h5c5 0 3 10 8 10h5M3 17h5c1.5 0 2.4-.9 3-2M16 7h5",
} as const;

/** A receiver lying down; as a stroke it would not be known for one. */
const LEAVE =
	"M12 8.6c-3.4 0-6.5.8-8.8 2.2-1 .6-1.5 1.6-1.5 2.7v1.6c0 .8.7 1.4 1.5 1.3l3.3-.5c.7-.1 1.1-.7 1.1-1.3v-2c2.8-.8 6-.8 8.8 0v2c0 .7.5 1.2 1.1 1.3l3.3.5c.8.1 1.5-.5 1.5-1.3v-1.6c0-1.1-.6-2.1-1.5-2.7C18.5 9.4 15.4 8.6 12 8.6z";

export type Icon = keyof typeof PATHS | "leave";

const SVG = "http://www.w3.org/2000/svg";

export function icon(name: Icon): SVGSVGElement {
	const svg = document.createElementNS(SVG, "svg");
	svg.setAttribute("viewBox", "0 0 24 24");
	svg.setAttribute("class", name === "leave" ? "icon solid" : "icon");
	svg.setAttribute("aria-hidden", "true");
	const path = document.createElementNS(SVG, "path");
	path.setAttribute("d", name === "leave" ? LEAVE : PATHS[name]);
	svg.append(path);
	return svg;
}
