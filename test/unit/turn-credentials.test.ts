import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { IceServerInput, IceUrl, TurnUrl } from "../../shared/ice.ts";
import { CloudflareTurn } from "../../worker/ice/cloudflare.ts";
import { turnCredential, turnSecretOf, turnUserOf } from "../../worker/ice/credentials.ts";
import { nearestRelays, type Relay } from "../../worker/ice/relays.ts";
import { iceSettings } from "../../worker/ice/settings.ts";

const AUTH_KEY = Buffer.alloc(32, 7).toString("base64");

describe("a TURN credential", () => {
	it("is the expiry and the user, signed with HMAC-SHA1 as the draft says", async () => {
		const { username, credential } = await turnCredential("s3cret", "mbzrxpgjys", 12_334_939);
		expect(username).toBe("12334939:mbzrxpgjys");
		expect(credential).toBe(createHmac("sha1", "s3cret").update(username).digest("base64"));
		// As `openssl dgst -sha1 -hmac s3cret -binary | base64` has it.
		expect(credential).toBe("roStGG6/DhEtI24xtUwVng2imKk=");
	});

	it("of a node needs a secret that is the node's own, and the same each time", async () => {
		const [one, again, other] = await Promise.all(["n1", "n1", "n2"].map((node) => turnSecretOf({ AUTH_KEY }, node)));
		expect(one).toMatch(/^[0-9a-f]{64}$/);
		expect(again).toBe(one);
		expect(other).not.toBe(one);
		expect(await turnSecretOf({ AUTH_KEY: Buffer.alloc(32, 8).toString("base64") }, "n1")).not.toBe(one);
	});

	it("names its user without telling who that is", async () => {
		const user = await turnUserOf({ AUTH_KEY }, "standup", "alice");
		expect(user).toMatch(/^[0-9a-f]{16}$/);
		expect(await turnUserOf({ AUTH_KEY }, "standup", "alice")).toBe(user);
		expect(await turnUserOf({ AUTH_KEY }, "standupa", "lice")).not.toBe(user);
	});
});

describe("URLs of ICE servers", () => {
	it.each([
		"turn:203.0.113.7",
		"turn:turn.example.org:3478?transport=udp",
		"turns:turn.example.org:443?transport=tcp",
		"turn:[2001:db8::7]:3478",
	])("%s is one of a TURN server", (url) => {
		expect(TurnUrl.safeParse(url).success).toBe(true);
		expect(IceUrl.safeParse(url).success).toBe(true);
	});

	it.each(["stun:stun.example.org", "https://turn.example.org", "turn:", "turn://example.org", "turn:a b"])(
		"%s is not",
		(url) => expect(TurnUrl.safeParse(url).success).toBe(false),
	);

	it("may come alone, as W3C allows", () => {
		expect(IceServerInput.parse({ urls: "stun:stun.example.org:3478" })).toEqual({
			urls: ["stun:stun.example.org:3478"],
		});
	});
});

describe("settings", () => {
	const read = (variables: Record<string, string>) => iceSettings({ ...variables } as never);

	it("are nothing unless given", () => {
		expect(read({})).toEqual({ fixed: [], turn: undefined, cloudflare: undefined, lifeSeconds: 43_200 });
	});

	it("are read from their variables", () => {
		expect(
			read({
				ICE_SERVERS: '[{"urls":"stun:stun.example.org"}]',
				TURN_URLS: "turn:a.example.org, turns:a.example.org:443",
				TURN_SECRET: "s3cret",
				TURN_TTL: "600",
				TURN_KEY_ID: "key",
				TURN_KEY_API_TOKEN: "token",
			}),
		).toEqual({
			fixed: [{ urls: ["stun:stun.example.org"] }],
			turn: { urls: ["turn:a.example.org", "turns:a.example.org:443"], secret: "s3cret" },
			cloudflare: { id: "key", token: "token" },
			lifeSeconds: 600,
		});
	});

	it.each([
		[{ ICE_SERVERS: "stun:a" }, "ICE_SERVERS is not JSON"],
		[{ ICE_SERVERS: '[{"urls":["http://a"]}]' }, "ICE_SERVERS.0.urls"],
		[{ TURN_URLS: "turn:a" }, "TURN_SECRET"],
		[{ TURN_URLS: "a", TURN_SECRET: "s" }, "TURN_URLS.0"],
		[{ TURN_KEY_ID: "a" }, "TURN_KEY_API_TOKEN"],
		[{ TURN_TTL: "172801" }, "TURN_TTL"],
	])("%j is named as what is wrong", (variables, message) => {
		expect(() => read(variables)).toThrow(message);
	});
});

