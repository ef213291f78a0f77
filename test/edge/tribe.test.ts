import { describe, expect, it } from "vitest";
import { TRIBE_ERROR } from "../../shared/tribe.ts";
import { fetchEdge, newRoom, TestClient, testEnv, tokenFor } from "./support/client.ts";
import { sign } from "./support/odoo.ts";
import { bearerFor, device, nobody, TribeClient } from "./support/tribe.ts";

const raw = (client: TribeClient, data: string | ArrayBuffer) => client.socket.send(data);
const small = { audio: true, video: { width: { min: "213", max: "640" }, height: { min: "193", max: "580" } } };
const rates = { min: "10", max: "30" };
const configuration = (width: number, height: number) => ({
	audio: true,
	video: {
		width: { min: String(Math.floor(width / 3)), max: String(width) },
		height: { min: String(Math.floor(height / 3)), max: String(height) },
		frameRate: rates,
	},
});

describe("error codes", () => {
	it("are the page's, in decimal", () => {
		expect(Object.values(TRIBE_ERROR)).toEqual([
			...[1280, 1281, 1282, 1283, 1284, 1285, 1286, 1287, 1288, 1289, 1296, 1297, 1298, 1299, 1300],
			...[1301, 1302, 1303, 1304, 1305, 1312, 1313, 1314, 1315, 1316, 1317, 1318, 1319, 1320, 1321],
			...[1328, 1329, 1330],
		]);
	});
});

describe("frames", () => {
	it("that are not JSON, or no request, are answered in general, before joining and after", async () => {
		const [joined] = (await TribeClient.room("a")) as [TribeClient];
		for (const client of [await TribeClient.dial(), joined]) {
			for (const frame of ["", "{", "ping", "pong", "nonsense", "[]", "5", "null", '"join"', '{"a":5}', "{}"]) {
				raw(client, frame);
				expect(await client.answer("general")).toEqual({ a: "generalR", s: false, e: 0x502 });
			}
			raw(client, new TextEncoder().encode("[").buffer as ArrayBuffer);
			expect(await client.answer("general")).toEqual({ a: "generalR", s: false, e: 1282 });
		}
	});

	it("may be binary", async () => {
		const client = await TribeClient.dial();
		const join = { a: "join", d: { roomId: newRoom(), bearer: await bearerFor("a"), ...device } };
		raw(client, new TextEncoder().encode(JSON.stringify(join)).buffer as ArrayBuffer);
		expect(await client.answer("join")).toMatchObject({ s: true });
	});

	it("of 64 KiB are taken, and larger ones close the socket", async () => {
		const [a, b] = (await TribeClient.room("a", "b")) as [TribeClient, TribeClient];
		const frame = (message: string) => JSON.stringify({ a: "sendMessage", d: { to: b.id, message } });
		const largest = "x".repeat(65_536 - frame("").length);
		raw(a, frame(largest));
		expect(await a.answer("sendMessage")).toMatchObject({ s: true });
		expect(await b.data("eventMessage")).toEqual({ from: a.session, message: largest });
		raw(a, frame(`${largest}x`));
		expect((await a.socket.closed).code).toBe(1009);
		const stranger = await TribeClient.dial();
		raw(stranger, frame(`${largest}x`));
		expect((await stranger.socket.closed).code).toBe(1009);
	});

	it("of other actions than join and reconnect need a room", async () => {
		const client = await TribeClient.dial();
		for (const action of ["exchangeSdp", "exchangeCandidate", "sendMessage", "orientationChange", "eventCpu", "what"]) {
			expect(await client.call(action, {})).toEqual({ a: `${action}R`, s: false, e: 0x511 });
		}
		await client.join(newRoom(), "a");
		expect(await client.call("what", {})).toEqual({ a: "whatR", s: false, e: 0x510 });
	});

	it("lack what they need, or have it wrong", async () => {
		const [a, b] = (await TribeClient.room("a", "b")) as [TribeClient, TribeClient];
		const to = b.id;
		const cases: [string, unknown, number][] = [
			["exchangeSdp", undefined, 0x503],
			["exchangeSdp", { to }, 0x503],
			["exchangeSdp", { to, sdp: { type: "offer" } }, 0x503],
			["exchangeSdp", { to, sdp: "v=0" }, 0x502],
			["exchangeSdp", { to: 5, sdp: { type: "offer", sdp: "v=0" } }, 0x502],
			["exchangeCandidate", { to }, 0x503],
			["exchangeCandidate", { to, candidate: {} }, 0x503],
			["exchangeCandidate", { to, candidate: { candidate: 5 } }, 0x502],
			["sendMessage", { to }, 0x503],
			["sendMessage", { message: 1 }, 0x503],
			["orientationChange", { orientation: "up" }, 0x502],
			["eventCpu", {}, 0x503],
			["eventNetworkChange", { networkType: 5 }, 0x502],
		];
		for (const [action, data, e] of cases) {
			expect([data, await a.call(action, data)]).toEqual([data, { a: `${action}R`, s: false, e }]);
		}
	});

	it("beyond the rate are refused, and the socket closes in the end", async () => {
		const client = await TribeClient.join(newRoom(), "a");
		for (let i = 0; i < 600; i++) raw(client, "{");
		expect((await client.socket.closed).code).toBe(4006);
	});
});

