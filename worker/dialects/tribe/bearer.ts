/** Whose a client's bearer is: a JWT of the deployment's secret, in its claim `userId`. */
import * as z from "zod";
import { ForeignAudience } from "../../../shared/tokens.ts";
import { decodeBase64 } from "../../auth/base64.ts";
import { verifyLenient } from "../../auth/lenient-jwt.ts";
import type { Env } from "../../env.ts";
import { Refusal } from "./errors.ts";

export interface User {
	userId: string;
	/** When the token was made, seconds. */
	iat?: number;
}

const Claims = z.object({
	userId: z.union([z.string().min(1).max(128), z.number().transform(String)]),
	iat: z.number().optional().catch(undefined),
	/** A token that says where it belongs is good there only. */
	roomId: z.string().optional(),
	/** Those of this service's other tokens are not for here. */
	aud: ForeignAudience,
});

/** As bytes HS256 keys of less than this cannot be the base64 of one. */
const MIN_KEY_BYTES = 32;

export async function userOf(env: Env, bearer: string, roomId?: string): Promise<User> {
	for (const key of await keysFor(env)) {
		const verified = await verifyLenient(bearer, key).catch(() => undefined);
		const claims = Claims.safeParse(verified);
		if (!claims.success) continue;
		const { userId, iat, roomId: named } = claims.data;
		if (roomId === undefined || named === undefined || named === roomId) return { userId, iat };
	}
	throw new Refusal("authFailed");
}

/** The secret's text, as the original takes it; and what it is the base64 of, as this service's keys are written. */
async function keysFor(env: Env): Promise<CryptoKey[]> {
	const secret = env.TRIBE_SECRET || env.AUTH_KEY;
	if (!secret) throw new Refusal("system");
	const decoded = decode(secret);
	const secrets = decoded ? [decoded, new TextEncoder().encode(secret)] : [new TextEncoder().encode(secret)];
	const format = { name: "HMAC", hash: "SHA-256" };
	return Promise.all(secrets.map((bytes) => crypto.subtle.importKey("raw", bytes, format, false, ["verify"])));
}

function decode(secret: string): Uint8Array<ArrayBuffer> | undefined {
	try {
		const bytes = decodeBase64(secret);
		return bytes.length >= MIN_KEY_BYTES ? bytes : undefined;
	} catch {
		return undefined;
	}
}
