import { createExecutionContext } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { InteractionRates } from "../../shared/ducksoup.ts";
import edge from "../../worker/index.ts";
import { EDGE, fetchEdge, testEnv } from "./support/client.ts";
import { DucksoupClient, Hall, LAB, newName } from "./support/ducksoup.ts";
import { TestNode } from "./support/node.ts";
import { TestSocket } from "./support/socket.ts";

/** Stands for the static files: tells which was asked for. */
const ASSETS = {
	fetch: async (request: Request) => {
		const { pathname } = new URL(request.url);
		return pathname.includes("nothing") ? new Response("none", { status: 404 }) : new Response(`file ${pathname}`);
	},
};
const password = { Authorization: `Basic ${btoa("ducksoup:not the default")}` };

async function get(path: string, variables: Record<string, unknown> = {}, init: RequestInit = {}) {
	const env = { ...testEnv, ASSETS, ...variables } as unknown as typeof testEnv;
	return edge.fetch(new Request(`${EDGE}${path}`, init), env, createExecutionContext());
}
const statusAndText = async (response: Response) => [response.status, await response.text()];

describe("pages", () => {
	it("for participants are anybody's, those for developers ask for the password", async () => {
		for (const page of ["/test/direct/", "/test/audio_direct/"]) {
			expect(await statusAndText(await get(page))).toEqual([200, `file ${page}`]);
		}
		for (const page of ["/test/mirror/", "/test/interaction/", "/test/play/", "/test/ice/", "/stats/"]) {
			const refused = await get(page);
			expect(refused.headers.get("WWW-Authenticate")).toBe('Basic realm="restricted", charset="UTF-8"');
			expect(await statusAndText(refused)).toEqual([401, "Unauthorized"]);
			expect(await statusAndText(await get(page, {}, { headers: password }))).toEqual([200, `file ${page}`]);
		}
	});

	it("are not reached by a path that leads out of the folder of files", async () => {
		const ways = ["..%5Ctest%5Cmirror%5C", "..%5Cstats%5C", "%2e%2e%5Ctest/play/"];
		for (const way of ways.flatMap((it) => [`/assets/${it}`, `/config/${it}`])) {
			expect([way, (await get(way)).status]).toEqual([way, 404]);
		}
	});

	it("are nobody's without a password, or with the default that everybody knows", async () => {
		const known = { headers: { Authorization: `Basic ${btoa("ducksoup:ducksoup")}` } };
		expect((await get("/test/mirror/", {}, known)).status).toBe(401);
		for (const DUCKSOUP_TEST_PASSWORD of ["", undefined]) {
			for (const text of ["ducksoup:ducksoup", "ducksoup:", ":"]) {
				const init = { headers: { Authorization: `Basic ${btoa(text)}` } };
				expect((await get("/test/mirror/", { DUCKSOUP_TEST_PASSWORD }, init)).status).toBe(401);
			}
		}
		const umlauts = { DUCKSOUP_TEST_LOGIN: "käthe", DUCKSOUP_TEST_PASSWORD: "größe" };
		const utf8 = String.fromCharCode(...new TextEncoder().encode("käthe:größe"));
		expect((await get("/test/mirror/", umlauts, { headers: { Authorization: `Basic ${btoa(utf8)}` } })).status).toBe(
			200,
		);
	});

	it("have a slash at their end, and are there only where DuckSoup is on", async () => {
		const off = { DUCKSOUP_ALLOWED_WS_ORIGINS: "" };
		for (const path of [
			"/test/mirror",
			"/test/",
			"/test/direct",
			"/test/other/",
			"/stats/more/",
			"/assets/nothing.js",
		]) {
			expect((await get(path, {}, { headers: password })).status).toBe(404);
		}
		expect((await get("/stats", { TALKSY: "false" }, { headers: password })).status).toBe(404);
		for (const path of ["/test/direct/", "/test/mirror/", "/stats/"]) {
			expect((await get(path, off, { headers: password })).status).toBe(404);
		}
		expect((await get("/stats/", { DUCKSOUP_GENERATE_STATS: "false" }, { headers: password })).status).toBe(404);
	});

	it("and files are below the prefix where there is one", async () => {
		const prefixed = { DUCKSOUP_WEB_PREFIX: "/lab/" };
		const path = "/assets/latest/js/ducksoup.js";
		expect(await statusAndText(await get(`/lab${path}`, prefixed))).toEqual([200, `file ${path}`]);
		expect(await statusAndText(await get("/lab/config/play.json", prefixed))).toEqual([200, "file /config/play.json"]);
		expect(await statusAndText(await get("/lab/test/direct/", prefixed))).toEqual([200, "file /test/direct/"]);
		expect((await get("/test/direct/", prefixed)).status).toBe(404);
		expect((await get("/lab/test/mirror/", prefixed)).status).toBe(401);
		const socket = await get("/lab/ws", prefixed, { headers: { Upgrade: "websocket", Origin: LAB } });
		expect(socket.status).toBe(101);
		socket.webSocket?.accept();
		socket.webSocket?.close();
	});
});