describe("join", () => {
	it("answers who one is, who is there, and what to capture", async () => {
		const room = newRoom();
		const a = await TribeClient.dial();
		const first = await a.join(room, "ada");
		expect(first).toEqual({
			socketId: expect.stringMatching(/^[0-9A-F]{32}$/),
			userId: "ada",
			roomSize: 1,
			userMediaConfiguration: { ...small, video: { ...small.video, frameRate: rates } },
			sessions: [],
		});
		const b = await TribeClient.dial();
		expect(await b.join(room, "ben")).toMatchObject({
			userId: "ben",
			roomSize: 2,
			sessions: [{ socketId: first.socketId, userId: "ada" }],
		});
	});

	it("tells both sides how the other holds its device, and the others what to capture", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "ada", { orientation: 180, camera: "back", platform: "Android" });
		const b = await TribeClient.join(room, "ben", { orientation: 0 });
		expect(await b.settled()).toEqual([
			{
				a: "eventOrientationChange",
				d: { from: a.session, platform: "Android", orientation: 180, camera: "back" },
			},
		]);
		expect(await a.settled()).toEqual([
			{ a: "eventUserMediaConfiguration", d: configuration(640, 580) },
			{ a: "eventOrientationChange", d: { from: b.session, platform: "iOS", orientation: 0, camera: "front" } },
		]);
	});

	it("makes pictures smaller the more people there are, up to eight", async () => {
		const room = newRoom();
		const clients: TribeClient[] = [];
		const sizes = [
			...[configuration(640, 580), configuration(640, 580), configuration(640, 580), configuration(320, 290)],
			...[configuration(320, 290), configuration(320, 193), configuration(320, 193), configuration(320, 145)],
		];
		for (const [n, size] of sizes.entries()) {
			const client = await TribeClient.join(room, `user ${n}`);
			expect(client.joined.userMediaConfiguration).toEqual(size);
			expect(client.joined.roomSize).toBe(n + 1);
			for (const other of clients) expect(await other.data("eventUserMediaConfiguration")).toEqual(size);
			clients.push(client);
		}
		const ninth = await TribeClient.dial();
		const join = { roomId: room, bearer: await bearerFor("late"), ...device };
		expect(await ninth.call("join", join)).toEqual({ a: "joinR", s: false, e: 0x524 });
		// It may go elsewhere, and come when somebody has left.
		clients[3]?.socket.close(1000);
		await clients[0]?.data("eventLeave");
		expect(await ninth.call("join", join)).toMatchObject({ a: "joinR", s: true, d: { roomSize: 8 } });
		expect(await ninth.call("join", join)).toEqual({ a: "joinR", s: false, e: 0x523 });
		expect(await ninth.call("reconnect", { socketId: ninth.joined?.socketId ?? "x" })).toMatchObject({ e: 0x523 });
	});

	it("takes a bearer of the secret only", async () => {
		const client = await TribeClient.dial();
		const roomId = newRoom();
		const past = Math.floor(Date.now() / 1000) - 1;
		const text = Uint8Array.from(testEnv.AUTH_KEY, (c) => c.charCodeAt(0));
		const bad = [
			"x",
			"a.b.c",
			await bearerFor("a", { exp: past }),
			await bearerFor("a", { nbf: past + 1000 }),
			await bearerFor("a", {}, { key: new Uint8Array(32) }),
			await bearerFor("a", {}, { alg: "HS512" }),
			await bearerFor("a", {}, { alg: "none" }),
			await bearerFor(""),
			await bearerFor(undefined),
			await bearerFor({ name: "a" }),
			await bearerFor("a", { roomId: "another" }),
			await bearerFor("a", { aud: "switchyard:participant" }),
			await tokenFor(roomId, "a"),
			await sign({ session_id: 5 }),
		];
		for (const bearer of bad) {
			expect([bearer, await client.call("join", { ...device, roomId, bearer })]).toEqual([
				bearer,
				{ a: "joinR", s: false, e: 0x506 },
			]);
		}
		for (const bearer of [undefined, null, ""]) {
			expect(await client.call("join", { ...device, roomId, bearer })).toMatchObject({ e: 0x503 });
		}
		expect(await client.call("join", { ...device, roomId: "", bearer: "x" })).toMatchObject({ e: 0x503 });
		expect(await client.call("join", { ...device, roomId: 5, bearer: "x" })).toMatchObject({ e: 0x502 });
		for (const bearer of [
			await bearerFor("a", { exp: past + 60, roomId }),
			await bearerFor("a", {}, { alphabet: "standard" }),
			// As those sign who take the key for a text.
			await bearerFor("a", {}, { key: text }),
			await bearerFor(17),
		]) {
			const another = await TribeClient.dial();
			expect(await another.call("join", { roomId, bearer })).toMatchObject({ a: "joinR", s: true });
		}
	});

	it("names rooms by any text, and leaves by their names", async () => {
		for (const room of [`w__${crypto.randomUUID()}`, `été / ${crypto.randomUUID()} ✓`]) {
			const a = await TribeClient.join(room, "a");
			const b = await TribeClient.join(room, "b");
			b.socket.close();
			expect(await a.data("eventLeave")).toEqual({ roomId: room, roomSize: 1, ...b.session });
		}
	});

	it("is one join of a user, who may be in a room twice", async () => {
		const [a, b] = (await TribeClient.room("same", "same")) as [TribeClient, TribeClient];
		expect(a.id).not.toBe(b.id);
	});

	it("needs a WebSocket", async () => {
		expect((await fetchEdge("/api")).status).toBe(426);
	});
});

