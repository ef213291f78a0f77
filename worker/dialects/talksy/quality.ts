/** Which layers of others' video a client gets: the least of what it asked for and of what its elements can show. */
import type { SubscriptionChange } from "../../../shared/native.ts";
import { QUALITIES, type Quality } from "../../../shared/talksy.ts";
import type { Core } from "../../room/core.ts";
import type { Member, Track } from "../../room/state.ts";
import { subscribe } from "../../room/subscriptions.ts";
import { type Client, clientFor, keep, memoryOf } from "./client.ts";

/** Of one track, at most so often, ms. */
const SIZE_MS = 1_000;
/** Widths and heights that the protocol's bit rates (150, 500 and 1200 kbit/s) are made for, with scales 4, 2 and 1. */
const LADDER = [
	{ width: 320, height: 180 },
	{ width: 640, height: 360 },
] as const;
/** An element this much larger than a layer is served by it. */
const ENOUGH = 0.85;

type Settings = Pick<SubscriptionChange, "paused" | "layer" | "size">;

/** How a client is to get a track. Sound has no qualities. */
export function settingsFor({ quality, sizes }: Client, { info, coding }: Track): Settings {
	if (info.kind !== "video") return {};
	const size = Object.hasOwn(sizes, info.id) ? sizes[info.id] : undefined;
	const count = coding?.layers.length || 1;
	const layers = [layerOf(quality, count)];
	// Whoever names the sizes of its layers has them chosen by those, on the node.
	if (size && !info.layers) layers.push(layerFilling(size, count));
	const known = layers.filter((layer) => layer !== undefined);
	const layer = known.length > 0 ? { spatial: Math.min(...known) } : null;
	return { paused: quality === "none", layer, size: size ?? null };
}

function layerOf(quality: Quality, count: number): number | undefined {
	const at = quality === "none" ? -1 : QUALITIES.indexOf(quality);
	return count > 1 && at >= 0 && at < QUALITIES.length - 1 ? Math.min(at, count - 1) : undefined;
}

/** The lowest layer that fills an element, as `object-fit: contain` would; undefined: all there are. */
function layerFilling({ width, height }: { width: number; height: number }, count: number): number | undefined {
	if (count !== QUALITIES.length) return undefined;
	const at = LADDER.findIndex((layer) => Math.min(width / layer.width, height / layer.height) <= 1 / ENOUGH);
	return at < 0 ? undefined : at;
}

export function switchQuality(core: Core, member: Member, quality: Quality): void {
	const client = clientFor(member);
	client.quality = quality;
	keep(core, member);
	const ids = Object.entries(member.subscriptions).flatMap(([id, { on }]) => (on ? [id] : []));
	tune(core, member, ids);
}

/** An element shows a track at another size. */
export function resize(core: Core, member: Member, id: string, size: { width: number; height: number }): void {
	const client = clientFor(member);
	const rounded = { width: Math.round(size.width), height: Math.round(size.height) };
	const before = client.sizes[id];
	if (before?.width === rounded.width && before.height === rounded.height) return;
	client.sizes[id] = rounded;
	core.members.touch(member.id);
	const { sized } = memoryOf(member);
	const last = sized.get(id);
	if (last?.timer !== undefined) return;
	const now = Date.now();
	const wait = last ? last.at + SIZE_MS - now : 0;
	if (wait <= 0) {
		sized.set(id, { at: now });
		tune(core, member, [id]);
		return;
	}
	// A timer keeps the object in memory, so nothing is lost that a socket outlives.
	const timer = setTimeout(() => {
		sized.set(id, { at: Date.now() });
		core.settle(() => core.members.get(member.id) === member && tune(core, member, [id]));
	}, wait);
	sized.set(id, { at: now, timer });
}

function tune(core: Core, member: Member, ids: readonly string[]): void {
	const client = clientFor(member);
	const tracks = ids.flatMap((id) => {
		const track = core.tracks.get(id);
		return track && member.subscriptions[id]?.on ? [{ track: id, ...settingsFor(client, track) }] : [];
	});
	if (tracks.length > 0) subscribe(core, member, { tracks });
}
