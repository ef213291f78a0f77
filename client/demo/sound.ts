/** What is heard: an element for each received audio track, all on the chosen speaker. */
import type { RemoteTrack, Room } from "../sdk/index.ts";
import { h } from "./dom.ts";
import { preferences } from "./preferences.ts";

export class Sound {
	/** In the document, so that tests and curious people find them. */
	readonly element = h("div", { hidden: true });
	/** The browser plays nothing before the user has touched the page; and does, later. */
	onBlocked: (blocked: boolean) => void = () => {};
	readonly #elements = new Map<RemoteTrack, HTMLAudioElement>();

	constructor(room: Room) {
		for (const { tracks } of room.participants.values()) {
			for (const { track } of tracks.values()) if (track) this.#add(track);
		}
		room.on("trackSubscribed", (track) => this.#add(track));
		room.on("trackUnsubscribed", (track) => this.#remove(track));
	}

	/** By a click, which is what browsers wait for. */
	async unblock(): Promise<void> {
		await Promise.all([...this.#elements.values()].map((element) => this.#play(element)));
	}

	async useSpeaker(id: string): Promise<void> {
		await Promise.all([...this.#elements.values()].map((element) => element.setSinkId(id)));
	}

	#add(track: RemoteTrack): void {
		if (track.kind !== "audio" || this.#elements.has(track)) return;
		const element = h("audio", { data: { participant: track.participant.id, source: track.source } });
		this.#elements.set(track, element);
		this.element.append(element);
		track.attach(element);
		// A speaker that was unplugged since: the default one will do.
		if (preferences.speakerDevice && "setSinkId" in element)
			element.setSinkId(preferences.speakerDevice).catch(() => {});
		void this.#play(element);
	}

	#remove(track: RemoteTrack): void {
		const element = this.#elements.get(track);
		if (!element) return;
		this.#elements.delete(track);
		track.detach(element);
		element.remove();
	}

	async #play(element: HTMLAudioElement): Promise<void> {
		try {
			await element.play();
			this.onBlocked(false);
		} catch (error) {
			if (error instanceof DOMException && error.name === "NotAllowedError") this.onBlocked(true);
		}
	}
}
