import { reset } from "cloudflare:test";
import { SignJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { IceServers } from "../../shared/ice.ts";
import { mintNodeToken } from "../../worker/auth/tokens.ts";
import { turnCredential } from "../../worker/ice/credentials.ts";
import app from "../../worker/index.ts";
import { EDGE, fetchEdge, newRoom, TestClient, testEnv, tokenFor } from "./support/client.ts";
import { dial, listed, load, next, registration, settled } from "./support/nodes.ts";
import type { TestSocket } from "./support/socket.ts";

const URLS = ["turn:203.0.113.7:3478?transport=udp", "turn:203.0.113.7:3478?transport=tcp"];

// What Fleet answered is remembered in the isolate for each of its regions: each test that has nodes has its own.
afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

/** With the API key unless a token is given, and with other variables of the edge. */
async function ask(
	{ token = testEnv.AUTH_KEY, ...query }: { token?: string; region?: string; user?: string } = {},
	variables: Record<string, string> = {},
) {
	const url = `${EDGE}/v1/ice-servers?${new URLSearchParams(query)}`;
	const request = new Request(url, { headers: { Authorization: `Bearer ${token}` } });
	const response = await app.fetch(request, { ...testEnv, ...variables });
	return { status: response.status, headers: response.headers, body: (await response.json()) as IceServers };
}

const refused = (status: number, code: string) =>
	expect.objectContaining({ status, body: { error: { code, message: expect.any(String) } } });

/** A node with a TURN server, which answers unless said otherwise. Returns the secret it was told. */
async function turnNode(node: string, region: string, turn = true): Promise<{ socket: TestSocket; secret: string }> {
	const socket = await dial(node, region);
	socket.send(registration(node, { region, turn: URLS, load: { ...load, turn } }));
	const { secret } = await next(socket, "turn");
	return { socket, secret };
}

describe("who may ask for ICE servers", () => {
	it("is whoever has an API key, a participant's or a session's token", async () => {
		const room = newRoom();
		const client = await TestClient.open(room, "alice");
		for (const token of [testEnv.AUTH_KEY, await tokenFor(room, "alice"), client.welcome.session.token]) {
			const { status, headers, body } = await ask({ token });
			expect(status).toBe(200);
			expect(headers.get("cache-control")).toBe("no-store");
			expect(body).toEqual({ iceServers: [] });
		}
	});

	it("is nobody else", async () => {
		const wrong = new SignJWT({ room: "r" }).setProtectedHeader({ alg: "HS256" }).setSubject("a");
		const forged = await wrong.setAudience("switchyard:participant").setExpirationTime("1m").sign(new Uint8Array(32));
		const { token: nodes } = await mintNodeToken(testEnv, { node: "n" });
		for (const token of ["a.b.c", forged, nodes, await tokenFor("r", "a", {}, -60), "bm90IHRoZSBrZXk="]) {
			expect(await ask({ token }), token).toEqual(refused(401, "unauthorized"));
		}
		expect((await fetchEdge("/v1/ice-servers")).status).toBe(401);
	});

	it("is described in OpenAPI, and may be a page of another origin", async () => {
		const description = (await (await fetchEdge("/v1/openapi.json")).json()) as {
			paths: Record<string, { get: { security: unknown } }>;
		};
		expect(description.paths["/ice-servers"]?.get.security).toEqual([{ apiKey: [] }, { participant: [] }]);
		const preflight = await fetchEdge("/v1/ice-servers", {
			method: "OPTIONS",
			headers: { Origin: "https://app.test", "Access-Control-Request-Method": "GET" },
		});
		expect(preflight.headers.get("access-control-allow-origin")).toBe("https://app.test");
	});

	it("is a participant that does not ask too often", async () => {
		const token = await tokenFor(newRoom(), "alice");
		const variables = { MAX_MESSAGES_PER_SECOND: "1" };
		const statuses = [];
		for (let i = 0; i < 3; i++) statuses.push((await ask({ token }, variables)).status);
		expect(statuses).toEqual([200, 200, 429]);
		expect((await ask({ token: await tokenFor(newRoom(), "alice") }, variables)).status).toBe(200);
	});
});

describe("one's own TURN servers", () => {
	const variables = {
		...{ TURN_URLS: "turn:turn.example.org,turns:turn.example.org:443", TURN_SECRET: "s3cret", TURN_TTL: "600" },
		ICE_SERVERS: '[{"urls":"stun:stun.example.org"}]',
	};

	it("are given with a credential that ends", async () => {
		vi.useFakeTimers({ toFake: ["Date"], now: 1_900_000_000_500 });
		const { body } = await ask({ token: await tokenFor("standup", "alice") }, variables);
		const [, user] = body.iceServers[1]?.username?.split(":") ?? [];
		expect(body).toEqual({
			iceServers: [
				{ urls: ["stun:stun.example.org"] },
				{
					urls: ["turn:turn.example.org", "turns:turn.example.org:443"],
					...(await turnCredential("s3cret", user ?? "", 1_900_000_600)),
				},
			],
			expiresAt: 1_900_000_600_000,
		});
	});

	it("know each participant by one name that says nothing", async () => {
		const userOf = async (query: Parameters<typeof ask>[0]) => {
			const { body } = await ask(query, variables);
			return body.iceServers[1]?.username?.split(":")[1];
		};
		const alice = await userOf({ token: await tokenFor("standup", "alice") });
		expect(alice).toMatch(/^[0-9a-f]{16}$/);
		expect(await userOf({ token: await tokenFor("standup", "alice") })).toBe(alice);
		const others = [{ token: await tokenFor("standup", "bob") }, { user: "alice" }, { user: "bob" }, {}];
		const names = await Promise.all(others.map(userOf));
		expect(new Set([alice, ...names]).size).toBe(5);
	});

	it("set up wrongly are the operator's to mend", async () => {
		const error = vi.spyOn(console, "error").mockImplementation(() => {});
		expect(await ask({}, { TURN_URLS: "turn:a" })).toEqual(refused(500, "internal"));
		expect(JSON.stringify(error.mock.calls)).toContain("TURN_SECRET");
	});
});

describe("a node's TURN server", () => {
	it("is given with a credential that the node can check", async () => {
		const { secret } = await turnNode("waw", "eu-east");
		const { body } = await ask({ token: await tokenFor("standup", "alice", {}, 60, "eu-east") });
		const [server] = body.iceServers;
		const [expires, user] = server?.username?.split(":") ?? [];
		expect(server).toEqual({ urls: URLS, ...(await turnCredential(secret, user ?? "", Number(expires))) });
		expect(body.expiresAt).toBe(Number(expires) * 1_000);
		expect(Number(expires) - Date.now() / 1_000).toBeGreaterThan(43_000);
		expect((await listed()).items).toMatchObject([{ id: "waw", turn: URLS, load: { turn: true } }]);
	});

	it("of another hub is given where the own has none", async () => {
		await turnNode("pdx", "us-west");
		expect((await ask({ region: "us-east" })).body.iceServers).toMatchObject([{ urls: URLS }]);
	});

	it("that does not answer, or drains, is not given", async () => {
		const { socket } = await turnNode("sao", "sa-east", false);
		expect((await ask({ region: "sa-east" })).body.iceServers).toEqual([]);
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
		socket.send({ type: "load", load: { ...load, turn: true } });
		await settled(socket);
		expect((await ask({ region: "sa-east" })).body.iceServers).toHaveLength(1);
		vi.setSystemTime(Date.now() + 31_000);
		socket.send({ type: "load", load: { ...load, turn: true } });
		socket.send({ type: "draining" });
		await settled(socket);
		expect((await ask({ region: "sa-east" })).body.iceServers).toEqual([]);
	});

	it("is told to a socket as soon as it is known, and with the welcome from then on", async () => {
		await turnNode("syd", "au-east");
		const room = newRoom();
		const first = await TestClient.open(room, "alice", {}, "au-east");
		expect(first.welcome.iceServers).toEqual([]);
		const { iceServers, expiresAt } = await first.news("iceServers");
		expect(iceServers).toMatchObject([{ urls: URLS }]);
		const second = await TestClient.open(room, "bob", {}, "au-east");
		expect(second.welcome).toMatchObject({ iceServers: [{ urls: URLS }] });
		expect(second.welcome.iceServersExpireAt).toBeGreaterThanOrEqual(expiresAt ?? Number.POSITIVE_INFINITY);
		// Whose they are is in them.
		expect(second.welcome.iceServers[0]?.username).not.toBe(iceServers[0]?.username);
	});

	it("costs nobody a frame where there is none", async () => {
		const client = await TestClient.join(newRoom(), "alice", { region: "af-south" });
		expect(await client.settled()).not.toContainEqual(expect.objectContaining({ type: "iceServers" }));
	});
});
