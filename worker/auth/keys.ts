/**
 * Every key of the edge, from its variables. One `AUTH_KEY` is enough: a key per purpose is derived from it, so that
 * a token of one kind cannot even be checked as one of another.
 *
 * Runs in workerd and in Node alike (Web Crypto and jose only): set-up scripts mint node tokens with it.
 */
import { type CryptoKey, calculateJwkThumbprint, type JWK_OKP_Public } from "jose";
import { decodeBase64 } from "./base64.ts";

/** The variables that keys are made from; `Env` has them. */
export interface KeyVariables {
	readonly AUTH_KEY?: string;
	readonly API_KEYS?: string;
	readonly ASSIGNMENT_KEYS?: string;
}

/** The id of `AUTH_KEY` among the API keys. */
export const DEFAULT_KEY_ID = "default";

export interface ApiKey {
	readonly id: string;
	/** HS256. */
	readonly key: CryptoKey;
	/** SHA-256 of the secret's bytes: what a presented secret is compared with. */
	readonly digest: Uint8Array;
}

export interface AssignmentKey {
	/** RFC 7638 thumbprint. */
	readonly kid: string;
	readonly privateKey: CryptoKey;
	readonly publicKey: CryptoKey;
	readonly publicJwk: JWK_OKP_Public;
}

export interface Keys {
	/** By id; `default` is `AUTH_KEY`. */
	readonly api: ReadonlyMap<string, ApiKey>;
	readonly node: CryptoKey;
	readonly link: CryptoKey;
	readonly session: CryptoKey;
	/** Names rooms after who asked for them. */
	readonly channel: CryptoKey;
	/** Secrets of the nodes' TURN servers, and names for their users. */
	readonly turn: CryptoKey;
	/** The first signs; all are published and accepted. */
	readonly assignment: readonly [AssignmentKey, ...AssignmentKey[]];
}

/** The operator's mistake, not the caller's: it is logged, and callers only see `internal`. */
export class ConfigurationError extends Error {
	override readonly name = "ConfigurationError";
}

