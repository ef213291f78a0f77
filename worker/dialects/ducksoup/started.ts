/**
 * What an interaction runs under, at the beginning of its log: the original's server says so once when it starts, which
 * a Worker never does.
 */
import type { Core } from "../../room/core.ts";
import { log } from "./log.ts";

/** As they are without a variable (docs/ducksoup.md). Whose pages may join, and passwords, are not for a log. */
const DEFAULTS = {
	DUCKSOUP_MODE: "PROD",
	DUCKSOUP_WEB_PREFIX: "",
	DUCKSOUP_STUN_SERVER_URLS: "",
	DUCKSOUP_NO_RECORDING: "false",
	DUCKSOUP_FORCE_OVERLAY: "false",
	DUCKSOUP_NVCODEC: "false",
	DUCKSOUP_GENERATE_STATS: "true",
	DUCKSOUP_GENERATE_PLOTS: "false",
	DUCKSOUP_LOG_LEVEL: "3",
	EFFECTS_ALLOWED: "",
} as const;

export function logSettings(core: Core): void {
	for (const [name, fallback] of Object.entries(DEFAULTS) as [keyof typeof DEFAULTS, string][]) {
		log(core, "info", "init", name, { value: core.env[name] || fallback });
	}
}
