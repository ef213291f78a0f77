/** coturn's configuration (turnserver.conf, 4.6), written anew at each start. */
import { DENIED_PEERS } from "./peers.ts";

export interface CoturnOptions {
	/** The file's own folder, where coturn may write. */
	folder: string;
	port: number;
	relayPorts: { min: number; max: number };
	/** Where it listens; none: everywhere. */
	listen?: string;
	/** What it relays from: this machine's own, and what peers see where NAT is between. One of each family at most. */
	relays: { local: string; external: string }[];
	realm: string;
	/** Credentials signed with any of them will do. */
	secrets: string[];
	allowedPeers: string[];
	/** Allocations of one user at once. */
	userQuota: number;
	/** Bits per second of one allocation, each way. */
	maxBitrate: number;
	tls?: { port: number; cert: string; key: string };
}

export function coturnConfig(options: CoturnOptions): string {
	const { folder, port, relayPorts, listen, relays, realm, secrets, allowedPeers, userQuota, maxBitrate, tls } =
		options;
	const lines = [
		`listening-port=${port}`,
		...(listen ? [`listening-ip=${listen}`] : []),
		...relays.flatMap(({ local, external }) => [
			`relay-ip=${local}`,
			...(local === external ? [] : [`external-ip=${external}/${local}`]),
		]),
		`min-port=${relayPorts.min}`,
		`max-port=${relayPorts.max}`,
		`realm=${realm}`,
		"use-auth-secret",
		...secrets.map((secret) => `static-auth-secret=${secret}`),
		"stale-nonce=600",
		"fingerprint",
		// Nobody is told what runs here, and a short question gets a short answer: no use for amplification.
		"no-software-attribute",
		"no-rfc5780",
		"no-stun-backward-compatibility",
		"response-origin-only-with-rfc5780",
		// UDP to peers only: over TCP it could speak to anything.
		"no-tcp-relay",
		"no-multicast-peers",
		...DENIED_PEERS.map((range) => `denied-peer-ip=${range}`),
		...allowedPeers.map((range) => `allowed-peer-ip=${range}`),
		`user-quota=${userQuota}`,
		`max-bps=${Math.ceil(maxBitrate / 8)}`,
		...(tls ? [`tls-listening-port=${tls.port}`, `cert=${tls.cert}`, `pkey=${tls.key}`] : ["no-tls"]),
		"no-dtls",
		"no-tlsv1",
		"no-tlsv1_1",
		"no-cli",
		// No database: with one, coturn 4.6 asks it at every credential, and refuses whoever comes while it is locked. Where
		// there is a folder in its place it finds out at the start, when it reads realms, and does without from then on.
		`userdb=${folder}`,
		"no-dynamic-ip-list",
		"no-auth-pings",
		`pidfile=${folder}/pid`,
		"log-file=stdout",
		"simple-log",
	];
	return `${lines.join("\n")}\n`;
}
