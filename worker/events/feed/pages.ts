/** The feed as REST shows it: pages over all its shares, and who reads it. */
import * as z from "zod";
import { SwitchyardError } from "../../../shared/errors.ts";
import { EVENT_SHARDS, EventRecord } from "../../../shared/events.ts";
import type { EventConsumer, EventsQuery } from "../../../shared/rest.ts";
import { decodeBase64, encodeBase64url } from "../../auth/base64.ts";
import type { Env } from "../../env.ts";
import { feedAt, feedShard } from "./locate.ts";

const Positions = z.array(z.number().int().min(0)).length(EVENT_SHARDS);
const shards = Array.from({ length: EVENT_SHARDS }, (_, shard) => shard);

/** In the order of each room, and about that of time. */
export async function readEvents(
	env: Env,
	{ after, limit, room }: EventsQuery,
): Promise<{ items: EventRecord[]; cursor: string }> {
	const positions = after === undefined ? shards.map(() => 0) : readCursor(after);
	const asked = room === undefined ? shards : [feedShard(room)];
	const pages = await Promise.all(
		asked.map(async (shard) => ({
			shard,
			...(await feedAt(env, shard).read({ after: positions[shard] ?? 0, limit, room })),
		})),
	);
	const found = pages.flatMap(({ shard, items }) => items.map((item) => ({ ...item, shard })));
	// Within a share times never go back, so this keeps each one's order.
	const shown = found.sort((a, b) => a.at - b.at || a.shard - b.shard || a.position - b.position).slice(0, limit);
	for (const { shard, items, end } of pages) {
		const last = shown.findLast((item) => item.shard === shard);
		const whole = shown.filter((item) => item.shard === shard).length === items.length;
		positions[shard] = whole ? end : (last?.position ?? positions[shard] ?? 0);
	}
	return { items: shown.map(({ body }) => EventRecord.parse(JSON.parse(body))), cursor: writeCursor(positions) };
}

export async function listConsumers(env: Env): Promise<EventConsumer[]> {
	const states = await Promise.all(shards.map((shard) => feedAt(env, shard).consumers()));
	const byName = new Map<string, Omit<EventConsumer, "connected"> & { sockets: number }>();
	for (const { last, consumers } of states) {
		for (const { name, position, ackedAt, connected } of consumers) {
			const known = byName.get(name) ?? { name, behind: 0, ackedAt: 0, sockets: 0 };
			known.behind += Math.max(0, last - position);
			known.ackedAt = Math.max(known.ackedAt, ackedAt);
			if (connected) known.sockets++;
			byName.set(name, known);
		}
	}
	return [...byName.values()]
		.sort((a, b) => (a.name < b.name ? -1 : 1))
		.map(({ sockets, ...consumer }) => ({ ...consumer, connected: sockets === EVENT_SHARDS }));
}

export async function forgetConsumer(env: Env, name: string): Promise<void> {
	const known = await Promise.all(shards.map((shard) => feedAt(env, shard).forget(name)));
	if (!known.includes(true)) throw new SwitchyardError("not_found", "no such consumer");
}

function writeCursor(positions: number[]): string {
	return encodeBase64url(new TextEncoder().encode(JSON.stringify(positions)));
}

function readCursor(text: string): number[] {
	try {
		return Positions.parse(JSON.parse(new TextDecoder().decode(decodeBase64(text))));
	} catch {
		throw new SwitchyardError("bad_request", "after: not a cursor of this feed");
	}
}