describe("origins", () => {
	const dial = async (Origin: string, variables: Record<string, string>, at = EDGE) => {
		const request = new Request(`${at}/ws?href=x`, { headers: { Upgrade: "websocket", Origin } });
		const response = await edge.fetch(
			request,
			{ ...testEnv, ...variables } as typeof testEnv,
			createExecutionContext(),
		);
		response.webSocket?.accept();
		response.webSocket?.close();
		return response.status;
	};

	it("of this machine are let in for development, and no others with them", async () => {
		const dev = { DUCKSOUP_MODE: "DEV", DUCKSOUP_ALLOWED_WS_ORIGINS: "" };
		const at = "http://127.0.0.1:8787";
		for (const origin of [at, "http://localhost:8787", "http://localhost:8180"]) {
			expect(await dial(origin, dev, at)).toBe(101);
			expect(await dial(origin, { ...dev, DUCKSOUP_MODE: "PROD", DUCKSOUP_ALLOWED_WS_ORIGINS: LAB }, at)).toBe(403);
		}
		expect(await dial(EDGE, dev)).toBe(403);
		expect(await dial("http://127.0.0.1:9999", dev, at)).toBe(403);
	});
});

describe("what clients are told of ICE", () => {
	it("is a list, with the STUN servers of the settings", async () => {
		const variables = {
			DUCKSOUP_STUN_SERVER_URLS: "stun:a.test:3478, stun:b.test",
			ICE_SERVERS: '[{"urls":"stun:c.test"}]',
		};
		for (const [more, expected] of [
			[
				{},
				[
					{ urls: ["stun:a.test:3478", "stun:b.test"], credentialType: "password" },
					{ urls: ["stun:c.test"], credentialType: "password" },
				],
			],
			[{ DUCKSOUP_STUN_SERVER_URLS: "false", ICE_SERVERS: "[]" }, []],
			[
				{ DUCKSOUP_STUN_SERVER_URLS: "", DUCKSOUP_ICE_SERVERS: "stun:d.test", ICE_SERVERS: "[]" },
				[{ urls: ["stun:d.test"], credentialType: "password" }],
			],
		] as const) {
			const init = { headers: { Upgrade: "websocket", Origin: LAB } };
			const { webSocket } = await get("/ws?href=x", { ...variables, ...more }, init);
			if (!webSocket) throw new Error("not upgraded");
			const client = new DucksoupClient(new TestSocket(webSocket));
			client.say("join", { interactionName: newName(), userId: "ann" });
			expect((await client.told("joined")).iceServers).toEqual(expected);
			client.socket.close();
		}
	});
});

