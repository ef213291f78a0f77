/** Talksy's addresses, each where its setting is on: sockets at `/ws` and `/wss`, its page, rooms, statistics. */
import type { Handler } from "hono";
import { SwitchyardError } from "../../../shared/errors.ts";
import type { RoomStats } from "../../../shared/talksy.ts";
import type { Source } from "../../../shared/tokens.ts";
import { encodeBase64url } from "../../auth/base64.ts";
import { originAllowed } from "../../auth/origin.ts";
import { DIALECT } from "../../dialects/talksy/client.ts";
import type { Env } from "../../env.ts";
import type { RoomRpc } from "../../room/rpc.ts";
import { enterRoom } from "../sockets/open-grant.ts";
import { wantsSocket } from "../sockets/upgrade.ts";
import { visitedRoom, visitorGrant } from "../sockets/visitor.ts";

type Route = Handler<{ Bindings: Env }>;

const DEFAULT_ROOM = "default";
const ROOM_ID_BYTES = 9;
const MAX_NAME = 256;

function isOn(env: Env): boolean {
	return env.TALKSY === "true";
}

/** An empty id is none. */
function idIn(request: Request): string {
	return (new URL(request.url).searchParams.get("room_id") || DEFAULT_ROOM).slice(0, MAX_NAME);
}

export const connectTalksy: Route = async (c, next) => {
	const request = c.req.raw;
	if (!isOn(c.env) || !wantsSocket(request)) return next();
	if (!originAllowed(c.env, request.url, request.headers.get("origin"))) {
		throw new SwitchyardError("origin_not_allowed");
	}
	const publish: Source[] = ["audio", "camera", "screen", "screenAudio"];
	const grant = await visitorGrant(c.env, request, { dialect: DIALECT, id: idIn(request), publish });
	return enterRoom(c.env, request, grant);
};

/** The page of a room, where its users look for it. Without a room it is the edge's own page. */
export const showPage: Route = async (c, next) => {
	const request = c.req.raw;
	const { searchParams } = new URL(request.url);
	if (!isOn(c.env) || wantsSocket(request) || !searchParams.has("room_id") || !c.env.ASSETS) return next();
	return c.env.ASSETS.fetch(new Request(new URL("/talksy/", request.url), { headers: request.headers }));
};

export const createRoom: Route = async (c, next) => {
	if (!isOn(c.env)) return next();
	if (c.env.AUTO_CREATE === "false") throw new SwitchyardError("forbidden", "rooms are made over REST here");
	const name = (c.req.query("name") ?? "").slice(0, MAX_NAME);
	const id = `room-${encodeBase64url(crypto.getRandomValues(new Uint8Array(ROOM_ID_BYTES)))}`;
	const room = c.env.ROOM.getByName(id) as unknown as RoomRpc;
	await room.create({ name: id, metadata: { name } });
	return c.text(`room_id: ${id}, room_name: ${name}`);
};

export const tellStats: Route = async (c, next) => {
	if (!isOn(c.env)) return next();
	const name = await visitedRoom(c.env, c.req.raw, idIn(c.req.raw));
	const room = c.env.ROOM.getByName(name) as unknown as RoomRpc;
	return c.json((await room.consult(DIALECT, {})) as RoomStats);
};
