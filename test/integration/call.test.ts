/** Real workerd, a real node, real ICE, DTLS and SRTP: bots send and count. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { Bot } from "../support/bot/bot.ts";
import { BotSignal } from "../support/bot/signal.ts";
import { Stack } from "../support/stack.ts";

let stack: Stack;
const bots: Bot[] = [];
let rooms = 0;
/** Storage that outlives the edge's restart. */
const dataDir = mkdtempSync(join(tmpdir(), "switchyard-"));

beforeAll(async () => {
	stack = await Stack.start({
		vars: { MAX_BUFFERED_BYTES: "2000000", MAX_MESSAGES_PER_SECOND: "100000", HEARTBEAT_MS: "200" },
		dataDir,
	});
});
afterAll(async () => {
	await stack.stop();
	rmSync(dataDir, { recursive: true, force: true });
});
afterEach(() => {
	for (const bot of bots.splice(0)) bot.destroy();
});

async function enter(room: string, id: string, options?: Parameters<typeof Bot.join>[4]): Promise<Bot> {
	const bot = await Bot.join(stack.url, room, id, await stack.tokenFor(room, id), options);
	bots.push(bot);
	return bot;
}
const newRoom = () => `call-${++rooms}`;

describe("media", () => {
	it("flows from each of three to both others, audio and video", async () => {
		const room = newRoom();
		const three = await Promise.all(["a", "b", "c"].map((id) => enter(room, id)));
		await Promise.all(three.map((bot) => bot.publish()));
		for (const from of three) {
			for (const to of three) {
				if (from === to) continue;
				expect((await to.receives(`${from.id}-audio`)).bytes).toBeGreaterThan(0);
				expect((await to.receives(`${from.id}-video`)).kind).toBe("video");
			}
		}
	});

	it("flows at once in a room made anew under the name of one that was deleted", async () => {
		const room = newRoom();
		await enter(room, "a");
		expect((await stack.rest(`/v1/rooms/${room}`, { method: "DELETE" })).status).toBe(204);
		const began = performance.now();
		const [b, c] = [await enter(room, "b"), await enter(room, "c")];
		const [track = ""] = await b.publish();
		await c.receives(track);
		// An assignment that its node refuses is given up after ten seconds.
		expect(performance.now() - began).toBeLessThan(8_000);
	});

	it("reaches a newcomer at once, by one batch", async () => {
		const room = newRoom();
		const [a, b] = [await enter(room, "a"), await enter(room, "b")];
		await Promise.all([a.publish(), b.publish()]);
		const c = await enter(room, "c");
		await Promise.all(["a-audio", "a-video", "b-audio", "b-video"].map((track) => c.receives(track)));
	});

	it("stops with mute and goes on without it", async () => {
		const room = newRoom();
		const [a, b] = [await enter(room, "a"), await enter(room, "b")];
		await a.publish({ video: false });
		await b.receives("a-audio");
		const muted = b.signal.event("trackUpdated");
		await a.signal.request("mute", { track: "a-audio", muted: true });
		expect((await muted).muted).toBe(true);
		const before = b.received.get("a-audio")?.packets ?? 0;
		// While muted, another track shows that time has passed and media flows.
		await b.publish({ video: false });
		await a.receives("b-audio", 25);
		expect((b.received.get("a-audio")?.packets ?? 0) - before).toBeLessThan(5);
		await a.signal.request("mute", { track: "a-audio", muted: false });
		await b.receives("a-audio");
	});

	it("is not sent where nobody subscribed, is paused and resumed by its receiver", async () => {
		const room = newRoom();
		const a = await enter(room, "a");
		const b = await enter(room, "b", { subscribe: "none" });
		const [audio] = await a.publish();
		await enter(room, "c").then((c) => c.receives("a-video", 15));
		expect(b.received.size).toBe(0);
		await b.signal.request("subscribe", { tracks: [{ track: audio ?? "", on: true }] });
		await b.receives("a-audio");
		expect(b.received.has("a-video")).toBe(false);
	});

	it("tells how good the connection is", async () => {
		const room = newRoom();
		const [a, b] = [await enter(room, "a"), await enter(room, "b")];
		const quality = b.signal.take(
			(frame): frame is Extract<typeof frame, { type: "quality" }> => frame.type === "quality" && "a" in frame.quality,
		);
		await a.publish();
		expect((await quality).quality.a).toBeGreaterThan(5);
	});
});

describe("the edge away", () => {
	it("interrupts no media, and finds it as it was", async () => {
		const room = newRoom();
		const [a, b] = [await enter(room, "a"), await enter(room, "b")];
		await a.publish();
		await b.receives("a-video");
		const down = once(b.signal.ws, "close");
		const restarted = stack.edge.restart();
		await down;
		await b.receives("a-video", 10);
		await restarted;
		await b.receives("a-video", 10);
		// The node comes back by itself and is the one that serves a newcomer, with what it already has.
		const c = await enter(room, "c");
		await c.receives("a-video");
		expect(await (await stack.rest(`/v1/rooms/${room}`)).json()).toMatchObject({ nodes: [{ id: "node-1" }] });
	});
});

