/** Sockets of Pion_SFU clients: their rooms are in a frame, and they may go from one to the next. */
import type { Handler } from "hono";
import { CLOSE } from "../../../shared/close-codes.ts";
import { SwitchyardError } from "../../../shared/errors.ts";
import { originAllowed } from "../../auth/origin.ts";
import { errorFrame, type Ids, readFrame, speaksFor } from "../../dialects/pion/frames.ts";
import { DIALECT } from "../../dialects/pion/peer.ts";
import type { Env } from "../../env.ts";
import { enterRoom } from "../sockets/open-grant.ts";
import { acceptSocket, closeSocket, type Frame, type Reader, textOf } from "../sockets/splice.ts";
import { wantsSocket } from "../sockets/upgrade.ts";
import { visitorGrant } from "../sockets/visitor.ts";

/** A page may be open for long before somebody joins from it, ms. */
const PATIENCE_MS = 300_000;

/** `/pion`, beside the bare origin. */
export const connectPion: Handler<{ Bindings: Env }> = (c, next) =>
	c.env.PION === "true" && wantsSocket(c.req.raw) ? acceptSocket(pionReader(c.env, c.req.raw)) : next();

/** No other protocol names the kind of a frame so. */
export function looksLikePion(frame: Frame): boolean {
	try {
		const value: unknown = JSON.parse(textOf(frame));
		return typeof value === "object" && value !== null && "event" in value;
	} catch {
		return false;
	}
}

export function pionReader(env: Env, request: Request): Reader {
	return {
		patienceMs: PATIENCE_MS,
		lateCode: CLOSE.joinTimeout,
		async read(socket, frame) {
			try {
				const { data: ids } = joinIn(frame);
				if (!originAllowed(env, request.url, request.headers.get("origin"))) {
					throw new SwitchyardError("origin_not_allowed");
				}
				const visitor = { dialect: DIALECT, id: ids.room_id, identity: ids.self_id };
				const grant = await visitorGrant(env, request, { ...visitor, publish: ["audio", "camera"] });
				const { webSocket } = await enterRoom(env, request, grant);
				if (!webSocket) throw new SwitchyardError("internal");
				return { room: webSocket, leaves: (next) => isLeaving(next, ids) };
			} catch (error) {
				refuse(socket, SwitchyardError.from(error));
				return undefined;
			}
		},
	};
}

function joinIn(frame: Frame) {
	const read = readFrame(textOf(frame));
	if (read.event !== "joinRoom") throw new SwitchyardError("not_joined", "join a room first");
	return read;
}

function refuse(socket: WebSocket, error: SwitchyardError): void {
	if (error.code === "internal") console.error({ event: "connect failed", error: String(error.cause ?? error) });
	if (socket.readyState === WebSocket.OPEN) socket.send(errorFrame(error.message));
	if (error.code === "origin_not_allowed") closeSocket(socket, CLOSE.unauthorized);
}

/** Looked for in the few frames that can be one; what is refused is so by the room. */
function isLeaving(frame: Frame, ids: Ids): boolean {
	const text = textOf(frame);
	if (!text.includes("leaveRoom")) return false;
	try {
		const read = readFrame(text);
		return read.event === "leaveRoom" && speaksFor(ids, read.data);
	} catch {
		return false;
	}
}
