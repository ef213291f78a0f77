/** Ten thousand frames that are nearly right, from a fixed seed: each is answered as the protocol says, or not at all. */
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { readLimits } from "../../shared/limits.ts";
import { ACTIONS, TRIBE_ERROR } from "../../shared/tribe.ts";
import { dialects } from "../../worker/dialects/index.ts";
import { tribe } from "../../worker/dialects/tribe/tribe.ts";
import { Core } from "../../worker/room/core.ts";
import { bend, mangle } from "../support/fuzz.ts";
import { Random } from "../support/random.ts";
import { newRoom, testEnv } from "./support/client.ts";
import { enterRoom, type Frame, TribeClient } from "./support/tribe.ts";

const FRAMES = 12_000;
const CODES = new Set<number>(Object.values(TRIBE_ERROR));

const ODD: readonly unknown[] = [
	...[null, true, false, 0, -1, 1.5, 1e300, "", "x", "\u0000", "é✓🦊", "x".repeat(3_000), [], {}, [[]], { to: {} }],
	...["publisher", "general", "__proto__", "constructor", "\ud800", "null", "{}", "9".repeat(400)],
];

const BENDS = { odd: ODD, keys: ["to", "a", "d", "candidate", "sdp", "__proto__x"] };

function requestsOf(to: string): [string, unknown][] {
	const candidate = { candidate: "candidate:1 1 udp 1 192.0.2.1 1 typ host", sdpMid: "0", sdpMLineIndex: 0 };
	const sdp = { type: "offer", sdp: "v=0\r\n" };
	return [
		["join", { roomId: "r", bearer: "b", platform: "Web", orientation: 90, camera: "front" }],
		["reconnect", { socketId: to }],
		["exchangeCandidate", { to, candidate }],
		["exchangeCandidate", { to, candidate: { completed: true } }],
		["exchangeCandidate", { to: "publisher", candidate }],
		["exchangeSdp", { to, sdp }],
		["exchangeSdp", { to: "publisher", sdp }],
		["exchangeSdp", { to, sdp: { ...sdp, type: "answer" } }],
		["sendMessage", { to, message: { app: [1, 2, { x: null }] } }],
		["orientationChange", { orientation: 180, camera: "back" }],
		["eventFreeze", {}],
		["eventCpu", { cpuUsed: 50 }],
		["eventNetworkChange", { networkType: "mobile" }],
	];
}

function frameFrom(to: string, r: Random): string | ArrayBuffer {
	const [a, d] = r.pick(requestsOf(to));
	const kind = r.below(10);
	const whole =
		kind === 0 ? bend({ a, d }, r, BENDS) : { a: kind === 1 ? r.pick(ODD) : a, d: kind > 3 ? bend(d, r, BENDS) : d };
	return mangle(JSON.stringify(whole) ?? "", r, { broken: 8, bytes: 10 });
}

it("frames that are nearly right do no harm, and are answered in the protocol's own form", async () => {
	const room = newRoom();
	const outcome = await runInDurableObject(testEnv.ROOM.getByName(room), async (_, state) => {
		const limits = { ...readLimits(testEnv), maxMessagesPerSecond: 1_000_000, maxRefusals: 1_000_000 };
		const core = new Core(state, testEnv, limits, dialects);
		const [a, b] = [enterRoom(core, room, "a"), enterRoom(core, room, "b")];
		const r = new Random(0x7719be);
		const marker = (to: string) => JSON.stringify({ a: "sendMessage", d: { to, message: "the end" } });
		for (let i = 0; i < FRAMES; i++) tribe.receive(core, a.server, frameFrom(b.id, r));
		core.gather.flush();
		tribe.receive(core, a.server, marker(a.id));
		tribe.receive(core, a.server, marker(b.id));
		while (![a, b].every(({ told }) => told.some((text) => text.includes("the end")))) {
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
		const result = { a: a.told, b: b.told, members: core.members.size, open: a.server.readyState };
		for (const { server } of [a, b]) server.close(1000);
		return result;
	});
	expect(outcome.members).toBe(2);
	expect(outcome.open).toBe(1);
	const events = new Set(["eventMessage", "eventExchangeSdp", "eventExchangeCandidate", "eventOrientationChange"]);
	const codes = new Map<number, number>();
	for (const text of outcome.a) {
		const frame = JSON.parse(text) as Frame;
		if (events.has(frame.a) || frame.a === "eventUserMediaConfiguration") continue;
		expect(frame.a).toMatch(/R$/);
		if (frame.s) expect(Object.keys(ACTIONS)).toContain(frame.a.slice(0, -1));
		else {
			expect(CODES).toContain(frame.e);
			codes.set(frame.e ?? 0, (codes.get(frame.e ?? 0) ?? 0) + 1);
		}
	}
	for (const text of outcome.b) {
		const { a } = JSON.parse(text) as Frame;
		if (a !== "joinR") expect(events).toContain(a);
	}
	// Every kind of fault was among them, and none was the server's own.
	const found = [...codes.keys()];
	expect(found).toEqual(expect.arrayContaining([0x502, 0x503, 0x510, 0x512, 0x523, 0x532]));
	expect(found).not.toContain(TRIBE_ERROR.system);
	expect(outcome.a.length).toBeGreaterThan(FRAMES / 2);
}, 60_000);

it("frames that are nearly right are refused where one has not joined, and the socket goes on", async () => {
	const r = new Random(0x10bb1);
	let left = 2_000;
	while (left > 0) {
		const client = await TribeClient.dial();
		// No more than a client may say without coming in.
		for (let i = 0; i < 150 && left > 0; i++, left--) {
			client.socket.send(frameFrom("0".repeat(32), r));
		}
		const { e, s } = await client.call("no-such-action");
		expect({ e, s }).toEqual({ e: 0x511, s: false });
		for (const frame of client.socket.untaken as Frame[]) {
			expect(frame.a).toMatch(/R$/);
			expect(CODES).toContain(frame.e);
		}
		client.socket.close();
	}
}, 60_000);
