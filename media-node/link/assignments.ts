/** Checks the tokens that let this node serve a room: signed by the edge, for this node, young, used once, and not overtaken. */
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from "jose";
import { AssignmentClaims, AUDIENCE } from "../../shared/tokens.ts";

/** Clocks of node and edge may differ by this much, s. */
const CLOCK_TOLERANCE_S = 5;
/** Longest life of an assignment, s. */
const MAX_AGE_S = 60;
/** The edge publishes a key at least this long before it signs with it, ms. */
const KEYS_MS = 300_000;
/** A `kid` that is not among the keys has them fetched again, no more often than this, ms. */
const REFETCH_MS = 2_000;

export class Assignments {
	readonly #node: string;
	readonly #keys: JWTVerifyGetKey;
	/** Until when each used token could be used again, s. */
	readonly #used = new Map<string, number>();
	/** Of each room, the latest epoch seen and when it can be forgotten, s. */
	readonly #epochs = new Map<string, { epoch: number; until: number }>();

	constructor(node: string, keys: JWTVerifyGetKey) {
		this.#node = node;
		this.#keys = keys;
	}

	static fromEdge(node: string, edge: string): Assignments {
		const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", edge), {
			cacheMaxAge: KEYS_MS,
			cooldownDuration: REFETCH_MS,
		});
		// The first assignment need not wait for them. Where they cannot be had now, it fetches them.
		keys.reload().catch(() => {});
		return new Assignments(node, keys);
	}

	/** The claims, or an error that says what is wrong. A token that passes cannot pass again. */
	async accept(token: string): Promise<AssignmentClaims> {
		const { payload } = await jwtVerify(token, this.#keys, {
			algorithms: ["EdDSA"],
			typ: AUDIENCE.assignment,
			audience: this.#node,
			maxTokenAge: MAX_AGE_S,
			clockTolerance: CLOCK_TOLERANCE_S,
		});
		const claims = AssignmentClaims.parse(payload);
		const now = Math.floor(Date.now() / 1000);
		for (const [jti, until] of this.#used) if (until < now) this.#used.delete(jti);
		for (const [room, { until }] of this.#epochs) if (until < now) this.#epochs.delete(room);
		if (this.#used.has(claims.jti)) throw new Error("the assignment was used before");
		const latest = this.#epochs.get(claims.sub)?.epoch ?? 0;
		if (claims.epoch <= latest) throw new Error(`the assignment's epoch ${claims.epoch} was overtaken by ${latest}`);
		// Past its own end and the tolerance, a token is refused for its age.
		const until = claims.exp + CLOCK_TOLERANCE_S;
		this.#used.set(claims.jti, until);
		this.#epochs.set(claims.sub, { epoch: claims.epoch, until });
		return claims;
	}
}