describe("peers", () => {
	it("send each other anything", async () => {
		const [a, b, c] = (await TribeClient.room("a", "b", "c")) as [TribeClient, TribeClient, TribeClient];
		for (const message of [{ isVideoEnabled: true }, [1, "two"], "text", 0, false, null]) {
			expect(await a.call("sendMessage", { to: b.id, message })).toEqual({ a: "sendMessageR", s: true });
			expect(await b.data("eventMessage")).toEqual({ from: a.session, message });
		}
		for (const to of [nobody(a.id), "x", "publisher"]) {
			expect(await a.call("sendMessage", { to, message: 1 })).toEqual({ a: "sendMessageR", s: false, e: 0x512 });
		}
		expect(await c.settled()).toEqual([]);
	});

	it("are relayed SDP and candidates, in order, each answered", async () => {
		const [a, b] = (await TribeClient.room("a", "b")) as [TribeClient, TribeClient];
		const offer = { type: "offer", sdp: "v=0\r\noffer" };
		expect(await a.call("exchangeSdp", { to: b.id, sdp: offer })).toEqual({ a: "exchangeSdpR", s: true });
		expect(await b.data("eventExchangeSdp")).toEqual({ from: a.session, sdp: offer });
		const answer = { type: "answer", sdp: "v=0\r\nanswer" };
		expect(await b.call("exchangeSdp", { to: a.id, sdp: answer })).toEqual({ a: "exchangeSdpR", s: true });
		expect(await a.data("eventExchangeSdp")).toEqual({ from: b.session, sdp: answer });
		const candidates = Array.from({ length: 20 }, (_, i) => ({
			candidate: `candidate:${i} 1 udp 1 192.0.2.1 ${i} typ host`,
			sdpMid: "audio",
			sdpMLineIndex: i % 2,
		}));
		for (const candidate of candidates) a.send("exchangeCandidate", { to: b.id, candidate });
		a.send("exchangeCandidate", { to: b.id, candidate: { completed: true } });
		for (const candidate of candidates) {
			expect(await b.data("eventExchangeCandidate")).toEqual({ from: a.session, candidate });
			expect(await a.answer("exchangeCandidate")).toEqual({ a: "exchangeCandidateR", s: true });
		}
		// What ends them has no answer, and is nobody else's business.
		expect(await a.settled()).toEqual([]);
		expect(await b.settled()).toEqual([]);
		for (const to of [nobody(a.id), a.id]) {
			expect(await a.call("exchangeSdp", { to, sdp: offer })).toMatchObject({ s: false, e: 0x512 });
			expect(await a.call("exchangeCandidate", { to, candidate: candidates[0] })).toMatchObject({ s: false, e: 0x512 });
		}
	});

	it("say how they hold their devices, to who comes later too", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		const b = await TribeClient.join(room, "b");
		await b.settled();
		const change = { orientation: 270, camera: "back" };
		expect(await a.call("orientationChange", change)).toEqual({ a: "orientationChangeR", s: true });
		const told = { from: a.session, platform: "iOS", ...change };
		expect(await b.data("eventOrientationChange")).toEqual(told);
		const c = await TribeClient.join(room, "c");
		expect(await c.data("eventOrientationChange")).toEqual(told);
	});

	it("get no answer to what they report", async () => {
		const [a, b] = (await TribeClient.room("a", "b")) as [TribeClient, TribeClient];
		a.send("eventFreeze");
		a.send("eventFreeze", {});
		a.send("eventCpu", { cpuUsed: 40 });
		a.send("eventNetworkChange", { networkType: "mobile" });
		expect(await a.settled()).toEqual([]);
		expect(await b.settled()).toEqual([]);
	});

	it("hear who leaves, and may capture larger pictures then", async () => {
		const [a, b, c, d] = (await TribeClient.room("a", "b", "c", "d")) as [
			TribeClient,
			TribeClient,
			TribeClient,
			TribeClient,
		];
		const roomId = expect.any(String);
		d.socket.close(1001);
		for (const client of [a, b, c]) {
			expect(await client.data("eventLeave")).toEqual({ roomId, roomSize: 3, ...d.session });
			expect(await client.data("eventUserMediaConfiguration")).toEqual(configuration(640, 580));
		}
		c.socket.close();
		expect(await a.data("eventLeave")).toEqual({ roomId, roomSize: 2, ...c.session });
		expect(await a.settled()).toEqual([]);
		expect(await b.call("sendMessage", { to: c.id, message: 1 })).toMatchObject({ e: 0x512 });
	});
});

