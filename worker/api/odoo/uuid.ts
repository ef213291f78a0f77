/**
 * A channel's id is made of who asked and for what, so that whoever asks again gets the same channel and there is no
 * index to keep. Its last part is a mark of this edge: an id that it never made is refused without waking an object.
 */
import { keysOf } from "../../auth/keys.ts";
import type { Env } from "../../env.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const NAMED_BYTES = 10;
const MARK_BYTES = 6;

export async function channelUuid(env: Env, remoteAddress: string, issuer: string): Promise<string> {
	const named = await hmac(env, `${remoteAddress}\0${issuer}`, NAMED_BYTES);
	// RFC 9562 section 5.4: version and variant of a random one.
	named[6] = ((named[6] ?? 0) & 0x0f) | 0x40;
	named[8] = ((named[8] ?? 0) & 0x3f) | 0x80;
	const text = hex(named);
	return dashed(text + (await mark(env, text)));
}

export function looksLikeChannel(name: string): boolean {
	return UUID.test(name);
}

export async function isOurs(env: Env, uuid: string): Promise<boolean> {
	if (!looksLikeChannel(uuid)) return false;
	const text = uuid.replaceAll("-", "");
	return text.slice(2 * NAMED_BYTES) === (await mark(env, text.slice(0, 2 * NAMED_BYTES)));
}

async function mark(env: Env, named: string): Promise<string> {
	return hex(await hmac(env, `mark ${named}`, MARK_BYTES));
}

async function hmac(env: Env, text: string, bytes: number): Promise<Uint8Array> {
	const { channel } = await keysOf(env);
	return new Uint8Array(await crypto.subtle.sign("HMAC", channel, new TextEncoder().encode(text)), 0, bytes).slice();
}

function hex(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function dashed(text: string): string {
	return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
