/** Checks one token: jose verifies it, zod reads its claims, and every failure is an `unauthorized` that says which. */
import { errors, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from "jose";
import type * as z from "zod";
import { SwitchyardError } from "../../shared/errors.ts";

/** Clocks of back ends and nodes may be off by this much. */
const CLOCK_TOLERANCE_S = 5;
/** Beyond what any header that carries a token may hold. */
const MAX_TOKEN_LENGTH = 16_384;

export function unauthorized(message: string, cause?: unknown): SwitchyardError {
	return new SwitchyardError("unauthorized", message, { cause });
}

/** `algorithms` is required: what a token says of itself decides nothing (RFC 8725 section 3.1). */
export async function verify<T extends z.ZodType>(
	token: string,
	key: JWTVerifyGetKey | Parameters<typeof jwtVerify>[1],
	claims: T,
	options: JWTVerifyOptions & { algorithms: ["HS256"] | ["EdDSA"] },
): Promise<z.output<T>> {
	if (token.length > MAX_TOKEN_LENGTH) throw unauthorized("malformed token: too long");
	const getKey = typeof key === "function" ? key : () => key;
	const payload = await jwtVerify(token, getKey, { clockTolerance: CLOCK_TOLERANCE_S, ...options })
		.then((verified) => verified.payload)
		.catch((error: unknown) => {
			throw explain(error);
		});
	const parsed = claims.safeParse(payload);
	if (!parsed.success) throw unauthorized(`bad claim: ${SwitchyardError.fromZod(parsed.error).message}`);
	return parsed.data;
}

function explain(error: unknown): unknown {
	if (error instanceof SwitchyardError) return error;
	if (error instanceof errors.JWTExpired) return unauthorized("token expired", error);
	if (error instanceof errors.JWTClaimValidationFailed) return unauthorized(explainClaim(error), error);
	if (error instanceof errors.JWSSignatureVerificationFailed) return unauthorized("bad signature", error);
	if (error instanceof errors.JOSEAlgNotAllowed) return unauthorized("algorithm not allowed", error);
	if (error instanceof errors.JOSEError) return unauthorized("malformed token", error);
	return error;
}

function explainClaim(error: errors.JWTClaimValidationFailed): string {
	switch (error.claim) {
		case "aud":
			return "wrong audience";
		case "nbf":
			return "token not valid yet";
		case "sub":
			return "wrong room";
		case "typ":
			return "wrong token type";
		default:
			return `bad claim: ${error.claim}`;
	}
}