describe("beside others", () => {
	it("native participants are seen, hear and are heard", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "ada", { camera: "back" });
		const native = await TestClient.join(room, "nina");
		expect(native.joined.participants).toContainEqual(
			expect.objectContaining({ id: a.id, name: "ada", presence: { orientation: 90, camera: "back" } }),
		);
		expect(await a.data("eventUserMediaConfiguration")).toEqual(configuration(640, 580));
		const b = await TribeClient.join(room, "ben");
		const nina = b.joined.sessions.find(({ userId }) => userId === "nina");
		expect(nina?.socketId).toMatch(/^[0-9A-F]{32}$/);
		await b.call("sendMessage", { to: nina?.socketId, message: { hello: 1 } });
		expect(await native.event("message")).toMatchObject({ from: b.id, payload: { hello: 1 } });
		await native.do("message", { to: [a.id], payload: ["hi"] });
		expect(await a.data("eventMessage")).toEqual({ from: nina, message: ["hi"] });
		const sdp = { type: "offer", sdp: "v=0" };
		expect(await b.call("exchangeSdp", { to: nina?.socketId, sdp })).toMatchObject({ e: 0x512 });
		await native.request("leave", {});
		expect(await a.data("eventLeave")).toEqual({ roomId: room, roomSize: 2, ...nina });
	});

	it("who is removed over REST stays out of that room", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "ada");
		const headers = { Authorization: `Bearer ${testEnv.AUTH_KEY}` };
		const bearer = await bearerFor("ada", { iat: Math.floor(Date.now() / 1000) });
		await fetchEdge(`/v1/rooms/${room}/participants/${a.id}`, { method: "DELETE", headers });
		expect((await a.socket.closed).code).toBe(4002);
		const again = await TribeClient.dial();
		expect(await again.call("join", { roomId: room, bearer })).toEqual({ a: "joinR", s: false, e: 0x506 });
		expect(await again.call("reconnect", { socketId: a.id })).toEqual({ a: "reconnectR", s: false, e: 0x525 });
		expect(await again.call("join", { roomId: newRoom(), bearer })).toMatchObject({ s: true });
	});

	it("rooms made over REST are as large as they say", async () => {
		const room = newRoom();
		const headers = { Authorization: `Bearer ${testEnv.AUTH_KEY}`, "Content-Type": "application/json" };
		const body = JSON.stringify({ name: room, settings: { maxParticipants: 1 } });
		await fetchEdge("/v1/rooms", { method: "POST", headers, body });
		await TribeClient.join(room, "a");
		const b = await TribeClient.dial();
		expect(await b.call("join", { roomId: room, bearer: await bearerFor("b") })).toMatchObject({ e: 0x524 });
	});
});

