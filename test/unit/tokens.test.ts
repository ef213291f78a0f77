import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { AUDIENCE, Rights } from "../../shared/tokens.ts";
import { requireApiAccess } from "../../worker/auth/api.ts";
import { decodeBase64, encodeBase64url } from "../../worker/auth/base64.ts";
import { jwks } from "../../worker/auth/jwks.ts";
import { keysOf } from "../../worker/auth/keys.ts";
import {
	mintAssignment,
	mintLinkToken,
	mintNodeToken,
	mintParticipantToken,
	mintSessionToken,
	secondsNow,
	verifyClientToken,
	verifyNodeToken,
	verifyRoomLink,
} from "../../worker/auth/tokens.ts";

const secret = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 249);
const other = Uint8Array.from({ length: 32 }, (_, i) => 200 - i);
const base64 = btoa(String.fromCharCode(...secret));
const env = { AUTH_KEY: base64, API_KEYS: JSON.stringify({ acme: btoa(String.fromCharCode(...other)) }) };
const rights = Rights.parse({});
const alice = { room: "r", identity: "alice", rights, ttl: 60 };
const assignment = { node: "n1", room: "r", epoch: 3, jti: "0123456789abcdef", edge: "https://edge.test" };

/** A participant token as a back end makes it, wrong in what is given. */
async function foreign(
	claims: Record<string, unknown> = {},
	key: Uint8Array = secret,
	header: Record<string, unknown> = {},
): Promise<string> {
	const now = secondsNow();
	const good = { aud: AUDIENCE.participant, sub: "alice", room: "r", iat: now, exp: now + 60 };
	return new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg: "HS256", ...header }).sign(key);
}

const refused = (message: string) => expect.objectContaining({ code: "unauthorized", message });

describe("a participant token", () => {
	it("lets its identity in, with its rights", async () => {
		const { token, expiresAt } = await mintParticipantToken(env, { ...alice, name: "Alice", metadata: { team: 1 } });
		const { claims, session } = await verifyClientToken(env, token, "r");
		expect(claims).toMatchObject({ sub: "alice", room: "r", name: "Alice", metadata: { team: 1 }, rights });
		expect(claims.exp * 1000).toBe(expiresAt);
		expect(session).toBeUndefined();
	});

	it("made by a back end may leave rights to their defaults, and the key id to `default`", async () => {
		const { claims } = await verifyClientToken(env, await foreign(), "r");
		expect(claims.rights).toEqual(rights);
	});

	it("is checked with the API key that its kid names", async () => {
		await expect(verifyClientToken(env, await foreign({}, other, { kid: "acme" }), "r")).resolves.toBeDefined();
		await expect(verifyClientToken(env, await foreign({}, secret, { kid: "acme" }), "r")).rejects.toEqual(
			refused("bad signature"),
		);
		await expect(verifyClientToken(env, await foreign({}, other), "r")).rejects.toEqual(refused("bad signature"));
	});

	it.each<[string, string, () => Promise<string> | string]>([
		["is expired", "token expired", () => foreign({ exp: secondsNow() - 10 })],
		[
			"has no end",
			"bad claim: exp: Invalid input: expected number, received undefined",
			() => foreign({ exp: undefined }),
		],
		["is not valid yet", "token not valid yet", () => foreign({ nbf: secondsNow() + 60 })],
		["has another audience", "wrong audience", () => foreign({ aud: AUDIENCE.api })],
		["has no audience", "wrong audience", () => foreign({ aud: undefined })],
		["is for another room", "wrong room", () => foreign({ room: "s" })],
		["is signed with another key", "bad signature", () => foreign({}, crypto.getRandomValues(new Uint8Array(32)))],
		["names an unknown key", "unknown key", () => foreign({}, secret, { kid: "nobody" })],
		["names a key of Object.prototype", "unknown key", () => foreign({}, secret, { kid: "__proto__" })],
		[
			"is unsigned (`alg: none`)",
			"algorithm not allowed",
			() => new UnsecuredJWT({ aud: AUDIENCE.participant, sub: "alice", room: "r", exp: secondsNow() + 60 }).encode(),
		],
		["uses another HMAC", "algorithm not allowed", () => foreign({}, new Uint8Array(64), { alg: "HS512" })],
		["is no token", "malformed token", () => "not-a-token"],
		["is empty", "malformed token", () => ""],
		["is huge", "malformed token: too long", async () => foreign({ metadata: "x".repeat(20_000) })],
	])("that %s is refused as: %s", async (_, message, make) => {
		await expect(verifyClientToken(env, await make(), "r")).rejects.toEqual(refused(message));
	});

	it("with rights that do not exist is refused", async () => {
		await expect(verifyClientToken(env, await foreign({ rights: { publish: ["everything"] } }), "r")).rejects.toThrow(
			/^bad claim: rights.publish.0/,
		);
	});

	it("is refused after any change to any of its parts", async () => {
		const { token } = await mintParticipantToken(env, alice);
		for (let part = 0; part < 3; part++) {
			const parts = token.split(".");
			const bytes = decodeBase64(parts[part] ?? "");
			for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
				const changed = bytes.slice();
				changed[at] = (changed[at] ?? 0) ^ 1;
				const forged = parts.with(part, encodeBase64url(changed)).join(".");
				await expect(verifyClientToken(env, forged, "r")).rejects.toMatchObject({ code: "unauthorized" });
			}
		}
	});
});

