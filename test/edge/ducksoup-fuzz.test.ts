/** Ten thousand frames that are nearly right, from a fixed seed: each is taken, passed over, or ends its connection. */
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, type MockInstance, vi } from "vitest";
import { readLimits } from "../../shared/limits.ts";
import { Rights } from "../../shared/tokens.ts";
import { ducksoup } from "../../worker/dialects/ducksoup/ducksoup.ts";
import { dialects } from "../../worker/dialects/index.ts";
import { Core } from "../../worker/room/core.ts";
import type { Grant } from "../../worker/room/rpc.ts";
import { bend, mangle } from "../support/fuzz.ts";
import { Random } from "../support/random.ts";
import { EDGE, testEnv } from "./support/client.ts";
import { DucksoupClient, type Frame, LAB, newName, roomNamed } from "./support/ducksoup.ts";
import { clientSdp } from "./support/sdp.ts";

const FRAMES = 10_000;
const JOINS = 2_000;
const DIALLED = 200;
const KINDS = new Set(["joined", "other_joined", "other_left", "offer", "start", "ending", "files", "end"]);
const ERRORS = new Set(["error-join", "error-duplicate", "error-full", "error-aborted", "error-peer-connection"]);

/** Faults of the server's own are told there. */
let errors: MockInstance;
beforeEach(() => {
	errors = vi.spyOn(console, "error");
});
afterEach(() => {
	errors.mockRestore();
});

const ODD: readonly unknown[] = [
	...[null, true, false, 0, -1, 1.5, 1e300, "", "x", "\u0000", "é✓🦊", "x".repeat(3_000), [], {}, [[]], { a: {} }],
	...["__proto__", "constructor", "\ud800", "null", "{}", "9".repeat(400), "../..", "pitch ! filesink", "true", "1e9"],
];

const BENDS = { odd: ODD, keys: ["kind", "payload", "userId", "__proto__x"] };

const OPTIONS = {
	...{ interactionName: "hall", userId: "ann", namespace: "lab", duration: 60, size: 3, audioOnly: false },
	...{ videoFormat: "VP8", recordingMode: "muxed", width: 640, height: 480, framerate: 30, gpu: false, overlay: true },
	...{ audioFx: "pitch pitch=0.8 name=fx", videoFx: "coloreffects preset=xpro name=cx" },
};
const CONTROL = { name: "fx", property: "pitch", value: 1.5, duration: 300, userId: "ben" };

const payloads: readonly (readonly [string, unknown])[] = [
	["client_answer", { type: "answer", sdp: clientSdp }],
	["client_ice_candidate", { candidate: "candidate:1 1 udp 1 192.0.2.1 1 typ host", sdpMid: "0", sdpMLineIndex: 0 }],
	["client_control", CONTROL],
	["client_polycontrol", { name: "cx", property: "preset", kind: "int", value: "3" }],
	["client_negotiation_needed", "stable"],
	["client_ice_connection_state_disconnected", ""],
	["client_ice_connection_state_checking", ""],
	["client_video_resolution_updated", "640x480"],
	["client_video_fps_updated", "24"],
	["client_pli_received_count_updated", "3"],
	["ext_note", { anything: 1 }],
	["join", OPTIONS],
	["anything", "else"],
];

function frameOf([kind, payload]: readonly [string, unknown], r: Random): string | ArrayBuffer {
	const how = r.below(10);
	const bent = how > 2 ? bend(payload, r, BENDS) : payload;
	const text = r.below(12) > 0 ? (typeof bent === "string" ? bent : JSON.stringify(bent)) : bent;
	const frame = { kind: how === 1 ? r.pick(ODD) : kind, payload: text };
	return mangle(JSON.stringify(how === 0 ? bend(frame, r, BENDS) : frame) ?? "", r, { broken: 12, bytes: 20 });
}

/** The last that is said to a socket. */
const MARKER = '{"kind":"the last"}';

/** A socket of somebody at the room, of which the other side is kept: what it was told, and that it has all come. */
function knock(core: Core, room: string, user: string) {
	const { 0: client, 1: server } = new WebSocketPair();
	const told: string[] = [];
	const over = new Promise<void>((resolve) => {
		client.addEventListener("message", ({ data }) => {
			if (data === MARKER) resolve();
			else told.push(data as string);
		});
		client.addEventListener("close", () => resolve());
	});
	const grant: Grant = {
		...{ kind: "client", room, dialect: ducksoup.name, session: crypto.randomUUID(), sessionToken: "" },
		claims: { sub: user, room, exp: 0, rights: Rights.parse({ publish: ["audio", "camera"] }) },
		...{ returning: false, origin: EDGE, place: {}, page: LAB },
	};
	core.sockets.accept(server, { kind: "guest", dialect: ducksoup.name, openedAt: Date.now(), grant });
	client.accept();
	/** Everything that was said to it. */
	const all = async () => {
		if (server.readyState === WebSocket.OPEN) server.send(MARKER);
		await over;
		return told;
	};
	return { server, all };
}

const isOpen = (core: Core, ws: WebSocket) => core.sockets.of(ws).kind !== "done";
const join = (options: object) => JSON.stringify({ kind: "join", payload: JSON.stringify(options) });

