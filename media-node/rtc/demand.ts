/**
 * What this node's receivers want of each track: its highest layer, or nothing. Publishers stop what nobody wants.
 * More is told at once, less only when it has lasted: tiles change their size more often than encoders should.
 */
import { ALL_LAYERS, NO_LAYER } from "../../shared/media.ts";
import type { Endpoint } from "./endpoint.ts";
import type { RoomTrack } from "./tracks.ts";

/** How long less must be wanted before it is told, ms. */
const HOLD_MS = 3_000;

export class Demand {
	readonly #endpoints: ReadonlyMap<string, Endpoint>;
	readonly #tracks: () => Iterable<RoomTrack>;
	readonly #recorded: (track: string) => boolean;
	readonly #tell: (demand: Record<string, number>) => void;
	/** What the room knows; a track that is not in it is wanted whole. */
	readonly #told = new Map<string, number>();
	/** Since when less is wanted. */
	readonly #lessSince = new Map<string, number>();
	#soon: NodeJS.Immediate | undefined;
	#later: NodeJS.Timeout | undefined;

	constructor(
		endpoints: ReadonlyMap<string, Endpoint>,
		tracks: () => Iterable<RoomTrack>,
		recorded: (track: string) => boolean,
		tell: (demand: Record<string, number>) => void,
	) {
		this.#endpoints = endpoints;
		this.#tracks = tracks;
		this.#recorded = recorded;
		this.#tell = tell;
	}

	/** Something that may change it has happened. */
	check(): void {
		this.#soon ??= setImmediate(() => {
			this.#soon = undefined;
			this.#look(Date.now());
		});
	}

	/** All of it, for a room that lost sight of it. */
	describe(): void {
		if (this.#told.size > 0) this.#tell(Object.fromEntries(this.#told));
	}

	close(): void {
		clearImmediate(this.#soon);
		clearTimeout(this.#later);
	}

	#look(now: number): void {
		clearTimeout(this.#later);
		const wanted = this.#wanted();
		const changed: Record<string, number> = {};
		let next = Number.POSITIVE_INFINITY;
		for (const [id, layer] of wanted) {
			const told = this.#told.get(id) ?? ALL_LAYERS;
			if (layer >= told) this.#lessSince.delete(id);
			if (layer < told) {
				const since = this.#lessSince.get(id) ?? now;
				this.#lessSince.set(id, since);
				if (since + HOLD_MS > now) {
					next = Math.min(next, since + HOLD_MS);
					continue;
				}
				this.#lessSince.delete(id);
			}
			if (layer !== told) {
				changed[id] = layer;
				this.#told.set(id, layer);
			}
		}
		for (const id of this.#told.keys()) if (!wanted.has(id)) this.#told.delete(id);
		for (const id of this.#lessSince.keys()) if (!wanted.has(id)) this.#lessSince.delete(id);
		if (Object.keys(changed).length > 0) this.#tell(changed);
		if (next < Number.POSITIVE_INFINITY) this.#later = setTimeout(() => this.#look(Date.now()), next - now);
	}

	#wanted(): Map<string, number> {
		const wanted = new Map<string, number>();
		for (const { id, kind } of this.#tracks()) {
			if (kind !== "data") wanted.set(id, this.#recorded(id) ? ALL_LAYERS : NO_LAYER);
		}
		for (const { inputs } of this.#endpoints.values()) {
			for (const { track, wants } of inputs) {
				const before = wanted.get(track);
				if (before !== undefined && wants > before) wanted.set(track, wants);
			}
		}
		for (const track of this.#tracks()) track.isWanted = (wanted.get(track.id) ?? ALL_LAYERS) > NO_LAYER;
		return wanted;
	}
}
