/** Time-limited TURN credentials: draft-uberti-behave-turn-rest-00 section 2.2, coturn's `use-auth-secret`. */
import { type KeyVariables, keysOf } from "../auth/keys.ts";

export interface TurnCredential {
	username: string;
	credential: string;
}

const encoder = new TextEncoder();

/** `user` is who the TURN server counts allocations of; `expiresAt` is in seconds since 1970. */
export async function turnCredential(secret: string, user: string, expiresAt: number): Promise<TurnCredential> {
	const username = `${expiresAt}:${user}`;
	const hmac = { name: "HMAC", hash: "SHA-1" };
	const key = await crypto.subtle.importKey("raw", encoder.encode(secret), hmac, false, ["sign"]);
	const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(username));
	return { username, credential: btoa(String.fromCharCode(...new Uint8Array(signature))) };
}

/**
 * The secret of a node's own TURN server. Derived, so that it need not be kept or sent about: the node is told when it
 * registers, and whoever makes credentials knows it by the node's id.
 */
export function turnSecretOf(env: KeyVariables, node: string): Promise<string> {
	return derive(env, ["node", node]);
}

/** Names somebody to a TURN server, the same each time: it reads usernames, and so does everybody on the way to it. */
export async function turnUserOf(env: KeyVariables, ...who: string[]): Promise<string> {
	return (await derive(env, ["user", ...who])).slice(0, 16);
}

async function derive(env: KeyVariables, what: string[]): Promise<string> {
	const { turn } = await keysOf(env);
	const bytes = new Uint8Array(await crypto.subtle.sign("HMAC", turn, encoder.encode(JSON.stringify(what))));
	return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
