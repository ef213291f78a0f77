/** Sockets of Odoo SFU clients: at `/odoo/{uuid}` handed to the room, elsewhere read until the first frame names it. */
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
import { acceptSocket, closeSocket, type Reader, textOf } from "../sockets/splice.ts";
import { withGrant } from "../sockets/upgrade.ts";
import { callerOrigin } from "./caller.ts";
import { isOurs } from "./uuid.ts";

export async function connectChannel(c: Context<{ Bindings: Env }>): Promise<Response> {
	const uuid = c.req.param("channel") ?? "";
	// What it sends first decides how it is refused, as if there were a channel without members.
	if (!(await isOurs(c.env, uuid))) return acceptSocket(odooReader(c.env, c.req.raw));
	return enter(c.env, c.req.raw, uuid);
}

/** Reads a client whose first frame names the channel. */
export function odooReader(env: Env, request: Request): Reader {
	return {
		patienceMs: limitsOf(env).joinTimeoutMs,
		lateCode: ODOO_CLOSE.timeout,
		async read(socket, frame) {
			const refused = (code: number) => closeSocket(socket, code);
			const read = readCredentials(textOf(frame));
			if (!read) return void refused(CLOSE.internal);
			const uuid = await channelNamed(env, read.credentials);
			if (uuid === undefined) return void refused(ODOO_CLOSE.authenticationFailed);
			const room = (await enter(env, request, uuid)).webSocket;
			if (!room) return void refused(CLOSE.internal);
			return { room };
		},
	};
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
