/** Ten thousand frames that are nearly right, from a fixed seed: each is answered as the protocol says, or not at all. */
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { readLimits } from "../../shared/limits.ts";
import { ACTIONS, TRIBE_ERROR } from "../../shared/tribe.ts";
import { dialects } from "../../worker/dialects/index.ts";
import { tribe } from "../../worker/dialects/tribe/tribe.ts";
import { Core } from "../../worker/room/core.ts";
import { newRoom, testEnv } from "./support/client.ts";
import { enterRoom, type Frame, TribeClient } from "./support/tribe.ts";

const FRAMES = 12_000;
const CODES = new Set<number>(Object.values(TRIBE_ERROR));

/** Mulberry32. */
function random(seed: number) {
	let a = seed;
	const next = () => {
		a = (a + 0x6d2b79f5) | 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
	};
	const below = (n: number) => Math.floor(next() * n);
	return { next, below, of: <T>(items: readonly T[]): T => items[below(items.length)] as T };
}
type Random = ReturnType<typeof random>;

const ODD: readonly unknown[] = [
	...[null, true, false, 0, -1, 1.5, 1e300, "", "x", "\u0000", "é✓🦊", "x".repeat(3_000), [], {}, [[]], { to: {} }],
	...["publisher", "general", "__proto__", "constructor", "\ud800", "null", "{}", "9".repeat(400)],
];

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

/** Something in it is another thing, is gone, or is there twice over. */
function bend(value: unknown, r: Random): unknown {
	if (typeof value !== "object" || value === null || r.below(4) === 0) return r.of(ODD);
	const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
	const key = r.of(Object.keys(copy));
	if (key === undefined || r.below(6) === 0) copy[r.of(["to", "a", "d", "candidate", "sdp", "__proto__x"])] = r.of(ODD);
	else if (r.below(3) === 0) delete copy[key];
	else copy[key] = bend(copy[key], r);
	return copy;
}

function frameFrom(to: string, r: Random): string | ArrayBuffer {
	const [a, d] = r.of(requestsOf(to));
	const kind = r.below(10);
	const whole = kind === 0 ? bend({ a, d }, r) : { a: kind === 1 ? r.of(ODD) : a, d: kind > 3 ? bend(d, r) : d };
	let text = JSON.stringify(whole) ?? "";
	if (r.below(8) === 0) {
		const at = r.below(text.length);
		text = text.slice(0, at) + r.of(["", "{", '"', "\\", "\u0000", "}]"]) + text.slice(at + r.below(3));
	}
	if (r.below(10) > 0) return text;
	const bytes = new TextEncoder().encode(text);
	if (bytes.length > 0 && r.below(2) === 0) bytes[r.below(bytes.length)] = r.below(256);
	return bytes.buffer as ArrayBuffer;
}

it("frames that are nearly right do no harm, and are answered in the protocol's own form", async () => {
	const room = newRoom();
	const outcome = await runInDurableObject(testEnv.ROOM.getByName(room), async (_, state) => {
		const limits = { ...readLimits(testEnv), maxMessagesPerSecond: 1_000_000, maxRefusals: 1_000_000 };
		const core = new Core(state, testEnv, limits, dialects);
		const [a, b] = [enterRoom(core, room, "a"), enterRoom(core, room, "b")];
		const r = random(0x7719be);
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
	const r = random(0x10bb1);
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
