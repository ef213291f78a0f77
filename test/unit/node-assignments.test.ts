import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT, UnsecuredJWT } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { Assignments } from "../../media-node/link/assignments.ts";
import { AUDIENCE } from "../../shared/tokens.ts";

const NODE = "n1";
const pair = await generateKeyPair("EdDSA");
const foreign = await generateKeyPair("EdDSA");
const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "EdDSA" }] });

const now = () => Math.floor(Date.now() / 1000);
const claims = (more: object = {}) => ({
	...{ aud: NODE, sub: "room", jti: crypto.randomUUID(), epoch: 1, edge: "https://edge.test" },
	...{ iat: now(), exp: now() + 60 },
	...more,
});
const HEADER = { alg: "EdDSA", kid: "k1", typ: AUDIENCE.assignment };
const sign = (payload: object, header: Partial<JWTHeaderParameters> = {}, key: CryptoKey = pair.privateKey) =>
	new SignJWT({ ...payload }).setProtectedHeader({ ...HEADER, ...header }).sign(key);

let assignments: Assignments;
const refused = (token: string) => expect(assignments.accept(token)).rejects;

beforeEach(() => {
	assignments = new Assignments(NODE, keys);
});

describe("an assignment", () => {
	it("is taken when it is this node's, young and new", async () => {
		const good = claims();
		expect(await assignments.accept(await sign(good))).toEqual(good);
	});

	it("is refused when it expired, or was made too long ago", async () => {
		await refused(await sign(claims({ iat: now() - 60, exp: now() - 10 }))).toThrow(/exp/);
		await refused(await sign(claims({ iat: now() - 70, exp: now() + 3_600 }))).toThrow(/too far in the past/);
	});

	it("is refused when it comes from the future, or without a date", async () => {
		await refused(await sign(claims({ iat: now() + 30 }))).toThrow(/iat/);
		await refused(await sign(claims({ iat: undefined }))).toThrow(/iat/);
		await refused(await sign(claims({ exp: undefined }))).toThrow();
	});

	it("is refused for another node, or as another kind of token", async () => {
		await refused(await sign(claims({ aud: "n2" }))).toThrow(/aud/);
		await refused(await sign(claims({ aud: [NODE, "n2"] }))).toThrow();
		await refused(await sign(claims(), { typ: "JWT" })).toThrow(/typ/);
		await refused(await sign(claims(), { typ: undefined })).toThrow(/typ/);
	});

	it("is refused a second time, even at the same time", async () => {
		const token = await sign(claims());
		const outcomes = await Promise.allSettled([assignments.accept(token), assignments.accept(token)]);
		expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
		await refused(token).toThrow(/used before/);
	});

	it("is refused with the id of a used one, or none", async () => {
		const { jti } = await assignments.accept(await sign(claims()));
		await refused(await sign(claims({ jti, sub: "other" }))).toThrow(/used before/);
		await refused(await sign(claims({ jti: undefined }))).toThrow();
	});

	it("is refused with an epoch that is not later than any seen of its room, whatever other rooms' are", async () => {
		await assignments.accept(await sign(claims({ epoch: 5 })));
		await refused(await sign(claims({ epoch: 4 }))).toThrow(/overtaken/);
		await refused(await sign(claims({ epoch: 5 }))).toThrow(/overtaken/);
		await assignments.accept(await sign(claims({ epoch: 1, sub: "other" })));
		await assignments.accept(await sign(claims({ epoch: 6 })));
	});

	it("is refused when signed by an unknown key, or by another than it names", async () => {
		await refused(await sign(claims(), { kid: "k2" }, foreign.privateKey)).toThrow(/no applicable key/);
		await refused(await sign(claims(), {}, foreign.privateKey)).toThrow(/signature/);
	});

	it("is refused with another algorithm than the fleet's, or none", async () => {
		const publicAsSecret = new TextEncoder().encode(JSON.stringify(await exportJWK(pair.publicKey)));
		const hs256 = await new SignJWT(claims()).setProtectedHeader({ ...HEADER, alg: "HS256" }).sign(publicAsSecret);
		await refused(hs256).toThrow(/"alg"/);
		await refused(new UnsecuredJWT(claims()).encode()).toThrow();
		const none = `${btoa(JSON.stringify({ ...HEADER, alg: "none" })).replace(/=+$/, "")}.${(await sign(claims())).split(".")[1]}.`;
		await refused(none).toThrow(/"alg"/);
	});

	it("is refused when it is no token at all", async () => {
		for (const text of ["", "x", "a.b.c", "..", "{}"]) await refused(text).toThrow();
	});
});
