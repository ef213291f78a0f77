/** Who may use the REST API: a holder of an API key, who shows it or signs a short-lived token with it. */
import { SwitchyardError } from "../../shared/errors.ts";
import { AUDIENCE, type ParticipantClaims } from "../../shared/tokens.ts";
import { decodeBase64 } from "./base64.ts";
import { type KeyVariables, keysOf } from "./keys.ts";
import { audienceOf, verifyAnyClientToken, verifyApiToken, verifyClientToken } from "./tokens.ts";

/** Throws `unauthorized`. */
export async function requireApiAccess(env: KeyVariables, authorization: string | undefined): Promise<void> {
	const secret = bearerOf(authorization);
	// A JWT has dots (RFC 7515 section 7.1); base64 of either alphabet has none.
	if (secret.includes(".")) await verifyApiToken(env, secret);
	else await requireSecret(env, secret);
}

/** Claims to be an API key, or a token for the API: what else it may be is checked as that. */
export function isApiCredential(authorization: string | undefined): boolean {
	const secret = bearerOf(authorization);
	return !secret.includes(".") || audienceOf(secret) === AUDIENCE.api;
}

/** A participant or one that comes back, of any room. Throws `unauthorized`. */
export async function requireClient(env: KeyVariables, authorization: string | undefined): Promise<ParticipantClaims> {
	return (await verifyAnyClientToken(env, bearerOf(authorization))).claims;
}

/** Back ends; and, of their own room, participants with the right to record. Throws `unauthorized` or `forbidden`. */
export async function requireRecorder(
	env: KeyVariables,
	authorization: string | undefined,
	room: string,
): Promise<void> {
	if (isApiCredential(authorization)) return requireApiAccess(env, authorization);
	const { claims } = await verifyClientToken(env, bearerOf(authorization), room);
	const { record, moderate } = claims.rights;
	if (!record && !moderate) throw new SwitchyardError("forbidden", "needs the right to record");
}

/** RFC 6750 section 2.1; the scheme's case does not matter (RFC 9110 section 11.1). */
export function bearerOf(authorization: string | null | undefined): string {
	const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
	if (!token) throw new SwitchyardError("unauthorized", "no token: send Authorization: Bearer …");
	return token;
}

/** Every key is compared in full, and digests are, so the time taken tells nothing about any key. */
async function requireSecret(env: KeyVariables, secret: string): Promise<void> {
	const keys = await keysOf(env);
	const presented = new Uint8Array(await crypto.subtle.digest("SHA-256", secretOf(secret)));
	let matches = 0;
	for (const { digest } of keys.api.values()) {
		let difference = 0;
		for (let i = 0; i < digest.length; i++) difference |= (digest[i] ?? 0) ^ (presented[i] ?? 0);
		if (difference === 0) matches++;
	}
	if (matches === 0) throw new SwitchyardError("unauthorized", "unknown API key");
}

function secretOf(text: string): Uint8Array<ArrayBuffer> {
	try {
		return decodeBase64(text);
	} catch {
		throw new SwitchyardError("unauthorized", "unknown API key");
	}
}
