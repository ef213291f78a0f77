/** `/api`: sockets of tribe clients, which say in a frame who they are and where they belong. */
import type { Context } from "hono";
import { CLOSE } from "../../../shared/close-codes.ts";
import { SwitchyardError } from "../../../shared/errors.ts";
import { Rights } from "../../../shared/tokens.ts";
import { originAllowed } from "../../auth/origin.ts";
import { userOf } from "../../dialects/tribe/bearer.ts";
import { codeOf, Refusal } from "../../dialects/tribe/errors.ts";
import { failure } from "../../dialects/tribe/frames.ts";
import { markIn, newSocketId } from "../../dialects/tribe/names.ts";
import { readAction, readRequest } from "../../dialects/tribe/reading.ts";
import { DIALECT } from "../../dialects/tribe/session.ts";
import { findMarked } from "../../directory/listing.ts";
import type { Env } from "../../env.ts";
import type { Grant } from "../../room/rpc.ts";
import { byteLength } from "../../room/sizes.ts";
import { limitsOf } from "../limits.ts";
import { callerOrigin, remoteAddress } from "../odoo/caller.ts";
import { enterRoom, roomNamed } from "../sockets/open-grant.ts";
import { placeOf } from "../sockets/place.ts";
import { acceptSocket, closeSocket, noHeartbeat, type Reader, textOf } from "../sockets/splice.ts";
import { requireUpgrade } from "../sockets/upgrade.ts";

/** A client may open its socket long before its user enters a room, ms. */
const PATIENCE_MS = 60_000;
const RIGHTS = Rights.parse({ publish: ["audio", "camera", "screen", "screenAudio"] });

export function connectTribe(c: Context<{ Bindings: Env }>): Response {
	const request = c.req.raw;
	requireUpgrade(request);
	if (!originAllowed(c.env, request.url, request.headers.get("origin")))
		throw new SwitchyardError("origin_not_allowed");
	return acceptSocket(tribeReader(c.env, request));
}

function tribeReader(env: Env, request: Request): Reader {
	const { maxMessageBytes } = limitsOf(env);
	return {
		patienceMs: PATIENCE_MS,
		lateCode: CLOSE.joinTimeout,
		async read(socket, frame) {
			const text = textOf(frame);
			if (byteLength(text, maxMessageBytes) > maxMessageBytes) {
				closeSocket(socket, CLOSE.tooLarge);
				return undefined;
			}
			let action = "general";
			try {
				const { a, d } = readRequest(text);
				action = a;
				const { webSocket: room } = await enterRoom(env, request, await grantFor(env, request, a, d));
				if (!room) throw new Error("the room took no socket");
				// Refused there, it may ask for another.
				return { room, leaves: () => false, as: noHeartbeat };
			} catch (error) {
				const code = codeOf(error);
				if (!(error instanceof Refusal)) console.error({ event: "tribe client refused", error: String(error) });
				socket.send(failure(action, code));
				return undefined;
			}
		},
	};
}

async function grantFor(env: Env, request: Request, action: string, data: unknown): Promise<Grant> {
	if (action === "join") {
		const { roomId, bearer } = readAction("join", data);
		const { userId, iat } = await userOf(env, bearer, roomId);
		const room = await roomNamed(roomId);
		return makeGrant(env, request, room, { sub: newSocketId(room), name: userId, iat }, false);
	}
	if (action === "reconnect") {
		const { socketId, bearer } = readAction("reconnect", data);
		const needed = env.TRIBE_RECONNECT_BEARER === "true";
		const user = needed || bearer ? await userOf(env, bearer ?? "") : undefined;
		const mark = markIn(socketId);
		const room = mark && (await findMarked(env, mark));
		if (!room) throw new Refusal("socketGone");
		return makeGrant(env, request, room, { sub: socketId, name: user?.userId }, true);
	}
	throw new Refusal("notAuthenticated");
}

function makeGrant(
	env: Env,
	request: Request,
	room: string,
	who: { sub: string; name?: string; iat?: number },
	returning: boolean,
): Grant {
	const address = remoteAddress(env, request);
	return {
		...{ kind: "client", room, dialect: DIALECT },
		claims: { ...who, room, exp: 0, rights: RIGHTS },
		// Back ends know a join by its session, and this protocol's by its socketId.
		session: who.sub,
		...{ sessionToken: "", returning },
		origin: callerOrigin(env, request),
		place: placeOf(request),
		address: address === "unknown" ? undefined : address,
	};
}
