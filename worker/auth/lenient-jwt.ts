/**
 * JWTs as the Odoo SFU reads them: HS256 only, each part in either base64 alphabet, padded or not. Whatever is outside
 * both alphabets is skipped, since keys are the text of a UUID there and tokens may be broken over lines.
 */

/** Tokens may be issued by a clock that is ahead by this much, seconds. */
const AHEAD_S = 60;
/** Beyond what any caller sends. */
const MAX_LENGTH = 65_536;

export type Claims = Record<string, unknown>;

/** A last character that makes no byte is dropped. */
export function decodeLenient(text: string): Uint8Array<ArrayBuffer> {
	const standard = text
		.replaceAll("-", "+")
		.replaceAll("_", "/")
		.replace(/[^A-Za-z0-9+/]/g, "");
	const whole = standard.length % 4 === 1 ? standard.slice(0, -1) : standard;
	return Uint8Array.from(atob(whole), (c) => c.charCodeAt(0));
}

export function lenientKey(text: string): Promise<CryptoKey> {
	const format = { name: "HMAC", hash: "SHA-256" };
	return crypto.subtle.importKey("raw", decodeLenient(text), format, false, ["verify"]);
}

/** Throws when the token does not hold now. */
export async function verifyLenient(token: string, key: CryptoKey): Promise<Claims> {
	if (token.length > MAX_LENGTH) throw new Error("token too long");
	const [header = "", payload = "", signature = "", ...more] = token.split(".");
	if (!header || !payload || more.length > 0) throw new Error("not a compact JWT");
	if (claimsIn(header).alg !== "HS256") throw new Error("algorithm not allowed");
	const signed = new TextEncoder().encode(`${header}.${payload}`);
	if (!(await crypto.subtle.verify("HMAC", key, decodeLenient(signature), signed))) throw new Error("bad signature");
	const claims = claimsIn(payload);
	checkTimes(claims);
	return claims;
}

/** Unverified: only chooses where the token is verified. */
export function peekClaims(token: string): Claims | undefined {
	try {
		return claimsIn(token.split(".")[1] ?? "");
	} catch {
		return undefined;
	}
}

function claimsIn(part: string): Claims {
	const value: unknown = JSON.parse(new TextDecoder().decode(decodeLenient(part)));
	if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("not an object");
	return value as Claims;
}

/** Whole seconds, no leeway. Absent or 0 is no limit. */
function checkTimes({ exp, nbf, iat }: Claims): void {
	const now = Math.floor(Date.now() / 1000);
	if (time(exp, Number.POSITIVE_INFINITY) < now) throw new Error("expired");
	if (time(nbf, 0) > now) throw new Error("not valid yet");
	if (time(iat, 0) > now + AHEAD_S) throw new Error("issued in the future");
}

function time(claim: unknown, none: number): number {
	if (claim === undefined || claim === null || claim === 0) return none;
	if (typeof claim !== "number") throw new Error("a time is a number");
	return claim;
}
