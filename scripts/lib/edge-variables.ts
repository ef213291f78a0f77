import { Limits, limitVariable } from "../../shared/limits.ts";
import { readWranglerConfig } from "./wrangler-config.ts";

/** Not in wrangler.toml: secrets, and what has no value there. */
const UNSET = [
	...["AUTH_KEY", "API_KEYS", "ASSIGNMENT_KEYS", "PUBLIC_URL", "DEFAULT_TOPOLOGY", "ALLOW_REGION_QUERY"],
	...["TURN_URLS", "TURN_SECRET", "TURN_TTL", "TURN_KEY_ID", "TURN_KEY_API_TOKEN"],
	...["WEBHOOK_URLS", "WEBHOOK_SECRET", "WEBHOOK_ALLOW_PRIVATE"],
	...["TRIBE_SECRET", "TRIBE_STATE", "TRIBE_RECONNECT_BEARER", "TRIBE_CODEC"],
	...["ALLOWED_WS_ORIGINS", "MODE", "WEB_PREFIX", "TEST_LOGIN", "TEST_PASSWORD", "STUN_SERVER_URLS", "ICE_SERVERS"].map(
		(name) => `DUCKSOUP_${name}`,
	),
	...["NVCODEC", "FORCE_OVERLAY", "NO_RECORDING", "GENERATE_STATS", "GENERATE_PLOTS", "LOG_LEVEL", "LOG_STDOUT"].map(
		(name) => `DUCKSOUP_${name}`,
	),
	...["START", "MIN", "MAX"].flatMap((bound) => [`BITRATE_AUDIO_${bound}`, `BITRATE_VIDEO_${bound}`]),
	...["PROXY", "CHANNEL_SIZE", "MAX_VIDEO_BITRATE", "MAX_BITRATE_IN", "MAX_BITRATE_OUT"],
	...["AUDIO_CODECS", "VIDEO_CODECS", "ODOO_STATS", "EFFECTS_ALLOWED"],
];

/** What lets anybody in, for development: on in `npm start` unless the environment says otherwise. */
export const DEVELOPMENT = {
	...{ DUCKSOUP_MODE: "DEV", DUCKSOUP_TEST_LOGIN: "ducksoup", DUCKSOUP_TEST_PASSWORD: "ducksoup" },
	...{ DEMO: "true", PION: "true", TALKSY: "true", TRIBE_STATE: "true" },
} as const;

/** Every variable that the Worker reads (worker/env.ts), with the value that wrangler.toml gives it, else empty. */
export function edgeVariables(): Record<string, string> {
	const names = [...UNSET, ...Object.keys(Limits.shape).map(limitVariable)];
	return { ...Object.fromEntries(names.map((name) => [name, ""])), ...defaults() };
}

/** Those of them that the environment sets. */
export function edgeVariablesFrom(env: NodeJS.ProcessEnv): Record<string, string> {
	return Object.fromEntries(
		Object.keys(edgeVariables()).flatMap((name) => {
			const value = env[name];
			return value ? [[name, value]] : [];
		}),
	);
}

function defaults(): Record<string, string> {
	const { bindings = {} } = readWranglerConfig();
	return Object.fromEntries(Object.entries(bindings).map(([name, value]) => [name, String(value)]));
}
