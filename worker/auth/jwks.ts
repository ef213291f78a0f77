/** The public keys that nodes check their assignments with (RFC 7517 section 5). */
import type { JWK } from "jose";
import { type KeyVariables, keysOf } from "./keys.ts";

/** Seconds a node may keep the set; a new key is published at least this long before it signs. */
export const JWKS_MAX_AGE_S = 300;

export async function jwks(env: KeyVariables): Promise<{ keys: JWK[] }> {
	const keys = await keysOf(env);
	return { keys: keys.assignment.map((key) => key.publicJwk) };
}