it("frames that are nearly right do no harm to an interaction, and end no more than their own connection", async () => {
	const room = `ducksoup:fuzz:${crypto.randomUUID()}`;
	const outcome = await runInDurableObject(testEnv.ROOM.getByName(room), async (_, state) => {
		const limits = { ...readLimits(testEnv), maxMessagesPerSecond: 1_000_000 };
		// What is logged would be ten thousand lines of it.
		const env = { ...testEnv, DUCKSOUP_LOG_LEVEL: "0" } as typeof testEnv;
		const core = new Core(state, env, limits, dialects);
		const ben = knock(core, room, "ben");
		ducksoup.receive(core, ben.server, join({ ...OPTIONS, userId: "ben" }));
		const r = new Random(0xd0c50);
		let ann = knock(core, room, "ann");
		const anns = [ann];
		let entered = 0;
		for (let sent = 0; sent < FRAMES; sent++) {
			if (!isOpen(core, ann.server) || sent === 0) {
				if (sent > 0) {
					ann = knock(core, room, "ann");
					anns.push(ann);
				}
				ducksoup.receive(core, ann.server, join(OPTIONS));
				entered++;
			}
			ducksoup.receive(core, ann.server, frameOf(r.pick(payloads), r));
			// What was said is delivered after this turn.
			if (sent % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
		}
		const [there, open] = [core.members.has("ben"), isOpen(core, ben.server)];
		const result = { told: await Promise.all(anns.map((it) => it.all())), ben: await ben.all(), entered, there, open };
		for (const { server } of [ann, ben]) server.close(1000);
		return result;
	});
	expect(outcome.there).toBe(true);
	expect(outcome.open).toBe(true);
	// Many were such as end a connection, and who came back was let in each time.
	expect(outcome.entered).toBeGreaterThan(100);
	expect(outcome.entered).toBeLessThan(FRAMES / 2);
	const joined = outcome.ben.filter((text) => (JSON.parse(text) as Frame).kind === "other_joined");
	expect(joined).toHaveLength(outcome.entered);
	expect(outcome.told).toHaveLength(outcome.entered);
	for (const [first = "{}"] of outcome.told) expect((JSON.parse(first) as Frame).kind).toBe("joined");
	for (const text of [...outcome.told.flat(), ...outcome.ben])
		expect(KINDS).toContain((JSON.parse(text) as Frame).kind);
	expect(errors).not.toHaveBeenCalled();
}, 60_000);

it("joins that are nearly right let somebody in or are told why not, and their sockets are closed", async () => {
	const room = `ducksoup:fuzz:${crypto.randomUUID()}`;
	const outcome = await runInDurableObject(testEnv.ROOM.getByName(room), async (_, state) => {
		const env = { ...testEnv, DUCKSOUP_LOG_LEVEL: "0" } as typeof testEnv;
		const core = new Core(state, env, readLimits(testEnv), dialects);
		const r = new Random(0x101);
		const all: ReturnType<typeof knock>[] = [];
		let wrong = 0;
		for (let i = 0; i < JOINS; i++) {
			const one = knock(core, room, `user-${i}`);
			ducksoup.receive(core, one.server, frameOf(["join", { ...OPTIONS, userId: `user-${i}` }], r));
			await Promise.resolve();
			const who = core.sockets.of(one.server);
			const entered = who.kind === "member";
			if (entered) {
				// The place is free again, and the interaction with it.
				ducksoup.receive(core, one.server, '{"kind":"stop"}');
			}
			if (core.sockets.of(one.server).kind !== "done" || core.members.size > 0) wrong++;
			if (i % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
			all.push(one);
		}
		const told = await Promise.all(all.map((one) => one.all()));
		return { firsts: told.flatMap((texts) => texts.slice(0, 1)), wrong, left: core.record?.own };
	});
	expect(outcome.wrong).toBe(0);
	expect(outcome.left).toBeUndefined();
	expect(outcome.firsts).toHaveLength(JOINS);
	const kinds = new Set(outcome.firsts.map((text) => (JSON.parse(text) as Frame).kind));
	expect([...kinds]).toEqual(expect.arrayContaining(["joined", "error-join"]));
	for (const kind of kinds) expect(kind === "joined" || ERRORS.has(kind)).toBe(true);
	expect(errors).not.toHaveBeenCalled();
}, 60_000);

it("a first frame that is nearly right is answered by the edge, and its socket closed", async () => {
	const r = new Random(0xe06e);
	const outcomes = { joined: 0, refused: 0 };
	for (let i = 0; i < DIALLED; i++) {
		const client = await DucksoupClient.open();
		const interactionName = newName();
		client.socket.send(frameOf(["join", { ...OPTIONS, interactionName }], r));
		const { kind } = await client.socket.take<Frame>(() => true);
		if (kind === "joined") {
			outcomes.joined++;
			client.say("stop");
		} else {
			expect(ERRORS).toContain(kind);
			outcomes.refused++;
		}
		expect((await client.socket.closed).code).toBe(1000);
	}
	expect(outcomes.joined).toBeGreaterThan(10);
	expect(outcomes.refused).toBeGreaterThan(10);
	expect(await roomNamed("hall")).toMatch(/^ducksoup:default:hall:[0-9a-f]{16}$/);
}, 60_000);
