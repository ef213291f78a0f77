/**
 * Every token of the project, made and checked: one pair of functions per purpose, each with its key, its algorithm
 * and its audience fixed here (RFC 8725 sections 3.1, 3.8, 3.9). See docs/tokens.md.
 */
import { decodeJwt, decodeProtectedHeader, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import { SwitchyardError } from "../../shared/errors.ts";
import {
	ApiClaims,
	AssignmentClaims,
	AUDIENCE,
	LinkClaims,
	NodeClaims,
	ParticipantClaims,
	type Rights,
	SessionClaims,
} from "../../shared/tokens.ts";
import { encodeBase64url } from "./base64.ts";
import { DEFAULT_KEY_ID, type Keys, type KeyVariables, keysOf } from "./keys.ts";
import { unauthorized, verify } from "./verify.ts";

/** How long each kind lives, seconds, where its maker does not say. */
export const TOKEN_LIFE_S = { session: 12 * 3600, link: 7 * 24 * 3600, assignment: 60 } as const;

const FOR_EVER_S = 100 * 365 * 86_400;

const HS256 = { algorithms: ["HS256"] } as const satisfies { algorithms: ["HS256"] };

export function secondsNow(): number {
	return Math.floor(Date.now() / 1000);
}

// ---------------------------------------------------------------- participants

export interface ParticipantGrant {
	room: string;
	identity: string;
	name?: string;
	metadata?: unknown;
	region?: string;
	rights: Rights;
	/** Seconds. */
	ttl: number;
}

export async function mintParticipantToken(
	env: KeyVariables,
	grant: ParticipantGrant,
): Promise<{ token: string; expiresAt: number }> {
	const { room, name, metadata, region, rights } = grant;
	const keys = await keysOf(env);
	const iat = secondsNow();
	const exp = iat + grant.ttl;
	const claims = { aud: AUDIENCE.participant, sub: grant.identity, room, name, metadata, region, rights, iat, exp };
	const token = await sign(claims, { alg: "HS256", typ: "JWT", kid: DEFAULT_KEY_ID }, apiKey(keys, DEFAULT_KEY_ID));
	return { token, expiresAt: exp * 1000 };
}

/** 128 random bits. */
export function newSessionId(): string {
	return encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));
}

/** The claims of a session token are the participant's, plus the session. */
export async function mintSessionToken(env: KeyVariables, claims: ParticipantClaims, session: string): Promise<string> {
	const keys = await keysOf(env);
	const { sub, room, name, metadata, region, rights } = claims;
	const iat = secondsNow();
	const exp = iat + TOKEN_LIFE_S.session;
	const payload = { aud: AUDIENCE.session, sub, room, name, metadata, region, rights, session, iat, exp };
	return sign(payload, { alg: "HS256", typ: "JWT" }, keys.session);
}

/**
 * A participant or a session token for this room; the audience says which, and then everything is checked as that.
 * `expired`: it need not hold any more, where it only tells whose a session is.
 */
export async function verifyClientToken(
	env: KeyVariables,
	token: string,
	room: string,
	{ expired = false }: { expired?: boolean } = {},
): Promise<{ claims: ParticipantClaims; session?: string }> {
	const verified = await verifyAnyClientToken(env, token, expired ? { clockTolerance: FOR_EVER_S } : {});
	if (verified.claims.room !== room) throw new SwitchyardError("unauthorized", "wrong room");
	return verified;
}

/** As above, for whichever room it names. */
export async function verifyAnyClientToken(
	env: KeyVariables,
	token: string,
	more: { clockTolerance?: number } = {},
): Promise<{ claims: ParticipantClaims; session?: string }> {
	const keys = await keysOf(env);
	if (audienceOf(token) === AUDIENCE.session) {
		const options = { ...HS256, ...more, audience: AUDIENCE.session };
		const { session, ...claims } = await verify(token, keys.session, SessionClaims, options);
		return { claims, session };
	}
	const options = { ...HS256, ...more, audience: AUDIENCE.participant };
	return { claims: await verify(token, byKid(keys), ParticipantClaims, options) };
}

// ---------------------------------------------------------------- back ends

export async function verifyApiToken(env: KeyVariables, token: string): Promise<ApiClaims> {
	const keys = await keysOf(env);
	return verify(token, byKid(keys), ApiClaims, { ...HS256, audience: AUDIENCE.api });
}