describe("a session token", () => {
	it("carries the participant's claims and the session", async () => {
		const { token } = await mintParticipantToken(env, { ...alice, name: "Alice" });
		const first = await verifyClientToken(env, token, "r");
		const session = await mintSessionToken(env, first.claims, "0123456789abcdef01234");
		const again = await verifyClientToken(env, session, "r");
		expect(again.session).toBe("0123456789abcdef01234");
		expect(again.claims).toMatchObject({ sub: "alice", room: "r", name: "Alice", rights });
		expect(again.claims.exp - secondsNow()).toBeGreaterThan(11 * 3600);
	});

	it("cannot be made with an API key", async () => {
		const forged = await foreign({ aud: AUDIENCE.session, session: "0123456789abcdef01234" });
		await expect(verifyClientToken(env, forged, "r")).rejects.toEqual(refused("bad signature"));
	});
});

describe("a node token", () => {
	it("names its node and the region it may register for", async () => {
		const { token } = await mintNodeToken(env, { node: "n1", region: "eu", ttl: 60 });
		expect(await verifyNodeToken(env, token)).toMatchObject({ sub: "n1", region: "eu" });
	});

	it("without an end holds as long as the key", async () => {
		const { token, expiresAt } = await mintNodeToken(env, { node: "n1" });
		expect(expiresAt).toBeUndefined();
		expect((await verifyNodeToken(env, token)).exp).toBeUndefined();
	});

	it("cannot be made with an API key, and is no participant token", async () => {
		await expect(verifyNodeToken(env, await foreign({ aud: AUDIENCE.node, sub: "n1" }))).rejects.toEqual(
			refused("bad signature"),
		);
		const { token } = await mintNodeToken(env, { node: "n1" });
		await expect(verifyClientToken(env, token, "r")).rejects.toEqual(refused("bad signature"));
	});
});

describe("a node's way into a room", () => {
	it("is an assignment with a jti, or a link token without", async () => {
		const first = await verifyRoomLink(env, await mintAssignment(env, assignment), "r");
		expect(first).toEqual({ node: "n1", epoch: 3, jti: assignment.jti });
		const again = await verifyRoomLink(env, await mintLinkToken(env, assignment), "r");
		expect(again).toEqual({ node: "n1", epoch: 3 });
	});

	it("does not lead into another room", async () => {
		for (const token of [await mintAssignment(env, assignment), await mintLinkToken(env, assignment)]) {
			await expect(verifyRoomLink(env, token, "s")).rejects.toEqual(refused("wrong room"));
		}
	});

	it("lives for at most 60 s", async () => {
		const token = await mintAssignment(env, assignment);
		const { iat, exp } = JSON.parse(new TextDecoder().decode(decodeBase64(token.split(".")[1] ?? "")));
		expect(exp - iat).toBeLessThanOrEqual(60);
	});

	it("cannot be signed with the public key as if that were a secret (RFC 8725 section 2.1)", async () => {
		const [key] = (await jwks(env)).keys;
		const claims = { aud: "n1", sub: "r", epoch: 3, jti: assignment.jti, edge: assignment.edge, iat: secondsNow() };
		for (const secretText of [key?.x ?? "", JSON.stringify(key)]) {
			for (const publicBytes of [new TextEncoder().encode(secretText), decodeBase64(key?.x ?? "")]) {
				const forged = await new SignJWT({ ...claims, exp: secondsNow() + 60 })
					.setProtectedHeader({ alg: "HS256", typ: AUDIENCE.assignment, kid: key?.kid })
					.sign(publicBytes);
				await expect(verifyRoomLink(env, forged, "r")).rejects.toEqual(refused("algorithm not allowed"));
			}
		}
	});

	it("is not opened by a foreign Ed25519 key, under its own kid or under ours", async () => {
		const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
		const ours = (await keysOf(env)).assignment[0].kid;
		for (const [kid, message] of [
			[ours, "bad signature"],
			["theirs", "unknown key"],
			[undefined, "unknown key"],
		] as const) {
			const forged = await new SignJWT({ sub: "r", aud: "n1", epoch: 9, jti: assignment.jti, edge: assignment.edge })
				.setProtectedHeader({ alg: "EdDSA", typ: AUDIENCE.assignment, kid, jwk: await exportJWK(publicKey) })
				.setIssuedAt()
				.setExpirationTime("1m")
				.sign(privateKey);
			await expect(verifyRoomLink(env, forged, "r")).rejects.toEqual(refused(message));
		}
	});

	it("is not opened by a participant's or a node's token", async () => {
		const tokens = [(await mintParticipantToken(env, alice)).token, (await mintNodeToken(env, { node: "n1" })).token];
		for (const token of tokens) await expect(verifyRoomLink(env, token, "r")).rejects.toEqual(refused("bad signature"));
	});
});