describe("who cannot be let in", () => {
	it("is told whether that is what it said, or what became of it here", async () => {
		const ROOM = { getByName: () => ({ fetch: () => Promise.reject(new Error("overloaded")) }) };
		const init = { headers: { Upgrade: "websocket", Origin: LAB } };
		for (const [options, kind] of [
			[{ interactionName: "", userId: "ann" }, "error-join"],
			[{ interactionName: newName(), userId: "ann" }, "error-peer-connection"],
		] as const) {
			const { webSocket } = await get("/ws?href=x", { ROOM }, init);
			if (!webSocket) throw new Error("not upgraded");
			const client = new DucksoupClient(new TestSocket(webSocket));
			client.say("join", options);
			expect(await client.told(kind)).toBeNull();
			expect((await client.socket.closed).code).toBe(1000);
		}
	});
});

describe("who says nothing", () => {
	it("is sent away after ten seconds, which is logged", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		const told = vi.spyOn(console, "log").mockImplementation(() => {});
		try {
			const init = { headers: { Upgrade: "websocket", Origin: LAB } };
			const { webSocket } = await get("/ws?href=x", { DUCKSOUP_LOG_STDOUT: "true" }, init);
			if (!webSocket) throw new Error("not upgraded");
			const { closed } = new TestSocket(webSocket);
			vi.advanceTimersByTime(10_000);
			expect((await closed).code).toBe(1000);
			const lines = told.mock.calls.map(([line]) => JSON.parse(String(line)) as object);
			expect(lines).toContainEqual(
				expect.objectContaining({
					level: "error",
					context: "signaling",
					message: "join_payload_too_late",
					origin: LAB,
				}),
			);
		} finally {
			told.mockRestore();
			vi.useRealTimers();
		}
	});
});

