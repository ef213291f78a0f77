/** Everywhere that a room's events go. */
import type { Limits } from "../../../shared/limits.ts";
import type { Env } from "../../env.ts";
import type { EventSettings } from "../settings.ts";
import { refusalOf } from "../webhook-url.ts";
import { feed } from "./feed.ts";
import { queue } from "./queue.ts";
import type { Sink } from "./sink.ts";
import { webhook } from "./webhook.ts";

/** Those of all rooms. */
export function sinksOfAll(env: Env, settings: EventSettings, limits: Limits): Sink[] {
	return [
		...(settings.feed ? [feed(env)] : []),
		...(settings.queue ? [queue(settings.queue)] : []),
		...settings.webhooks.map((url) => webhook(url, false, settings, limits)),
	];
}

/** One that only a room's settings name; undefined where it may not be used any more, or is one of all rooms. */
export function sinkOfRoom(url: string, settings: EventSettings, limits: Limits): Sink | undefined {
	const usable = settings.secrets.length > 0 && refusalOf(url, settings.allowPrivate) === undefined;
	return usable && !settings.webhooks.includes(url) ? webhook(url, true, settings, limits) : undefined;
}
