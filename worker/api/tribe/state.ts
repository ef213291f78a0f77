/** What tribe's server told of itself over HTTP: of all rooms and everybody in them, so not to everybody. */
import type { Context } from "hono";
import { requireApiAccess } from "../../auth/api.ts";
import { DIALECT } from "../../dialects/tribe/session.ts";
import { bitratesFor } from "../../dialects/tribe/settings.ts";
import type { Question, RoomState } from "../../dialects/tribe/state.ts";
import { listRooms } from "../../directory/listing.ts";
import type { Env } from "../../env.ts";
import type { RoomRpc } from "../../room/rpc.ts";
import { limitsOf } from "../limits.ts";

type Call = Context<{ Bindings: Env }>;

/** Rooms asked at a time. */
const AT_ONCE = 50;

export async function tellState(c: Call): Promise<Response> {
	const rooms = await roomsFor(c);
	return c.json({ s: true, d: { full_unit_name: "switchyard", log_filters: "", rooms } });
}

/** The platform tells nothing of its memory: what fills it is told instead. */
export async function tellMemory(c: Call): Promise<Response> {
	const rooms = await roomsFor(c);
	const connections = rooms.reduce((sum, room) => sum + room.connections.length, 0);
	return c.text(`Rooms: ${rooms.length}\nConnections: ${connections}\nHeap: not told by this platform\n`);
}

export async function tellGlobals(c: Call): Promise<Response> {
	const rooms = await roomsFor(c);
	const config = { ...limitsOf(c.env), bitrates: bitratesFor(c.env, {}), topology: c.env.DEFAULT_TOPOLOGY || "sfu" };
	const socketIds = rooms.flatMap(({ connections }) => connections.map(({ socketId }) => socketId));
	const parts = { config, "rooms.Data": rooms, "hub.socketIds.Data": socketIds };
	return c.text(
		Object.entries(parts)
			.flatMap(([name, value]) => [`${name}: ${JSON.stringify(value)}`, ""])
			.join("\n"),
	);
}

/** Throws `unauthorized`. Every room is asked. */
async function roomsFor({ env, req }: Call): Promise<RoomState[]> {
	if (env.TRIBE_STATE !== "true") await requireApiAccess(env, req.header("authorization"));
	const found: RoomState[] = [];
	let cursor: string | undefined;
	do {
		const page = await listRooms(env, { limit: AT_ONCE, cursor });
		const answers = await Promise.all(page.items.map(({ name }) => ask(env, name)));
		found.push(...answers.filter((answer) => answer !== undefined));
		cursor = page.next;
	} while (cursor !== undefined);
	return found;
}

async function ask(env: Env, room: string): Promise<RoomState | undefined> {
	const stub = env.ROOM.getByName(room) as unknown as RoomRpc;
	return (await stub.consult(DIALECT, { type: "state" } satisfies Question)) as RoomState | undefined;
}