describe("keys", () => {
	it("may be given as base64 or base64url, padded or not", async () => {
		const { token } = await mintParticipantToken(env, alice);
		expect(base64).toMatch(/[+/]/);
		const url = base64.replaceAll("+", "-").replaceAll("/", "_");
		for (const AUTH_KEY of [url, url.replace(/=+$/, ""), base64.replace(/=+$/, ""), ` ${base64}\n`]) {
			await expect(verifyClientToken({ ...env, AUTH_KEY }, token, "r")).resolves.toBeDefined();
		}
	});

	it.each([
		[{ AUTH_KEY: "" }, "AUTH_KEY is not set"],
		[{ AUTH_KEY: btoa("too short") }, "AUTH_KEY has 9 bytes; HS256 needs at least 32"],
		[{ AUTH_KEY: "not base64!" }, "AUTH_KEY is not base64"],
		[{ ...env, API_KEYS: "[" }, "API_KEYS is not JSON"],
		[{ ...env, API_KEYS: "[]" }, "API_KEYS must be a JSON object of id → base64"],
		[{ ...env, API_KEYS: JSON.stringify({ default: base64 }) }, 'API_KEYS: "default" is the id of AUTH_KEY'],
		[{ ...env, ASSIGNMENT_KEYS: btoa("short") }, "ASSIGNMENT_KEYS has a seed of 5 bytes; Ed25519 needs 32"],
	])("that cannot be used are told to the operator", async (variables, message) => {
		await expect(keysOf(variables)).rejects.toThrow(message);
	});

	it("for assignments rotate: the first signs, and what another listed one signed still holds", async () => {
		const [old, fresh] = [secret, other].map((seed) => btoa(String.fromCharCode(...seed)));
		const before = await mintAssignment({ ...env, ASSIGNMENT_KEYS: old }, assignment);
		const rotated = { ...env, ASSIGNMENT_KEYS: `${fresh}, ${old}` };
		await expect(verifyRoomLink(rotated, before, "r")).resolves.toBeDefined();
		const after = await mintAssignment(rotated, assignment);
		await expect(verifyRoomLink({ ...env, ASSIGNMENT_KEYS: old }, after, "r")).rejects.toEqual(refused("unknown key"));
		expect((await jwks(rotated)).keys).toHaveLength(2);
	});

	it("are published without their private parts, each under its thumbprint", async () => {
		const { keys } = await jwks(env);
		expect(keys).toEqual([
			{
				kty: "OKP",
				crv: "Ed25519",
				x: expect.any(String),
				alg: "EdDSA",
				use: "sig",
				kid: expect.stringMatching(/^[\w-]{43}$/),
			},
		]);
	});

	it("make the Ed25519 key and the thumbprint that RFC 8037 appendix A has for its seed", async () => {
		const { keys } = await jwks({ ...env, ASSIGNMENT_KEYS: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" });
		expect(keys[0]?.x).toBe("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
		expect(keys[0]?.kid).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	});
});

describe("the REST API", () => {
	it("takes any API key as it is written, in either alphabet", async () => {
		const acme = btoa(String.fromCharCode(...other));
		for (const key of [base64, base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""), acme]) {
			await expect(requireApiAccess(env, `Bearer ${key}`)).resolves.toBeUndefined();
		}
	});

	it("takes a short-lived token signed with one of them", async () => {
		const token = await foreign({ aud: AUDIENCE.api, sub: undefined, room: undefined }, other, { kid: "acme" });
		await expect(requireApiAccess(env, `bearer ${token}`)).resolves.toBeUndefined();
	});

	it.each([undefined, "", "Bearer", "Bearer ", "Basic abc", `Basic ${base64}`, base64])(
		"refuses a request with the Authorization %j",
		async (authorization) => {
			await expect(requireApiAccess(env, authorization)).rejects.toMatchObject({ code: "unauthorized" });
		},
	);

	it("refuses another secret, part of one, and a participant's token", async () => {
		const { token } = await mintParticipantToken(env, alice);
		for (const wrong of [
			encodeBase64url(crypto.getRandomValues(new Uint8Array(32))),
			base64.slice(0, 20),
			"!",
			token,
		]) {
			await expect(requireApiAccess(env, `Bearer ${wrong}`)).rejects.toMatchObject({ code: "unauthorized" });
		}
	});
});
