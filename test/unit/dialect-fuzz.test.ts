/** Frames that nobody should send, ten thousand of each kind: every one is answered by an error of its protocol. */
import { describe, expect, it } from "vitest";
import { pion } from "../../worker/dialects/pion/pion.ts";
import { talksy } from "../../worker/dialects/talksy/talksy.ts";
import type { Core } from "../../worker/room/core.ts";
import { Random } from "../support/random.ts";

const FRAMES = 10_000;

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
function broken(frames: readonly string[], random: Random): string | ArrayBuffer {
	let text = random.pick(frames);
	for (let changes = 1 + random.below(4); changes > 0; changes--) {
		const at = random.below(text.length + 1);
		const cut = at + random.below(8);
		const scrap = random.next() < 0.7 ? random.pick(SCRAPS) : String.fromCharCode(random.below(0x300));
		text = text.slice(0, at) + scrap + text.slice(cut);
	}
	return random.next() < 0.1 ? (new TextEncoder().encode(text).slice(random.below(3)).buffer as ArrayBuffer) : text;
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
		const random = new Random(156);
		for (let i = 0; i < FRAMES; i++) dialect.receive(core, ws, broken(frames, random));
		expect(answers).toHaveLength(FRAMES);
		expect(answers.filter((text) => !isError(JSON.parse(text)))).toEqual([]);
		expect(answers.filter((text) => text.includes("A fault of the service"))).toEqual([]);
	});
});