describe("which nodes' TURN servers somebody gets", () => {
	const relay = (node: string, region: string, latitude?: number, longitude?: number): Relay => ({
		...{ node, region, urls: [`turn:${node}`], place: { latitude, longitude } },
	});
	const names = (relays: Relay[]) => relays.map(({ node }) => node);
	const europe = [relay("fra", "eu-central", 50.1, 8.7), relay("ams", "eu-west", 52.4, 4.9)];
	const oregon = relay("pdx", "us-west", 45.5, -122.7);
	const berlin = { latitude: 52.5, longitude: 13.4 };

	it("are the two nearest", () => {
		expect(names(nearestRelays([oregon, ...europe], berlin, "u")).sort()).toEqual(["ams", "fra"]);
	});

	it("are of the region asked for, if there are any", () => {
		expect(names(nearestRelays([...europe, oregon], { ...berlin, region: "us" }, "u"))[0]).toBe("pdx");
	});

	it("are the same each time, and spread over the users where many are equally near", () => {
		const many = Array.from({ length: 10 }, (_, i) => relay(`n${i}`, "eu", 50, 8));
		const first = new Map<string, number>();
		for (let i = 0; i < 1_000; i++) {
			const chosen = names(nearestRelays(many, berlin, `user-${i}`));
			expect(names(nearestRelays(many.toReversed(), berlin, `user-${i}`))).toEqual(chosen);
			expect(new Set(chosen).size).toBe(2);
			first.set(chosen[0] ?? "", (first.get(chosen[0] ?? "") ?? 0) + 1);
		}
		expect(first.size).toBe(10);
		expect(Math.max(...first.values())).toBeLessThan(150);
	});
});

describe("Cloudflare's TURN service", () => {
	const key = { id: "key id", token: "token" };
	const issued = {
		iceServers: [
			{ urls: ["stun:stun.cloudflare.com:3478", "stun:stun.cloudflare.com:53"] },
			{
				urls: [
					"turn:turn.cloudflare.com:3478?transport=udp",
					"turn:turn.cloudflare.com:53?transport=udp",
					"turns:turn.cloudflare.com:5349?transport=tcp",
				],
				...{ username: "u", credential: "c" },
			},
			{ urls: "turn:turn.cloudflare.com:53" },
		],
	};
	const fetched = vi.fn<typeof fetch>();

	beforeEach(() => {
		vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
		vi.spyOn(console, "error").mockImplementation(() => {});
		vi.stubGlobal(
			"fetch",
			fetched.mockReset().mockImplementation(async () => Response.json(issued, { status: 201 })),
		);
	});
	afterEach(() => {
		vi.useRealTimers();
		vi.unstubAllGlobals();
		vi.restoreAllMocks();
	});

	it("is asked with the key, and what browsers block is left out", async () => {
		expect(await new CloudflareTurn().current(key, 600)).toEqual({
			iceServers: [
				{ urls: ["stun:stun.cloudflare.com:3478"] },
				{
					urls: ["turn:turn.cloudflare.com:3478?transport=udp", "turns:turn.cloudflare.com:5349?transport=tcp"],
					...{ username: "u", credential: "c" },
				},
			],
			expiresAt: 1_800_000_600_000,
		});
		const [url, init] = fetched.mock.calls[0] ?? [];
		expect(url).toBe("https://rtc.live.cloudflare.com/v1/turn/keys/key%20id/credentials/generate-ice-servers");
		expect(init).toMatchObject({ method: "POST", body: '{"ttl":600}' });
		expect(new Headers(init?.headers).get("authorization")).toBe("Bearer token");
	});

	it("is asked again at half of their life, and once by many", async () => {
		const turn = new CloudflareTurn();
		await Promise.all(Array.from({ length: 5 }, () => turn.current(key, 600)));
		vi.setSystemTime(1_800_000_299_000);
		await turn.current(key, 600);
		expect(fetched).toHaveBeenCalledTimes(1);
		vi.setSystemTime(1_800_000_301_000);
		expect((await turn.current(key, 600))?.expiresAt).toBe(1_800_000_901_000);
		expect(fetched).toHaveBeenCalledTimes(2);
	});

	it("that fails leaves the former credentials while they last, and is spared for a while", async () => {
		const turn = new CloudflareTurn();
		await turn.current(key, 600);
		fetched.mockImplementation(async () => new Response("no", { status: 500 }));
		vi.setSystemTime(1_800_000_400_000);
		expect((await turn.current(key, 600))?.expiresAt).toBe(1_800_000_600_000);
		await turn.current(key, 600);
		expect(fetched).toHaveBeenCalledTimes(2);
		vi.setSystemTime(1_800_000_601_000);
		expect(await turn.current(key, 600)).toBeUndefined();
		expect(fetched).toHaveBeenCalledTimes(3);
		fetched.mockImplementation(async () => Response.json({ iceServers: "?" }, { status: 201 }));
		vi.setSystemTime(1_800_000_632_000);
		expect(await turn.current(key, 600)).toBeUndefined();
		fetched.mockImplementation(async () => Response.json(issued, { status: 201 }));
		vi.setSystemTime(1_800_000_663_000);
		expect((await turn.current(key, 600))?.iceServers).toHaveLength(2);
	});
});