describe("a node", () => {
	it("shows health, readiness and metrics", async () => {
		const room = newRoom();
		const [a, b] = [await enter(room, "a"), await enter(room, "b")];
		await a.publish();
		await b.receives("a-video");
		const [node] = stack.nodes;
		expect((await fetch(`${node?.http}/health`)).status).toBe(200);
		expect((await fetch(`${node?.http}/ready`)).status).toBe(200);
		const metrics = await (await fetch(`${node?.http}/metrics`)).text();
		expect(metrics).toMatch(/^switchyard_endpoints [1-9]/m);
		expect(metrics).toMatch(/^switchyard_consumers [1-9]/m);
	});

	it("survives its media worker's crash: a new endpoint on a new worker", async () => {
		const room = newRoom();
		const a = await enter(room, "a");
		const lost = a.signal.event("endpointLost");
		const next = a.signal.event("endpoint");
		// Whichever worker has the room: both die.
		execFileSync("pkill", ["-9", "-P", String(stack.nodes[0]?.process.pid), "-f", "mediasoup-worker"]);
		expect((await lost).reason.code).toBe("node_failed");
		expect((await next).send?.iceCandidates.length).toBeGreaterThan(0);
	});

	it("that is killed is replaced by the next one that comes, and its room waits for it", async () => {
		const own = await Stack.start({ vars: { HEARTBEAT_MS: "200" } });
		onTestFinished(() => own.stop());
		const a = await Bot.join(own.url, "room", "a", await own.tokenFor("room", "a"));
		onTestFinished(() => a.destroy());
		const lost = a.signal.event("endpointLost");
		const next = a.signal.event("endpoint");
		expect(await own.nodes[0]?.kill("SIGKILL")).toBe("SIGKILL");
		await lost;
		await own.addNode("node-2");
		expect((await next).node.id).toBe("node-2");
	});

	it("stops with code 0 on SIGTERM, without a media worker left behind", async () => {
		const node = await stack.addNode(`brief-${++rooms}`);
		const began = performance.now();
		expect(await node.kill("SIGTERM")).toBe(0);
		expect(performance.now() - began).toBeLessThan(3_000);
		const left = execFileSync("ps", ["-eo", "ppid,comm"]).toString();
		expect(left).not.toMatch(new RegExp(`^\\s*${node.process.pid} mediasoup`, "m"));
	});
});

describe("a socket", () => {
	it("that is silent is closed, and its member is away", async () => {
		const room = newRoom();
		const impatient = await Stack.start({ nodes: 0, vars: { SILENCE_MS: "1500", HEARTBEAT_MS: "300" } });
		try {
			const dial = async (id: string, heartbeat: boolean) =>
				Bot.join(impatient.url, room, id, await impatient.tokenFor(room, id), { media: false, heartbeat });
			const [watcher, silent] = [await dial("watcher", true), await dial("silent", false)];
			const away = watcher.signal.event("participantUpdated");
			const [code] = await once(silent.signal.ws, "close");
			expect(code).toBe(CLOSE.silent);
			expect(await away).toMatchObject({ participant: "silent", state: "away" });
			watcher.destroy();
		} finally {
			await impatient.stop();
		}
	});

	it("that does not read is cut, and costs the others nothing", async () => {
		const room = newRoom();
		const [talker, reader] = [
			await enter(room, "talker", { media: false }),
			await enter(room, "reader", { media: false }),
		];
		// It says nothing either: a heartbeat would count as a sign that it reads.
		const slow = await enter(room, "slow", { media: false, heartbeat: false });
		slow.signal.ws.pause();
		const away = reader.signal.take(
			(frame): frame is Extract<typeof frame, { type: "participantUpdated" }> => frame.type === "participantUpdated",
		);
		const payload = "x".repeat(60_000);
		let cut = false;
		void away.then(() => {
			cut = true;
		});
		// As fast as answers come, until the room has had enough of the one that does not read.
		for (let i = 0; i < 2_000 && !cut; i++) await talker.signal.request("message", { payload }).catch(() => {});
		expect(await away).toMatchObject({ participant: "slow", state: "away" });
		const closed = once(slow.signal.ws, "close");
		slow.signal.ws.resume();
		expect((await closed)[0]).toBe(CLOSE.slowConsumer);
		const heard = reader.signal.event("message");
		await talker.signal.request("message", { payload: "still here" }).catch(() => {});
		await heard;
	});

	it("before joining is closed when it never joins", async () => {
		const room = newRoom();
		const guest = await BotSignal.open(stack.url, room, await stack.tokenFor(room, "guest"));
		const [code] = await once(guest.ws, "close");
		expect(code).toBe(CLOSE.joinTimeout);
	}, 20_000);
});