describe("the microphone's check", () => {
	const data = { noiseLevels: 1.5, volumeLevels: 20, passed: true, timestamp: "2026-11-21T10:00:00.000Z" };
	let callers = 0;
	const post = (body: unknown, path = "/POST_audio_test") => {
		const headers = { "CF-Connecting-IP": `192.0.2.${++callers}` };
		return get(path, {}, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
	};
	const authorized = { headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}` } };

	it("is kept with its interaction, the latest in place of others, and read with a key", async () => {
		const interaction = newName();
		for (const [path, noiseLevels] of [
			["/POST_audio_test", 9],
			["/audio_test", 1.5],
		] as const) {
			const told = { namespace: "la/b", interaction: `../${interaction}`, data: { ...data, noiseLevels }, more: 1 };
			expect(await statusAndText(await post(told, path))).toEqual([200, ""]);
		}
		const files = `/v1/ducksoup/lab/${interaction}/files`;
		expect((await fetchEdge(files)).status).toBe(401);
		const text = `${JSON.stringify(data, null, 2)}\n`;
		const { items } = (await (await fetchEdge(files, authorized)).json()) as { items: object[] };
		expect(items).toEqual([{ name: "audio_test_results.json", bytes: text.length, changedAt: expect.any(Number) }]);
		const file = `${files}/audio_test_results.json`;
		expect(await (await fetchEdge(file, authorized)).text()).toBe(text);
		expect((await fetchEdge(file, { ...authorized, method: "DELETE" })).status).toBe(204);
		expect((await fetchEdge(file, authorized)).status).toBe(404);
		expect((await fetchEdge(file, { ...authorized, method: "DELETE" })).status).toBe(404);
		expect(await (await fetchEdge(files, authorized)).json()).toEqual({ items: [] });
	});

	it("is taken from pages of this edge and of allowed origins, and not without end", async () => {
		const interaction = newName();
		const body = JSON.stringify({ namespace: "lab", interaction, data });
		const from = async (Origin: string, address = interaction) => {
			const headers = { Origin, "CF-Connecting-IP": address };
			return (await get("/audio_test", {}, { method: "POST", body, headers })).status;
		};
		expect(await from("https://evil.test")).toBe(403);
		const kept = await fetchEdge(`/v1/ducksoup/lab/${interaction}/files`, authorized);
		expect(await kept.json()).toEqual({ items: [] });
		expect([await from(EDGE), await from(LAB)]).toEqual([200, 200]);
		const statuses = await Promise.all(Array.from({ length: 20 }, () => from(EDGE)));
		expect(statuses).toContain(429);
		expect(await from(EDGE, "192.0.2.77")).toBe(200);
	});

	it("is refused where it is none, or long", async () => {
		expect((await get("/POST_audio_test")).status).toBe(405);
		expect((await get("/audio_test", {}, { method: "PUT", body: "{}" })).status).toBe(405);
		const whole = { namespace: "lab", interaction: "hall", data };
		for (const body of [
			...["", "{", "[]", { ...whole, data: 5 }, { ...whole, namespace: ".." }, { ...whole, interaction: "" }],
			...[
				{ ...whole, data: { ...data, passed: "yes" } },
				{ ...whole, more: "x".repeat(20_000) },
			],
		]) {
			expect((await post(body)).status).toBe(400);
		}
	});
});

describe("the statistics feed", () => {
	let node: TestNode;
	beforeAll(async () => {
		node = await TestNode.register("ducksoup-feed-node");
	});
	const feed = (headers: Record<string, string>, variables = {}) =>
		get("/ws?type=stats", variables, { headers: { Upgrade: "websocket", ...headers } });

	it("asks for an origin that is allowed, and for the password or the cookie of the page", async () => {
		expect((await feed({ Origin: "https://evil.test", ...password })).status).toBe(403);
		expect((await feed({ Origin: LAB })).status).toBe(401);
		expect((await feed({ Origin: LAB, Cookie: "ducksoup_statistics=9999999999999.abc" })).status).toBe(401);
	});

	it("tells of what runs, each 900 ms", async () => {
		const hall = new Hall(node, { duration: 60 });
		const [ann, ben] = await hall.started();
		const stream = { bytes: 1, packets: 1, lost: 0 };
		const of = (own: string, other: string, available?: number) => ({
			...{ bytesReceived: 1, bytesSent: 1, receiveBitrate: 1, sendBitrate: 1, available },
			received: [{ ...stream, track: own, codec: "video/VP8", bitrate: 512_345 }],
			sent: [{ ...stream, track: other, codec: "video/VP8", bitrate: 498_700, fractionLost: 0 }],
		});
		const [mine = "", cam = ""] = ann.tracks;
		const theirs = ben.tracks[1] ?? "";
		const statistics = { [ann.endpoint]: of(cam, theirs, 400_000), [ben.endpoint]: of(theirs, cam) };
		hall.link.report({ type: "statistics", statistics });

		const page = await get("/stats/", {}, { headers: password });
		const cookie = page.headers.get("Set-Cookie") ?? "";
		expect(cookie).toMatch(/HttpOnly; Secure; SameSite=Strict/);
		const { webSocket } = await feed({ Origin: LAB, Cookie: cookie.split(";")[0] ?? "" });
		if (!webSocket) throw new Error("not upgraded");
		const socket = new TestSocket(webSocket);
		const key = `${LAB}#default#${hall.name}`;
		const update = async () => {
			const frame = await socket.take<{ kind: string; payload: InteractionRates }>(
				(it) => (it as { payload: InteractionRates }).payload[key] !== undefined,
			);
			expect(frame.kind).toBe("update");
			return frame.payload[key];
		};
		const first = await update();
		const began = Date.now();
		expect(first?.[cam]).toEqual({ From: "ann", Kind: "video", IntputKbs: 512, OutputKbs: 499, TargetKbs: 800 });
		expect(first?.[theirs]).toEqual({ From: "ben", Kind: "video", IntputKbs: 512, OutputKbs: 499, TargetKbs: 400 });
		expect(first?.[mine]).toMatchObject({ From: "ann", Kind: "audio", IntputKbs: 0, OutputKbs: 0, TargetKbs: 64 });
		await update();
		expect(Date.now() - began).toBeGreaterThan(600);
		socket.close(1000);
	});

	it("says nothing where statistics are off", async () => {
		const { webSocket, status } = await feed({ Origin: LAB }, { DUCKSOUP_GENERATE_STATS: "false" });
		expect(status).toBe(101);
		webSocket?.accept();
		webSocket?.close();
	});
});