const MIN_KEY_BYTES = 32;
const SEED_BYTES = 32;
/** RFC 8410 section 7: a PKCS #8 Ed25519 private key up to its 32 bytes of seed. */
const PKCS8_ED25519 = Uint8Array.from([
	0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);

/**
 * Per isolate. Holds what was made and not the promise of it: in workerd a promise belongs to the request that began
 * it, and would hang for the others if that request were cancelled.
 */
let cached: { source: string; keys: Keys } | undefined;

export async function keysOf(variables: KeyVariables): Promise<Keys> {
	const source = JSON.stringify([variables.AUTH_KEY, variables.API_KEYS, variables.ASSIGNMENT_KEYS]);
	if (cached?.source === source) return cached.keys;
	const keys = await makeKeys(variables);
	cached = { source, keys };
	return keys;
}

async function makeKeys(variables: KeyVariables): Promise<Keys> {
	const authKey = secretBytes("AUTH_KEY", variables.AUTH_KEY);
	const master = await crypto.subtle.importKey("raw", authKey, "HKDF", false, ["deriveBits"]);
	const [api, node, link, session, channel, turn, assignment] = await Promise.all([
		apiKeys(authKey, variables.API_KEYS),
		derive(master, "switchyard node").then(hmacKey),
		derive(master, "switchyard link").then(hmacKey),
		derive(master, "switchyard session").then(hmacKey),
		derive(master, "switchyard channel").then(hmacKey),
		derive(master, "switchyard turn").then(hmacKey),
		assignmentKeys(master, variables.ASSIGNMENT_KEYS),
	]);
	return { api, node, link, session, channel, turn, assignment };
}

/** HKDF-SHA256 (RFC 5869) without salt, which section 3.1 allows for input that is uniformly random already. */
async function derive(master: CryptoKey, info: string): Promise<Uint8Array<ArrayBuffer>> {
	const bits = await crypto.subtle.deriveBits(
		{ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new TextEncoder().encode(info) },
		master,
		256,
	);
	return new Uint8Array(bits);
}

function hmacKey(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
	return crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

async function apiKeys(authKey: Uint8Array<ArrayBuffer>, json: string | undefined): Promise<Map<string, ApiKey>> {
	const secrets = new Map([[DEFAULT_KEY_ID, authKey]]);
	for (const [id, text] of Object.entries(parseApiKeys(json))) {
		if (secrets.has(id)) throw new ConfigurationError(`API_KEYS: "${id}" is the id of AUTH_KEY`);
		secrets.set(id, secretBytes(`API_KEYS.${id}`, text));
	}
	const keys = await Promise.all(
		[...secrets].map(async ([id, secret]): Promise<[string, ApiKey]> => {
			const [key, digest] = await Promise.all([hmacKey(secret), crypto.subtle.digest("SHA-256", secret)]);
			return [id, { id, key, digest: new Uint8Array(digest) }];
		}),
	);
	return new Map(keys);
}

function parseApiKeys(json: string | undefined): Record<string, unknown> {
	if (!json) return {};
	let value: unknown;
	try {
		value = JSON.parse(json);
	} catch {
		throw new ConfigurationError("API_KEYS is not JSON");
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new ConfigurationError("API_KEYS must be a JSON object of id → base64");
	}
	return { ...value };
}

function secretBytes(name: string, text: unknown): Uint8Array<ArrayBuffer> {
	if (typeof text !== "string" || text === "") throw new ConfigurationError(`${name} is not set`);
	const bytes = base64(name, text);
	if (bytes.length < MIN_KEY_BYTES) {
		throw new ConfigurationError(`${name} has ${bytes.length} bytes; HS256 needs at least ${MIN_KEY_BYTES}`);
	}
	return bytes;
}

function base64(name: string, text: string): Uint8Array<ArrayBuffer> {
	try {
		return decodeBase64(text);
	} catch {
		throw new ConfigurationError(`${name} is not base64`);
	}
}

async function assignmentKeys(master: CryptoKey, list: string | undefined): Promise<Keys["assignment"]> {
	const given = (list ?? "").split(",").filter((text) => text.trim() !== "");
	const seeds = given.length
		? given.map((text) => base64("ASSIGNMENT_KEYS", text))
		: [await derive(master, "switchyard assignment")];
	const [first, ...rest] = await Promise.all(seeds.map(assignmentKey));
	if (!first) throw new ConfigurationError("ASSIGNMENT_KEYS is empty");
	return [first, ...rest];
}

async function assignmentKey(seed: Uint8Array<ArrayBuffer>): Promise<AssignmentKey> {
	if (seed.length !== SEED_BYTES) {
		throw new ConfigurationError(`ASSIGNMENT_KEYS has a seed of ${seed.length} bytes; Ed25519 needs ${SEED_BYTES}`);
	}
	const der = new Uint8Array(PKCS8_ED25519.length + SEED_BYTES);
	der.set(PKCS8_ED25519);
	der.set(seed, PKCS8_ED25519.length);
	// Extractable, since Web Crypto has no other way from a private key to its public one.
	const privateKey = await crypto.subtle.importKey("pkcs8", der, "Ed25519", true, ["sign"]);
	const exported = await crypto.subtle.exportKey("jwk", privateKey);
	// The export has the private part `d` too: only these members are the public key (RFC 8037 section 2).
	const bare = { kty: "OKP" as const, crv: "Ed25519", x: (exported as { x: string }).x };
	const [kid, publicKey] = await Promise.all([
		calculateJwkThumbprint(bare),
		crypto.subtle.importKey("jwk", bare, "Ed25519", true, ["verify"]),
	]);
	return { kid, privateKey, publicKey, publicJwk: { ...bare, kid, alg: "EdDSA", use: "sig" } };
}
