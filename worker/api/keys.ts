/** `GET /.well-known/jwks.json`. */
import type { Context } from "hono";
import { JWKS_MAX_AGE_S, jwks } from "../auth/jwks.ts";
import type { Env } from "../env.ts";

export async function publishKeys(c: Context<{ Bindings: Env }>): Promise<Response> {
	c.header("Cache-Control", `public, max-age=${JWKS_MAX_AGE_S}`);
	c.header("Access-Control-Allow-Origin", "*");
	return c.json(await jwks(c.env));
}
