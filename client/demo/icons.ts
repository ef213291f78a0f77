/** Icons as strokes on a 24 × 24 grid, drawn for this page. */
const PATHS = {
	mic: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4M9 21h6",
	micOff:
		"M4 4l16 16M9 9v2a3 3 0 0 0 4.6 2.5M15 10V6a3 3 0 0 0-5.6-1.5M6 11a6 6 0 0 0 9.4 4.9M18 11a6 6 0 0 1-.5 2.4M12 17v4M9 21h6",
	camera: "M4 7h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2zM15 11l6-3v8l-6-3",
	cameraOff: "M3 3l18 18M8 7h5a2 2 0 0 1 2 2v2l6-3v8l-2.5-1.2M15 15a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2",
	screen:
		"M4 4h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zM8 20h8M12 16v4M12 12.500V8M9.500 10L12 7.500l2.500 2.500",
	chat: "M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-8l-5 4v-4H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM8 10h8M8 13h5",
	stats: "M4 20V10M10 20V4M16 20v-7M21 20H3",
	devices: "M4 8h9M17 8h3M4 16h3M11 16h9M13 8a2 2 0 1 0 4 0 2 2 0 0 0-4 0zM7 16a2 2 0 1 0 4 0 2 2 0 0 0-4 0z",
	invite: "M10 8a3.500 3.500 0 1 1-7 0 3.500 3.500 0 0 1 7 0zM1.500 20a5 5 0 0 1 10 0M18 8v8M14 12h8",
	leave:
		"M3 15c0-1 0-2.500 1-3.500 4-4 12-4 16 0 1 1 1 2.500 1 3.500a1 1 0 0 1-1 1h-3.500a1 1 0 0 1-1-1v-2c-2.500-.7-4.500-.7-7 0v2a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z",
	close: "M6 6l12 12M18 6L6 18",
	more: "M5 12h.01M12 12h.01M19 12h.01",
	pin: "M9 4h6l-1 6 3 3H7l3-3-1-6zM12 13v7",
	send: "M4 12l16-8-5 16-3-7-8-1z",
	logo: "M3 7h5c5 0 3 10 8 10h5M3 17h5c1.500 0 2.400-.9 3-2M16 7h5",
} as const;

export type Icon = keyof typeof PATHS;

export function icon(name: Icon): SVGSVGElement {
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	svg.setAttribute("viewBox", "0 0 24 24");
	svg.setAttribute("class", "icon");
	svg.setAttribute("aria-hidden", "true");
	const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
	path.setAttribute("d", PATHS[name]);
	svg.append(path);
	return svg;
}
