/** Where the events of all rooms go, from the edge's variables and bindings. */

import type { EventRecord } from "../../shared/events.ts";
import { decodeBase64 } from "../auth/base64.ts";
import type { Env } from "../env.ts";
import { refusalOf } from "./webhook-url.ts";

export interface EventSettings {
	/** Of all rooms. */
	webhooks: readonly string[];
	/** Keys that webhooks are signed with, each; none: webhooks are off. */
	secrets: readonly Uint8Array<ArrayBuffer>[];
	/** Webhooks may go to this machine and its network, without TLS. */
	allowPrivate: boolean;
	queue?: Queue<EventRecord>;
	feed: boolean;
}

/** Per isolate: mistakes are logged once and not by every room. */
const known = new WeakMap<Env, EventSettings>();

export function eventSettings(env: Env): EventSettings {
	let settings = known.get(env);
	if (!settings) {
		settings = read(env);
		known.set(env, settings);
	}
	return settings;
}

function read(env: Env): EventSettings {
	const secrets = list(env.WEBHOOK_SECRET).flatMap((text) => {
		const secret = secretOf(text);
		if (!secret) console.error({ event: "WEBHOOK_SECRET: not base64 of at least 24 bytes, and not used" });
		return secret ?? [];
	});
	const allowPrivate = env.WEBHOOK_ALLOW_PRIVATE === "true";
	const webhooks = list(env.WEBHOOK_URLS).filter((url) => {
		const refusal = secrets.length === 0 ? "needs WEBHOOK_SECRET" : refusalOf(url, allowPrivate);
		if (refusal) console.error({ event: "WEBHOOK_URLS: one is not used", url: hostOf(url), refusal });
		return !refusal;
	});
	return { webhooks, secrets, allowPrivate, queue: env.EVENTS, feed: env.EVENT_FEED === "true" };
}

/** Standard Webhooks: base64 of 24 to 64 bytes, with or without its prefix. */
function secretOf(text: string): Uint8Array<ArrayBuffer> | undefined {
	try {
		const bytes = decodeBase64(text.replace(/^whsec_/, ""));
		return bytes.length >= 24 ? bytes : undefined;
	} catch {
		return undefined;
	}
}

/** For logs: what comes after the host may be secret. */
export function hostOf(url: string): string {
	return URL.parse(url)?.host ?? "not a URL";
}

function list(text: string | null | undefined): string[] {
	return (text ?? "")
		.split(",")
		.map((item) => item.trim())
		.filter((item) => item !== "");
}
