/** The edge's limits, read once per isolate, and what of them guards the REST API. */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { SwitchyardError } from "../../shared/errors.ts";
import { type Limits, readLimits } from "../../shared/limits.ts";
import { Rates } from "../dialects/rates.ts";
import type { Env } from "../env.ts";
import { eventSettings } from "../events/settings.ts";
import { refusalOf } from "../events/webhook-url.ts";

const known = new WeakMap<Env, Limits>();

export function limitsOf(env: Env): Limits {
	const limits = known.get(env) ?? readLimits(env);
	known.set(env, limits);
	return limits;
}

/** The body is counted as it comes, since its length may not be told (or be told wrong). */
export const limitBody: MiddlewareHandler<{ Bindings: Env }> = (c, next) => {
	const maxSize = limitsOf(c.env).maxMessageBytes;
	const onError = () => {
		throw new SwitchyardError("too_large", `the body is over ${maxSize} bytes`);
	};
	return bodyLimit({ maxSize, onError })(c, next);
};

const rates = new Rates<object>();
/** Who asked this isolate for something lately. */
const askers = new Map<string, object>();
const MOST_ASKERS = 10_000;

/** Somebody may ask the API as often as a participant may send messages to its room. Throws `rate_limited`. */
export function requireRate(env: Env, who: string, perSecond = limitsOf(env).maxMessagesPerSecond): void {
	if (askers.size > MOST_ASKERS) askers.clear();
	const asker = askers.get(who) ?? {};
	askers.set(who, asker);
	if (!rates.take(asker, perSecond)) throw new SwitchyardError("rate_limited");
}

export function checkMetadata(env: Env, metadata: unknown): void {
	if (metadata === undefined) return;
	const most = limitsOf(env).maxMetadataBytes;
	if (new TextEncoder().encode(JSON.stringify(metadata)).length > most) {
		throw new SwitchyardError("too_large", `metadata: over ${most} bytes`);
	}
}

/** Whoever may create rooms must not reach the edge's own network by naming it. */
export function checkWebhooks(env: Env, urls: readonly string[] = []): void {
	const { secrets, allowPrivate } = eventSettings(env);
	if (urls.length > 0 && secrets.length === 0) {
		throw new SwitchyardError("bad_request", "settings.webhooks: this edge has no WEBHOOK_SECRET to sign them with");
	}
	for (const [i, url] of urls.entries()) {
		const refusal = refusalOf(url, allowPrivate);
		if (refusal) throw new SwitchyardError("bad_request", `settings.webhooks.${i}: ${refusal}`);
	}
}
