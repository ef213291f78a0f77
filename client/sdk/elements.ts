/** Media elements and the tracks they show: one element may show the video and sound the audio of somebody. */

/** Puts a track into an element, in place of one of its kind. */
export function show(element: HTMLMediaElement, track: MediaStreamTrack): void {
	const shown = element.srcObject instanceof MediaStream ? element.srcObject.getTracks() : [];
	if (shown.includes(track)) return;
	// A new stream rather than the same one changed: not every browser notices the latter.
	element.srcObject = new MediaStream([...shown.filter((other) => other.kind !== track.kind), track]);
	element.autoplay = true;
	if ("playsInline" in element) element.playsInline = true;
	// Refused until the user touched the page; `autoplay` tries again by itself.
	element.play().catch(() => {});
}

export function hide(element: HTMLMediaElement, track: MediaStreamTrack): void {
	if (!(element.srcObject instanceof MediaStream)) return;
	const shown = element.srcObject.getTracks();
	// Setting the same again would have the element begin anew.
	if (!shown.includes(track)) return;
	const left = shown.filter((other) => other !== track);
	element.srcObject = left.length > 0 ? new MediaStream(left) : null;
}

export function makeElement(kind: "audio" | "video"): HTMLMediaElement {
	return document.createElement(kind);
}
