/** Frames that nobody should send, ten thousand of each kind: every one is answered by an error of its protocol. */
import { describe, expect, it } from "vitest";
import { pion } from "../../worker/dialects/pion/pion.ts";
import { talksy } from "../../worker/dialects/talksy/talksy.ts";
import type { Core } from "../../worker/room/core.ts";

const FRAMES = 10_000;

/** Mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
	let a = seed;
	return () => {
		a = (a + 0x6d2b79f5) | 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

const SCRAPS = [
	"",
	"null",
	"{}",
	"[]",
	"\\u0000",
	'"',
	"}",
	"__proto__",
	"constructor",
	"1e999",
	"-0",
	"é",
	"v=0\\r\\n",
];

/** A frame of the protocol with something broken in it. */
function broken(frames: readonly string[], next: () => number): string | ArrayBuffer {
	const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
	let text = pick(frames);
	for (let changes = 1 + Math.floor(next() * 4); changes > 0; changes--) {
		const at = Math.floor(next() * (text.length + 1));
		const cut = at + Math.floor(next() * 8);
		const scrap = next() < 0.7 ? pick(SCRAPS) : String.fromCharCode(Math.floor(next() * 0x300));
		text = text.slice(0, at) + scrap + text.slice(cut);
	}
	return next() < 0.1 ? (new TextEncoder().encode(text).slice(Math.floor(next() * 3)).buffer as ArrayBuffer) : text;
}

/** A room in which nobody has joined on the socket. */
function stranger(answers: string[]): Core {
	return {
		limits: { maxMessagesPerSecond: 1e9, maxMessageBytes: 65_536, maxRefusals: 1e9 },
		sockets: { of: () => ({ kind: "done" }), send: (_: unknown, text: string) => answers.push(text), close: () => {} },
		members: new Map(),
	} as unknown as Core;
}

describe("broken frames", () => {
	const ids = '"self_id":"a","room_id":"r"';
	it.each([
		{
			dialect: pion,
			isError: (frame: { event?: string; data?: unknown }) => frame.event === "error" && typeof frame.data === "string",
			frames: [
				`{"event":"joinRoom","data":{${ids}}}`,
				`{"event":"offer","data":{${ids},"offer":{"type":"offer","sdp":"v=0"}}}`,
				`{"event":"answer","data":{"answer":{"type":"answer","sdp":"v=0"}}}`,
				`{"event":"ice-candidate","data":{${ids},"candidate":{"candidate":"","sdpMLineIndex":0}}}`,
			],
		},
		{
			dialect: talksy,
			isError: (frame: { type?: string; status?: unknown; data?: unknown }) =>
				frame.type === "error" && frame.status === false && typeof frame.data === "string",
			frames: [
				'{"type":"offer","data":"v=0"}',
				'{"type":"tracks_added","data":{"x":"media"}}',
				'{"type":"subscribe_tracks","data":[{"client_id":"a","track_id":"b"}]}',
				'{"type":"set_bandwidth_limit","data":"500000"}',
				'{"type":"switch_quality","data":"low"}',
			],
		},
	])("of $dialect.name are answered by errors of its own", ({ dialect, isError, frames }) => {
		const answers: string[] = [];
		const core = stranger(answers);
		const ws = {} as WebSocket;
		const next = random(156);
		for (let i = 0; i < FRAMES; i++) dialect.receive(core, ws, broken(frames, next));
		expect(answers).toHaveLength(FRAMES);
		expect(answers.filter((text) => !isError(JSON.parse(text)))).toEqual([]);
		expect(answers.filter((text) => text.includes("A fault of the service"))).toEqual([]);
	});
});
