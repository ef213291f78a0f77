/** Sockets of people in interactions: the first frame says which, and the rest goes to its room. */

import { CLOSE } from "../../../shared/close-codes.ts";
import { FIRST_MESSAGE_MS, type JoinError, type JoinOptions } from "../../../shared/ducksoup.ts";
import type { IceServer } from "../../../shared/ice.ts";
import { eventFrame, readFrame, readJoin } from "../../dialects/ducksoup/frames.ts";
import { DIALECT } from "../../dialects/ducksoup/interaction.ts";
import { logServer } from "../../dialects/ducksoup/log.ts";
import type { Env } from "../../env.ts";
import { type IceClient, iceServersFor, knownIceServers } from "../../ice/ice-servers.ts";
import { enterRoom, openGrant } from "../sockets/open-grant.ts";
import { placeOf } from "../sockets/place.ts";
import { acceptSocket, closeSocket, noHeartbeat, type Reader, textOf } from "../sockets/splice.ts";
import { roomOf, stunUrls } from "./settings.ts";

/** For TURN servers that have to be asked for; then without, ms. */
const ICE_MS = 1_500;
const MOST_JOIN = 65_536;
/** Kinds that a player does not know are passed over. A proxy's time-out is often a minute. */
const KEEP_ALIVE = { frame: JSON.stringify({ kind: "ping", payload: null }), everyMs: 25_000 };

/** `page`: the origin of the page that opens it, which is allowed. */
export function connectPerson(env: Env, request: Request, page: string): Response {
	const href = new URL(request.url).search.replace(/^.*?href=/, "").slice(0, 2_048);
	logServer(env, "info", "peer", "websocket_upgraded", { origin: page, href });
	return acceptSocket(personReader(env, request, page));
}

function personReader(env: Env, request: Request, page: string): Reader {
	return {
		patienceMs: FIRST_MESSAGE_MS,
		lateCode: CLOSE.normal,
		late: () => logServer(env, "error", "signaling", "join_payload_too_late", { origin: page }),
		keepAlive: KEEP_ALIVE,
		async read(socket, frame) {
			const refuse = (kind: JoinError, message: string, error: unknown) => {
				logServer(env, "error", "signaling", message, { origin: page, cause: kind, error: String(error) });
				if (socket.readyState === WebSocket.OPEN) socket.send(eventFrame(kind, null));
				closeSocket(socket, CLOSE.normal);
				return undefined;
			};
			let join: JoinOptions;
			try {
				const text = textOf(frame);
				if (text.length > MOST_JOIN) throw new Error("too large");
				join = readJoin(readFrame(text));
			} catch (error) {
				return refuse("error-join", "join_payload_corrupted", error);
			}
			try {
				const { userId, namespace, interactionName } = join;
				const room = await roomOf(page, { namespace, name: interactionName });
				const rights = { publish: ["audio" as const, "camera" as const] };
				const named = openGrant(env, request, { dialect: DIALECT, identity: userId, room, rights });
				const iceServers = await iceFor(env, { who: [room, userId], place: placeOf(request) });
				const grant = { ...named, page, ice: { iceServers, complete: true, stale: false } };
				const { webSocket } = await enterRoom(env, request, grant);
				if (!webSocket) throw new Error("the room took no socket");
				return { room: webSocket, as: noHeartbeat };
			} catch (error) {
				// Not what it said, but what became of it here.
				return refuse("error-peer-connection", "join_failed", error);
			}
		},
	};
}

/** Told once, before there is a connection: so those are waited for that have to be asked for. */
async function iceFor(env: Env, client: IceClient): Promise<IceServer[]> {
	const stun = stunUrls(env);
	const own = stun.length > 0 ? [{ urls: stun }] : [];
	const known = await knownIceServers(env, client);
	if (known.complete) return [...own, ...known.iceServers];
	const late = new Promise<typeof known>((resolve) => setTimeout(() => resolve(known), ICE_MS));
	const { iceServers } = await Promise.race([iceServersFor(env, client), late]);
	return [...own, ...iceServers];
}