describe("state", () => {
	it("tells of all rooms and connections, to who may know", async () => {
		const [a, b] = (await TribeClient.room("a", "b")) as [TribeClient, TribeClient];
		for (const path of ["/state", "/memstats", "/globals"]) {
			expect((await fetchEdge(path)).status).toBe(401);
			expect((await fetchEdge(path, { headers: { Authorization: "Bearer AAAA" } })).status).toBe(401);
		}
		const headers = { Authorization: `Bearer ${testEnv.AUTH_KEY}` };
		const state = await fetchEdge("/state", { headers });
		const { s, d } = (await state.json()) as { s: boolean; d: { rooms: { connections: { socketId: string }[] }[] } };
		expect(s).toBe(true);
		expect(d.rooms.find(({ connections }) => connections.some(({ socketId }) => socketId === a.id))).toEqual({
			id: expect.any(String),
			dateCreation: expect.any(String),
			connections: [a, b].map((client) => ({
				...client.session,
				...{ dateCreation: expect.any(String), ip: "0.0.0.0", state: "connected", exit: false },
				...{ maxVideoBitrate: 2_000_000, maxAudioBitrate: 128_000, listeners: {}, publisher: null },
			})),
		});
		expect(await (await fetchEdge("/memstats", { headers })).text()).toMatch(/^Rooms: \d+\nConnections: \d+\n/);
		const globals = await (await fetchEdge("/globals", { headers })).text();
		expect(globals).toContain(a.id);
		expect(globals).not.toContain(testEnv.AUTH_KEY);
	});

	it("is alive at the origin", async () => {
		const response = await fetchEdge("/");
		expect(response.status).toBe(200);
		expect(await response.text()).not.toBe("");
	});
});
