/** The Odoo SFU's API for back ends: the status says everything, and bodies of failures are empty. */
import type { Context } from "hono";
import * as z from "zod";
import { ChannelClaims, type ChannelStats, DisconnectClaims, SessionIds } from "../../../shared/odoo.ts";
import { verifyLenient } from "../../auth/lenient-jwt.ts";
import type { Kicked, Question } from "../../dialects/odoo/channel.ts";
import { globalKey } from "../../dialects/odoo/credentials.ts";
import { DIALECT } from "../../dialects/odoo/session.ts";
import { listRooms } from "../../directory/listing.ts";
import type { Env } from "../../env.ts";
import type { RoomRpc } from "../../room/rpc.ts";
import { textWithin } from "../body.ts";
import { limitsOf } from "../limits.ts";
import { callerOrigin, remoteAddress } from "./caller.ts";
import { channelUuid, isOurs, looksLikeChannel } from "./uuid.ts";

type Handler = (env: Env, request: Request) => Promise<Response>;

const ROUTES: Readonly<Record<string, Handler>> = {
	"GET noop": async () => Response.json({ result: "ok" }),
	"GET stats": stats,
	"GET channel": channel,
	"POST disconnect": disconnect,
};
/** Looked up; others are not methods of this API. */
const METHODS: ReadonlySet<string> = new Set(["GET", "POST", "OPTIONS"]);
export const CALLS = ["noop", "stats", "channel", "disconnect"] as const;
/** Rooms asked at a time. */
const AT_ONCE = 50;

export function callOdoo(call: (typeof CALLS)[number]) {
	return async (c: Context<{ Bindings: Env }>): Promise<Response> => {
		const request = c.req.raw;
		if (!METHODS.has(request.method)) return empty(405);
		const handler = ROUTES[`${request.method} ${call}`];
		if (!handler) return empty(404);
		try {
			return await handler(c.env, request);
		} catch (error) {
			console.error({ event: "request failed", method: request.method, path: c.req.path, error: String(error) });
			return empty(500);
		}
	};
}

function empty(status: number): Response {
	return new Response(null, { status });
}

function ask(env: Env, uuid: string, question: Question): Promise<unknown> {
	return (env.ROOM.getByName(uuid) as unknown as RoomRpc).consult(DIALECT, question);
}

async function channel(env: Env, request: Request): Promise<Response> {
	// Split at single spaces; what the first word is does not matter.
	const token = (request.headers.get("authorization") ?? "").split(" ")[1];
	if (!token) return empty(401);
	const claims = await verifyLenient(token, await globalKey(env));
	if (!claims.iss) return empty(403);
	const { iss, key } = ChannelClaims.parse(claims);
	const address = remoteAddress(env, request);
	const uuid = await channelUuid(env, address, typeof iss === "string" ? iss : JSON.stringify(iss));
	const webRTC = new URL(request.url).searchParams.get("webRTC") !== "false";
	const origin = callerOrigin(env, request);
	const made = { key: key || undefined, remoteAddress: address, webRTC };
	await ask(env, uuid, { type: "open", uuid, origin, channel: made });
	return Response.json({ uuid, url: `${origin}/odoo/${uuid}` });
}

async function disconnect(env: Env, request: Request): Promise<Response> {
	const body = await textWithin(request, limitsOf(env).maxMessageBytes);
	if (body === undefined) return empty(413);
	try {
		const claims = await verifyLenient(body.trim(), await globalKey(env));
		const { sessionIdsByChannel } = DisconnectClaims.parse(claims);
		const address = remoteAddress(env, request);
		for (const [uuid, ids] of Object.entries(sessionIdsByChannel)) {
			const sessionIds = SessionIds.parse(ids);
			if (!(await isOurs(env, uuid))) continue;
			const kicked = (await ask(env, uuid, { type: "kick", remoteAddress: address, sessionIds })) as Kicked;
			if (kicked === "notOwner") console.warn({ event: "kick from another address", room: uuid, address });
		}
		return empty(200);
	} catch (error) {
		console.log({ event: "bad disconnect", error: String(error) });
		return empty(422);
	}
}

const Shown = z.enum(["true", "false"]).catch("true");

/** Every room that looks like a channel is asked. `ODOO_STATS=false` takes it off the network. */
async function stats(env: Env): Promise<Response> {
	if (Shown.parse(env.ODOO_STATS) === "false") return empty(404);
	const found: ChannelStats[] = [];
	let cursor: string | undefined;
	do {
		const page = await listRooms(env, { limit: AT_ONCE, cursor });
		const uuids = page.items.map(({ name }) => name).filter(looksLikeChannel);
		const answers = await Promise.all(uuids.map((uuid) => ask(env, uuid, { type: "stats" })));
		found.push(...answers.filter((answer) => answer !== undefined && answer !== null).map((it) => it as ChannelStats));
		cursor = page.next;
	} while (cursor !== undefined);
	return Response.json(found);
}
