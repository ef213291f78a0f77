/** Sockets of Odoo SFU clients: at `/odoo/{uuid}` handed to the room, elsewhere spliced to it when the first frame names it. */
import type { Context } from "hono";
import { CLOSE } from "../../../shared/close-codes.ts";
import { ODOO_CLOSE } from "../../../shared/odoo.ts";
import { Rights } from "../../../shared/tokens.ts";
import { encodeBase64url } from "../../auth/base64.ts";
import { peekClaims } from "../../auth/lenient-jwt.ts";
import { readCredentials } from "../../dialects/odoo/credentials.ts";
import { DIALECT } from "../../dialects/odoo/session.ts";
import type { Env } from "../../env.ts";
import { GRANT_HEADER, type Grant } from "../../room/rpc.ts";
import { limitsOf } from "../limits.ts";
import { placeOf } from "../sockets/place.ts";
import { withGrant } from "../sockets/upgrade.ts";
import { callerOrigin } from "./caller.ts";
import { isOurs } from "./uuid.ts";

export function wantsSocket(request: Request): boolean {
	return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

export async function connectChannel(c: Context<{ Bindings: Env }>): Promise<Response> {
	const uuid = c.req.param("channel") ?? "";
	// What it sends first decides how it is refused, as if there were a channel without members.
	if (!(await isOurs(c.env, uuid))) return connectAnywhere(c);
	return enter(c.env, c.req.raw, uuid);
}

/** The room is in the first frame. */
export function connectAnywhere(c: Context<{ Bindings: Env }>): Response {
	const { 0: client, 1: server } = new WebSocketPair();
	server.binaryType = "arraybuffer";
	server.accept();
	const { env } = c;
	const request = c.req.raw;
	const timer = setTimeout(() => close(server, ODOO_CLOSE.timeout), limitsOf(env).joinTimeoutMs);
	server.addEventListener("close", () => clearTimeout(timer), { once: true });
	const first = (event: MessageEvent) => {
		clearTimeout(timer);
		splice(env, request, server, event.data as string | ArrayBuffer).catch((error: unknown) => {
			console.error({ event: "connect failed", error: String(error) });
			close(server, CLOSE.internal);
		});
	};
	server.addEventListener("message", first, { once: true });
	return new Response(null, { status: 101, webSocket: client });
}

async function splice(env: Env, request: Request, socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
	// Whatever comes before the room is there waits.
	const frames: (string | ArrayBuffer)[] = [data];
	const keep = (event: MessageEvent) => frames.push(event.data as string | ArrayBuffer);
	socket.addEventListener("message", keep);
	const text = typeof data === "string" ? data : new TextDecoder().decode(data);
	const read = readCredentials(text);
	if (!read) return close(socket, CLOSE.internal);
	const uuid = await channelNamed(env, read.credentials);
	if (uuid === undefined) return close(socket, ODOO_CLOSE.authenticationFailed);
	const room = (await enter(env, request, uuid)).webSocket;
	if (!room) return close(socket, CLOSE.internal);
	room.binaryType = "arraybuffer";
	room.accept();
	socket.removeEventListener("message", keep);
	for (const frame of frames) room.send(frame);
	join(socket, room);
	join(room, socket);
}

/** Unverified: only chooses the room, which verifies it. */
async function channelNamed(
	env: Env,
	credentials: { jwt: string; channelUUID?: string | null } | undefined,
): Promise<string | undefined> {
	if (!credentials) return undefined;
	const named = credentials.channelUUID || peekClaims(credentials.jwt)?.sfu_channel_uuid;
	return typeof named === "string" && (await isOurs(env, named)) ? named : undefined;
}

function enter(env: Env, request: Request, uuid: string): Promise<Response> {
	const grant: Grant = {
		kind: "client",
		room: uuid,
		dialect: DIALECT,
		claims: { sub: "", room: uuid, exp: 0, rights: Rights.parse({ publish: ["audio", "camera", "screen"] }) },
		session: encodeBase64url(crypto.getRandomValues(new Uint8Array(16))),
		sessionToken: "",
		returning: false,
		origin: callerOrigin(env, request),
		place: placeOf(request),
	};
	return env.ROOM.getByName(uuid).fetch(withGrant(request, GRANT_HEADER, grant));
}

function join(from: WebSocket, to: WebSocket): void {
	from.addEventListener("message", ({ data }) => {
		if (to.readyState === WebSocket.OPEN) to.send(data as string | ArrayBuffer);
	});
	from.addEventListener("close", ({ code }) => {
		close(to, code === 1005 ? CLOSE.normal : code);
		close(from, code);
	});
	from.addEventListener("error", () => close(to, CLOSE.internal));
}

/** Codes that must not be on the wire (RFC 6455 section 7.4.1) are a lost connection. */
function close(socket: WebSocket, code: number): void {
	try {
		socket.close(code === 1005 || code === 1006 || code === 1015 ? CLOSE.internal : code);
	} catch {
		// Closed already.
	}
}
