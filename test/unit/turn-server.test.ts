import { describe, expect, it } from "vitest";
import { readConfig } from "../../media-node/config.ts";
import { relayAddresses } from "../../media-node/turn/addresses.ts";
import { type CoturnOptions, coturnConfig } from "../../media-node/turn/config-file.ts";
import { DENIED_PEERS, isDenied, isPeerRange } from "../../media-node/turn/peers.ts";
import { turnUrls } from "../../media-node/turn/settings.ts";
import { TurnServer } from "../../media-node/turn/turn-server.ts";
import { TurnUrl } from "../../shared/ice.ts";

const REQUIRED = { EDGE_URL: "https://edge.test/", NODE_ID: "n1", NODE_TOKEN: "t", ANNOUNCED_ADDRESS: "203.0.113.7" };
const turnOf = (env: Record<string, string>) => readConfig({ ...REQUIRED, TURN_ENABLED: "true", ...env }).turn;

describe("settings of the TURN server", () => {
	it.each(["true", "TRUE", "1"])("TURN_ENABLED=%s switches it on", (TURN_ENABLED) => {
		expect(turnOf({ TURN_ENABLED })).toEqual({
			...{ port: 3478, relayPorts: { min: 49_152, max: 65_535 }, addresses: ["203.0.113.7"], realm: "switchyard" },
			...{ secret: undefined, allowedPeers: [], userQuota: 40, maxBitrate: 30_000_000, tls: undefined },
			bin: "turnserver",
		});
	});

	it.each(["", "false", "FALSE", "0"])("TURN_ENABLED=%s leaves it off", (TURN_ENABLED) => {
		expect(turnOf({ TURN_ENABLED })).toBeUndefined();
	});

	it.each([
		["TURN_ENABLED", "perhaps"],
		["TURN_PORT", "0"],
		["TURN_RELAY_PORTS", "60000-50000"],
		["TURN_RELAY_PORTS", "50000"],
		["TURN_SECRET", "two words"],
		["TURN_REALM", "a\nno-auth"],
		["TURN_ALLOWED_PEERS", "10.0.0.0/8"],
		["TURN_TLS_CERT", "/cert.pem"],
	])("refuses %s=%s, and names it", (name, value) => {
		expect(() => turnOf({ [name]: value })).toThrow(name);
	});

	it("tell clients one address of each kind, for each way there", () => {
		const env = { ANNOUNCED_ADDRESS: "203.0.113.7,127.0.0.1,2001:db8::7", TURN_PORT: "3479" };
		expect(turnUrls(turnOf(env) ?? expect.fail())).toEqual([
			"turn:203.0.113.7:3479?transport=udp",
			"turn:203.0.113.7:3479?transport=tcp",
			"turn:[2001:db8::7]:3479?transport=udp",
			"turn:[2001:db8::7]:3479?transport=tcp",
		]);
		const named = {
			...env,
			TURN_ADDRESS: "turn.example.org",
			TURN_TLS_CERT: "/c",
			TURN_TLS_KEY: "/k",
			TURN_TLS_PORT: "443",
		};
		const urls = turnUrls(turnOf(named) ?? expect.fail());
		expect(urls).toEqual([
			"turn:turn.example.org:3479?transport=udp",
			"turn:turn.example.org:3479?transport=tcp",
			"turns:turn.example.org:443?transport=tcp",
		]);
		for (const url of urls) expect(TurnUrl.safeParse(url).success).toBe(true);
	});
});

describe("coturn's configuration", () => {
	const options: CoturnOptions = {
		...{ folder: "/tmp/turn", port: 3478, relayPorts: { min: 50_000, max: 50_100 }, realm: "switchyard" },
		...{
			relays: [{ local: "10.0.0.5", external: "203.0.113.7" }],
			secrets: ["one", "two"],
			allowedPeers: ["10.0.0.9"],
		},
		...{ userQuota: 40, maxBitrate: 8_001 },
	};
	const lines = (change: Partial<CoturnOptions> = {}) =>
		coturnConfig({ ...options, ...change })
			.trimEnd()
			.split("\n");

	it("says what was asked for", () => {
		expect(lines()).toEqual(
			expect.arrayContaining([
				...["listening-port=3478", "relay-ip=10.0.0.5", "external-ip=203.0.113.7/10.0.0.5"],
				...["min-port=50000", "max-port=50100", "realm=switchyard", "use-auth-secret"],
				...["static-auth-secret=one", "static-auth-secret=two", "allowed-peer-ip=10.0.0.9"],
				...["user-quota=40", "max-bps=1001"],
			]),
		);
	});

	it("leaves nothing open that is not asked for", () => {
		const shut = ["no-cli", "no-tcp-relay", "no-multicast-peers", "no-tlsv1", "no-tlsv1_1", "no-tls", "no-dtls"];
		expect(lines()).toEqual(
			expect.arrayContaining([...shut, ...DENIED_PEERS.map((range) => `denied-peer-ip=${range}`)]),
		);
		expect(lines().join("\n")).not.toMatch(/no-auth$|allow-loopback|lt-cred-mech|^user=/m);
	});

	it("maps no address where there is no NAT, and speaks TLS where there is a certificate", () => {
		expect(lines({ relays: [{ local: "203.0.113.7", external: "203.0.113.7" }] }).join()).not.toContain("external-ip");
		const secured = lines({ tls: { port: 443, cert: "/cert.pem", key: "/key.pem" }, listen: "203.0.113.7" });
		expect(secured).toEqual(
			expect.arrayContaining(["tls-listening-port=443", "cert=/cert.pem", "pkey=/key.pem", "listening-ip=203.0.113.7"]),
		);
		expect(secured).not.toContain("no-tls");
	});
});

describe("whom it does not relay to", () => {
	it.each([
		...["0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.31.255.255", "192.168.1.1"],
		...["::", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fc00::1", "fd12::1", "fe80::1", "2002:a00:1::1"],
	])("%s", (address) => expect(isDenied(address)).toBe(true));

	it.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.167.255.255", "2606:4700::1111", "2a00::1"])(
		"not %s",
		(address) => expect(isDenied(address)).toBe(false),
	);

	it("reads addresses and ranges", () => {
		expect(["10.0.0.1", "10.0.0.1-10.0.0.9", "fd00::1", "fd00::1-fd00::9"].map(isPeerRange)).toEqual(
			Array(4).fill(true),
		);
		expect(["::-fd00::1", "10.0.0.0/8", "10.0.0.1-fd00::1", "a", "10.0.0.1-", "1-2-3"].map(isPeerRange)).toEqual(
			Array(6).fill(false),
		);
	});
});

describe("what it relays from", () => {
	it("is the address that clients are told, where it is this machine's", async () => {
		expect(await relayAddresses(["127.0.0.1"], "0.0.0.0")).toEqual([{ local: "127.0.0.1", external: "127.0.0.1" }]);
		expect(await relayAddresses(["localhost"], "127.0.0.1")).toMatchObject([
			{ local: expect.stringMatching(/^(127|::1)/) },
		]);
	});

	it("is where it listens, with NAT between", async () => {
		expect(await relayAddresses(["203.0.113.7", "203.0.113.8"], "10.0.0.5")).toEqual([
			{ local: "10.0.0.5", external: "203.0.113.7" },
		]);
	});
});

it("says where coturn is to be had when it is not there", async () => {
	const config = turnOf({ TURNSERVER_BIN: "no-such-turnserver" }) ?? expect.fail();
	await expect(TurnServer.prepare(config, "0.0.0.0", [])).rejects.toThrow(/no-such-turnserver[\s\S]*install.*coturn/);
});
