/**
 * Large rooms: cameras of only the last few who spoke go to those who did not ask for one. Screens and sound always do,
 * and so does any camera that somebody subscribed to by its name.
 */
import type { Speakers } from "../../shared/speakers.ts";
import type { Core } from "./core.ts";
import { receiving } from "./endpoints.ts";
import { command } from "./links.ts";
import { flow, prune } from "./pipes.ts";
import type { Track } from "./state.ts";
import { wants } from "./subscriptions.ts";

/** Speakers remembered: more than are shown, so that one who leaves is followed by who spoke before. */
const REMEMBERED = 200;

export class LastN {
	readonly #core: Core;
	/** Of `shown` in the room's record, for looking up. */
	#known: { of: string[]; set: Set<string> } | undefined;

	constructor(core: Core) {
		this.#core = core;
	}

	/** A track goes to those who want everything. */
	has(track: Track): boolean {
		if (track.info.source !== "camera" || this.#count === undefined) return true;
		return this.#shown.has(track.participant);
	}

	/** Who speaks now: the dominant one comes to the front, and pushes out who spoke longest ago. */
	heard({ dominant }: Speakers): void {
		const core = this.#core;
		if (dominant === undefined || this.#count === undefined || core.room.spoke?.[0] === dominant) return;
		if (!core.members.has(dominant)) return;
		core.room.spoke = [dominant, ...(core.room.spoke ?? []).filter((id) => id !== dominant)].slice(0, REMEMBERED);
		core.touchRoom();
		this.update();
	}

	/** Somebody joined, left, began or ended a camera, or spoke: what that changes is carried out. */
	update(): void {
		const core = this.#core;
		if (this.#count === undefined) return;
		const before = this.#shown;
		const now = this.#choose();
		if (now.size === before.size && [...now].every((id) => before.has(id))) return;
		core.room.shown = [...now];
		core.touchRoom();
		const cameras = [...core.tracks.values()].filter(({ info }) => info.source === "camera");
		const hidden = cameras.filter(({ participant }) => before.has(participant) && !now.has(participant));
		for (const track of hidden) this.#hide(track);
		if (hidden.length > 0) prune(core, hidden);
		for (const track of cameras) {
			if (before.has(track.participant) || !now.has(track.participant)) continue;
			const endpoint = core.endpoints.get(track.endpoint);
			const commands = flow(core, track);
			if (endpoint) command(core, endpoint.epoch, commands);
		}
	}

	get #shown(): Set<string> {
		const of = this.#core.room.shown ?? [];
		if (this.#known?.of !== of) this.#known = { of, set: new Set(of) };
		return this.#known.set;
	}

	get #count(): number | undefined {
		return this.#core.record?.settings.lastN;
	}

	#choose(): Set<string> {
		const core = this.#core;
		const withCamera = new Set<string>();
		for (const { participant, info } of core.tracks.values()) if (info.source === "camera") withCamera.add(participant);
		const joined = [...core.members.values()].sort((a, b) => a.join - b.join).map(({ id }) => id);
		const order = new Set([...(core.record?.spoke ?? []), ...joined]);
		return new Set([...order].filter((id) => withCamera.has(id)).slice(0, this.#count));
	}

	#hide(track: Track): void {
		const core = this.#core;
		const { id } = track.info;
		for (const member of core.members.values()) {
			if (member.id === track.participant) continue;
			// Asked for by name, or not received before either.
			if (wants(core, member, track) || member.subscribe !== "all") continue;
			for (const endpoint of receiving(core, member)) {
				command(core, endpoint.epoch, [{ type: "unsubscribe", endpoint: endpoint.id, tracks: [id] }]);
				core.emit({ type: "unsubscribed", endpoint: endpoint.id, tracks: [id] }, { to: [member.id] });
			}
		}
	}
}
