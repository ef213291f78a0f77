/** The edge's variables about ICE servers, read once for each that there are. */
import * as z from "zod";
import { type IceServer, IceServerInput, IceUrl } from "../../shared/ice.ts";
import { ConfigurationError } from "../auth/keys.ts";
import type { Env } from "../env.ts";
import type { CloudflareKey } from "./cloudflare.ts";

export interface IceSettings {
	/** Given as they are. */
	fixed: IceServer[];
	/** TURN servers of one's own that check credentials with a shared secret. */
	turn?: { urls: string[]; secret: string };
	cloudflare?: CloudflareKey;
	/** How long credentials live. */
	lifeSeconds: number;
}

/** Cloudflare's service gives none for longer. */
const LONGEST_SECONDS = 172_800;
/** As long as a session's token, which is as often renewed. */
const LIFE_SECONDS = 43_200;

const Life = z.coerce.number().int().min(60).max(LONGEST_SECONDS);
const known = new WeakMap<Env, IceSettings>();

export function iceSettings(env: Env): IceSettings {
	let settings = known.get(env);
	if (!settings) {
		settings = read(env);
		known.set(env, settings);
	}
	return settings;
}

function read(env: Env): IceSettings {
	const { TURN_URLS, TURN_SECRET, TURN_KEY_ID: id, TURN_KEY_API_TOKEN: token } = env;
	if (TURN_URLS && !TURN_SECRET) throw new ConfigurationError("TURN_URLS is set, and TURN_SECRET is not");
	if (!id !== !token) throw new ConfigurationError("TURN_KEY_ID and TURN_KEY_API_TOKEN go together");
	const urls = TURN_URLS
		? check(
				"TURN_URLS",
				z.array(IceUrl),
				TURN_URLS.split(",").map((url) => url.trim()),
			)
		: [];
	return {
		fixed: check("ICE_SERVERS", z.array(IceServerInput), parseJson("ICE_SERVERS", env.ICE_SERVERS || "[]")),
		turn: TURN_SECRET && urls.length > 0 ? { urls, secret: TURN_SECRET } : undefined,
		cloudflare: id && token ? { id, token } : undefined,
		lifeSeconds: check("TURN_TTL", Life, env.TURN_TTL || LIFE_SECONDS),
	};
}

function parseJson(name: string, text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw new ConfigurationError(`${name} is not JSON`);
	}
}

function check<T extends z.ZodType>(name: string, schema: T, value: unknown): z.output<T> {
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	const { path = [], message } = parsed.error.issues[0] ?? {};
	throw new ConfigurationError(`${[name, ...path].join(".")}: ${message}`);
}