// ---------------------------------------------------------------- nodes

/** Without a `ttl` (seconds) it holds until `AUTH_KEY` changes. */
export async function mintNodeToken(
	env: KeyVariables,
	grant: { node: string; region?: string; ttl?: number },
): Promise<{ token: string; expiresAt?: number }> {
	const keys = await keysOf(env);
	const iat = secondsNow();
	const exp = grant.ttl === undefined ? undefined : iat + grant.ttl;
	const claims = { aud: AUDIENCE.node, sub: grant.node, region: grant.region, iat, exp };
	const token = await sign(claims, { alg: "HS256", typ: "JWT" }, keys.node);
	return { token, expiresAt: exp === undefined ? undefined : exp * 1000 };
}

export async function verifyNodeToken(env: KeyVariables, token: string): Promise<NodeClaims> {
	const keys = await keysOf(env);
	return verify(token, keys.node, NodeClaims, { ...HS256, audience: AUDIENCE.node });
}

// ---------------------------------------------------------------- a node's way into a room

export interface AssignmentGrant {
	node: string;
	room: string;
	epoch: number;
	jti: string;
	/** Where the node dials the room. */
	edge: string;
}

export async function mintAssignment(env: KeyVariables, grant: AssignmentGrant): Promise<string> {
	const keys = await keysOf(env);
	const [key] = keys.assignment;
	const iat = secondsNow();
	const { jti, epoch, edge } = grant;
	const claims = { aud: grant.node, sub: grant.room, jti, epoch, edge, iat, exp: iat + TOKEN_LIFE_S.assignment };
	return sign(claims, { alg: "EdDSA", typ: AUDIENCE.assignment, kid: key.kid }, key.privateKey);
}

/** A room gives it to the node that linked with an assignment, to come back with when its socket drops. */
export async function mintLinkToken(
	env: KeyVariables,
	grant: { room: string; node: string; epoch: number },
): Promise<string> {
	const keys = await keysOf(env);
	const iat = secondsNow();
	const exp = iat + TOKEN_LIFE_S.link;
	const claims = { aud: AUDIENCE.link, sub: grant.room, node: grant.node, epoch: grant.epoch, iat, exp };
	return sign(claims, { alg: "HS256", typ: "JWT" }, keys.link);
}

/** An assignment (it has a `jti`, which the room accepts once) or a link token, for this room. */
export async function verifyRoomLink(
	env: KeyVariables,
	token: string,
	room: string,
): Promise<{ node: string; epoch: number; jti?: string }> {
	const keys = await keysOf(env);
	if (typeOf(token) === AUDIENCE.assignment) {
		const claims = await verify(token, assignmentKey(keys), AssignmentClaims, {
			algorithms: ["EdDSA"],
			typ: AUDIENCE.assignment,
			subject: room,
		});
		return { node: claims.aud, epoch: claims.epoch, jti: claims.jti };
	}
	const claims = await verify(token, keys.link, LinkClaims, { ...HS256, audience: AUDIENCE.link, subject: room });
	return { node: claims.node, epoch: claims.epoch };
}

// ---------------------------------------------------------------- parts

function sign(claims: JWTPayload, header: JWTHeaderParameters, key: Keys["node"]): Promise<string> {
	return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

/** Picks the API key that the token names; a token that names none means `default`. */
function byKid(keys: Keys) {
	return ({ kid }: { kid?: string }) => apiKey(keys, kid ?? DEFAULT_KEY_ID);
}

function apiKey(keys: Keys, id: string): Keys["node"] {
	const found = keys.api.get(id);
	if (!found) throw unauthorized("unknown key");
	return found.key;
}

function assignmentKey(keys: Keys) {
	return ({ kid }: { kid?: string }) => {
		const found = keys.assignment.find((key) => key.kid === kid);
		if (!found) throw unauthorized("unknown key");
		return found.publicKey;
	};
}

/** Unverified: only chooses how the token is checked, and is checked itself then. */
export function audienceOf(token: string): unknown {
	try {
		return decodeJwt(token).aud;
	} catch (error) {
		throw unauthorized("malformed token", error);
	}
}

/** Unverified, as above. */
function typeOf(token: string): unknown {
	try {
		return decodeProtectedHeader(token).typ;
	} catch (error) {
		throw unauthorized("malformed token", error);
	}
}
