/** Settings of the TURN server beside the node, from its environment (docs/turn.md). */
import { isIPv4, isIPv6 } from "node:net";
import * as z from "zod";
import { PortRange } from "../../shared/environment.ts";
import { isPeerRange } from "./peers.ts";

const port = z.coerce.number().int().min(1).max(65_535);
const positive = z.coerce.number().int().positive();
const items = (text: string) => text.split(",").map((item) => item.trim());
/** They are lines of coturn's configuration. */
const plain = z.string().regex(/^[!-~]+$/, "letters, digits and signs, no spaces");

const Environment = z.object({
	TURN_ENABLED: z.stringbool().default(false),
	/** UDP and TCP. */
	TURN_PORT: port.default(3_478),
	/** UDP ports that peers are sent from, `min-max`. */
	TURN_RELAY_PORTS: PortRange.default({ min: 49_152, max: 65_535 }),
	/** Where clients reach it: names or addresses. `ANNOUNCED_ADDRESS` unless given. */
	TURN_ADDRESS: z.string().transform(items).pipe(z.array(plain).min(1)).optional(),
	TURN_REALM: plain.default("switchyard"),
	/** A secret beside the one that the edge gives this node. */
	TURN_SECRET: plain.optional(),
	/** Addresses and ranges (`a-b`) that may be relayed to though they are private. */
	TURN_ALLOWED_PEERS: z
		.string()
		.transform(items)
		.pipe(z.array(z.string().refine(isPeerRange, "addresses, or ranges a-b")))
		.default([]),
	/** Allocations of one participant at once. */
	TURN_USER_QUOTA: positive.default(40),
	/** Bits per second of one allocation, each way. */
	TURN_MAX_BITRATE: positive.default(30_000_000),
	/** For `turns:`: both, as PEM files. */
	TURN_TLS_CERT: plain.optional(),
	TURN_TLS_KEY: plain.optional(),
	TURN_TLS_PORT: port.default(5_349),
	/** coturn's executable. */
	TURNSERVER_BIN: z.string().min(1).default("turnserver"),
});
type Environment = z.output<typeof Environment>;

export const TURN_ENVIRONMENT = Environment.shape;

export interface TurnConfig {
	port: number;
	relayPorts: { min: number; max: number };
	/** As clients are told. */
	addresses: string[];
	realm: string;
	secret?: string;
	allowedPeers: string[];
	userQuota: number;
	maxBitrate: number;
	tls?: { port: number; cert: string; key: string };
	bin: string;
}

/** Undefined when it is switched off. */
export function turnConfig(it: Environment, announced: readonly string[]): TurnConfig | undefined {
	if (!it.TURN_ENABLED) return undefined;
	const { TURN_TLS_CERT: cert, TURN_TLS_KEY: key } = it;
	if (!cert !== !key) throw new Error("media node settings:\n  TURN_TLS_CERT, TURN_TLS_KEY: both or none");
	return {
		port: it.TURN_PORT,
		relayPorts: it.TURN_RELAY_PORTS,
		addresses: oneOfEachKind(it.TURN_ADDRESS ?? announced),
		realm: it.TURN_REALM,
		secret: it.TURN_SECRET,
		allowedPeers: it.TURN_ALLOWED_PEERS,
		userQuota: it.TURN_USER_QUOTA,
		maxBitrate: it.TURN_MAX_BITRATE,
		tls: cert && key ? { port: it.TURN_TLS_PORT, cert, key } : undefined,
		bin: it.TURNSERVER_BIN,
	};
}

/** Every URL costs each client an allocation: a name or an IPv4 address, and an IPv6 address for those who have nothing else. */
function oneOfEachKind(addresses: readonly string[]): string[] {
	const first = addresses.find((address) => !isIPv6(address));
	const v6 = addresses.find((address) => isIPv6(address));
	return [first, first === undefined || isIPv4(first) ? v6 : undefined].filter((address) => address !== undefined);
}

/** RFC 7065. UDP first; TCP and TLS are for networks that have no other way. */
export function turnUrls({ addresses, port, tls }: Pick<TurnConfig, "addresses" | "port" | "tls">): string[] {
	return addresses.flatMap((address) => {
		const host = isIPv6(address) ? `[${address}]` : address;
		return [
			`turn:${host}:${port}?transport=udp`,
			`turn:${host}:${port}?transport=tcp`,
			...(tls ? [`turns:${host}:${tls.port}?transport=tcp`] : []),
		];
	});
}
