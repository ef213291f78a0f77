/** The statistics feed: the bit rates of all interactions, from their rooms, for as long as somebody looks. */
import { DUCKSOUP_ROOM_PREFIX, type InteractionRates, STATISTICS_MS } from "../../../shared/ducksoup.ts";
import { DIALECT } from "../../dialects/ducksoup/interaction.ts";
import type { Rates } from "../../dialects/ducksoup/statistics.ts";
import { listRooms } from "../../directory/listing.ts";
import type { Env } from "../../env.ts";
import type { RoomRpc } from "../../room/rpc.ts";

/** New rooms are looked for so often, ms. */
const LIST_MS = 4_500;
/** A page of the directory, and how many are looked through. */
const PAGE = 1_000;
const MOST_PAGES = 10;
/** Rooms that are asked. */
const MOST_ROOMS = 200;

export function openFeed(env: Env): Response {
	const { 0: client, 1: server } = new WebSocketPair();
	server.accept();
	let rooms: string[] = [];
	let listedAt = 0;
	let busy = false;
	const tell = async () => {
		// Rooms that are slow to answer are not asked again meanwhile.
		if (busy) return;
		busy = true;
		try {
			if (listedAt + LIST_MS <= Date.now()) {
				listedAt = Date.now();
				rooms = await interactionRooms(env);
			}
			const payload = await ratesOf(env, rooms);
			if (Object.keys(payload).length > 0) server.send(JSON.stringify({ kind: "update", payload }));
		} catch (error) {
			console.error({ event: "statistics not told", error: String(error) });
		} finally {
			busy = false;
		}
	};
	const timer = setInterval(() => void tell(), STATISTICS_MS);
	for (const type of ["close", "error"] as const) server.addEventListener(type, () => clearInterval(timer));
	return new Response(null, { status: 101, webSocket: client });
}

/** Where statistics are off, there is nothing to say. */
export function openSilentFeed(): Response {
	const { 0: client, 1: server } = new WebSocketPair();
	server.accept();
	return new Response(null, { status: 101, webSocket: client });
}

async function interactionRooms(env: Env): Promise<string[]> {
	const names: string[] = [];
	let cursor: string | undefined;
	for (let page = 0; page < MOST_PAGES; page++) {
		const { items, next } = await listRooms(env, { limit: PAGE, cursor });
		names.push(...items.flatMap(({ name }) => (name.startsWith(DUCKSOUP_ROOM_PREFIX) ? [name] : [])));
		if (next === undefined || names.length >= MOST_ROOMS) break;
		cursor = next;
	}
	return names.slice(0, MOST_ROOMS);
}

async function ratesOf(env: Env, rooms: readonly string[]): Promise<InteractionRates> {
	const answers = rooms.map(async (name) => {
		const room = env.ROOM.getByName(name) as unknown as RoomRpc;
		try {
			return (await room.consult(DIALECT, {})) as Rates | undefined;
		} catch {
			// It goes, or restarts: it is asked again.
			return undefined;
		}
	});
	const known = (await Promise.all(answers)).filter((rates) => rates !== undefined);
	return Object.fromEntries(
		known.flatMap(({ interaction, tracks }) => (Object.keys(tracks).length > 0 ? [[interaction, tracks]] : [])),
	);
}
