/** The first frame of a socket: who it is, if its token holds for this channel. */
import { ParticipantId } from "../../../shared/ids.ts";
import { Credentials, SessionRef } from "../../../shared/odoo.ts";
import { keysOf } from "../../auth/keys.ts";
import { lenientKey, verifyLenient } from "../../auth/lenient-jwt.ts";
import type { Env } from "../../env.ts";
import type { Channel } from "./channel.ts";
import { idOf } from "./ids.ts";

/** Undefined: the frame is not JSON, or JSON `null`, which is another fault than a wrong token. */
export function readCredentials(frame: string): { credentials?: Credentials } | undefined {
	try {
		const value: unknown = JSON.parse(frame);
		return value === null ? undefined : { credentials: Credentials.safeParse(value).data };
	} catch {
		return undefined;
	}
}

export interface Proven {
	id: string;
	/** Seconds. */
	iat?: number;
}

/** Who a token is for, and when it was made. Throws when it does not let its holder into this channel. */
export async function authenticate(
	env: Env,
	{ jwt, channelUUID }: Credentials,
	uuid: string,
	{ key }: Channel,
): Promise<Proven> {
	// A channel with a key of its own cannot be entered by naming it in a token: that is the older form.
	if (!channelUUID && key) throw new Error("the channel must be named");
	if (channelUUID && channelUUID !== uuid) throw new Error("another channel");
	const claims = await verifyLenient(jwt, key ? await lenientKey(key) : await globalKey(env));
	const { sfu_channel_uuid: named, session_id: session } = claims;
	if (!channelUUID && named !== uuid) throw new Error("another channel");
	// A token that says where it belongs is good there only.
	if (named !== undefined && named !== uuid) throw new Error("a token of another channel");
	if (!session) throw new Error("no session");
	const { iat } = claims;
	return { id: ParticipantId.parse(idOf(SessionRef.parse(session))), iat: typeof iat === "number" ? iat : undefined };
}

export async function globalKey(env: Env): Promise<CryptoKey> {
	const key = (await keysOf(env)).api.get("default")?.key;
	if (!key) throw new Error("no key");
	return key;
}
