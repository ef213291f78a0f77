/** The room loses its memory, or its sockets too, between any two messages of a call, and the call goes on. */
import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { newRoom, TestClient, testEnv } from "./support/client.ts";
import { capabilities, rtpParameters, TestLink, TestNode } from "./support/node.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

const media = { kind: "audio", rtpParameters } as const;

interface Call {
	room: string;
	alice: TestClient;
	bob: TestClient;
	link: TestLink;
	aliceEndpoint: string;
	bobEndpoint: string;
	request: number;
}

/** A call, message by message. Each step ends when the room has handled what it sent. */
const steps: { name: string; run: (call: Call) => Promise<void> }[] = [
	{
		name: "alice's socket opened",
		run: async (call) => {
			call.alice = await TestClient.open(call.room, "alice");
		},
	},
	{
		name: "alice joined",
		run: async (call) => {
			expect((await call.alice.request("join", { rtpCapabilities: capabilities })).type).toBe("joined");
		},
	},
	{
		name: "the node linked",
		run: async (call) => {
			call.link = await node.link(call.room);
		},
	},
	{
		name: "alice's endpoint opened",
		run: async (call) => {
			call.aliceEndpoint = (await call.link.open()).endpoint;
			await call.alice.event("endpoint");
		},
	},
	{
		name: "bob joined",
		run: async (call) => {
			call.bob = await TestClient.join(call.room, "bob", { rtpCapabilities: capabilities });
			await call.alice.event("participantJoined");
		},
	},
	{
		name: "bob's endpoint opened",
		run: async (call) => {
			call.bobEndpoint = (await call.link.open()).endpoint;
			await call.bob.event("endpoint");
		},
	},
	{
		name: "alice asked to publish",
		run: async (call) => {
			call.request = call.alice.post("publish", {
				endpoint: call.aliceEndpoint,
				track: "mic",
				source: "audio",
				media,
				metadata: { from: "before" },
			});
			await call.link.publish();
		},
	},
	{
		name: "the node published",
		run: async (call) => {
			expect((await call.alice.answer(call.request)).type).toBe("ok");
			expect((await call.bob.event("trackPublished")).track).toMatchObject({ id: "mic", metadata: { from: "before" } });
		},
	},
	{
		name: "the node subscribed",
		run: async (call) => {
			expect((await call.link.subscribe("alice")).endpoint).toBe(call.bobEndpoint);
			expect((await call.bob.event("subscribed")).consumers).toHaveLength(1);
		},
	},
	{
		name: "bob chose a layer",
		run: async (call) => {
			await call.bob.do("subscribe", { tracks: [{ track: "mic", layer: { spatial: 0 } }] });
			expect((await call.link.command("tune")).tracks).toEqual([{ track: "mic", layer: { spatial: 0 } }]);
		},
	},
	{
		name: "bob unsubscribed",
		run: async (call) => {
			await call.bob.do("subscribe", { tracks: [{ track: "mic", on: false }] });
			expect((await call.link.command("unsubscribe")).tracks).toEqual(["mic"]);
		},
	},
	{
		name: "alice muted",
		run: async (call) => {
			await call.alice.do("mute", { track: "mic", muted: true });
			expect((await call.link.command("mute")).muted).toBe(true);
			expect((await call.bob.event("trackUpdated")).muted).toBe(true);
		},
	},
	{
		name: "alice left",
		run: async (call) => {
			await call.alice.do("leave", {});
			expect((await call.link.command("close")).endpoint).toBe(call.aliceEndpoint);
			expect((await call.bob.event("participantLeft")).participant).toBe("alice");
		},
	},
];

async function loseMemory(room: string): Promise<void> {
	await evictDurableObject(testEnv.ROOM.getByName(room), { webSockets: "hibernate" }).catch((error: unknown) => {
		// A step in which nothing reached the room leaves it asleep: nothing to lose.
		if (!String(error).includes("not currently running")) throw error;
	});
}

describe("memory lost, sockets kept", () => {
	it.each(steps.map(({ name }, i) => [name, i] as const))("after %s", async (_, lostAfter) => {
		const call = { room: newRoom() } as Call;
		for (const [i, step] of steps.entries()) {
			await step.run(call);
			if (i === lostAfter) await loseMemory(call.room);
		}
		expect(await testEnv.ROOM.getByName(call.room).describe()).toMatchObject({ value: { participants: 1, tracks: 0 } });
	});

	it("after every single one of them", async () => {
		const call = { room: newRoom() } as Call;
		for (const step of steps) {
			await step.run(call);
			await loseMemory(call.room);
		}
	});
});

describe("what a room says after it lost its memory", () => {
	it("has higher numbers than before, for those whose sockets were kept", async () => {
		const room = newRoom();
		const alice = await TestClient.join(room, "alice");
		const bob = await TestClient.join(room, "bob");
		for (let i = 0; i < 20; i++) await bob.do("update", { name: `${i}` });
		let { seq } = alice.joined;
		for (let i = 0; i < 20; i++) ({ seq } = await alice.event("participantUpdated"));
		await loseMemory(room);
		await bob.do("update", { name: "awake" });
		expect((await alice.event("participantUpdated")).seq).toBeGreaterThan(seq);
	});
});

describe("memory lost, sockets too", () => {
	// From the node's link on: before it there is no media to keep.
	const from = steps.findIndex(({ name }) => name === "bob's endpoint opened");
	it.each(steps.slice(from, -1).map(({ name }, i) => [name, from + i] as const))("after %s", async (_, lostAfter) => {
		const call = { room: newRoom() } as Call;
		for (const step of steps.slice(0, lostAfter + 1)) await step.run(call);
		await abortAllDurableObjects();
		// The abort took the fleet's socket as well.
		node = await TestNode.register(node.id);

		// Everyone comes back by themselves: the node with its media untouched, the clients with their sessions.
		const link = await TestLink.dial(call.room, call.link.token);
		const published = lostAfter >= steps.findIndex(({ name }) => name === "alice asked to publish");
		const subscribed =
			lostAfter >= steps.findIndex(({ name }) => name === "the node subscribed") &&
			lostAfter < steps.findIndex(({ name }) => name === "bob unsubscribed");
		link.report({
			type: "attached",
			endpoints: [
				{ endpoint: call.aliceEndpoint, tracks: published ? ["mic"] : [], subscriptions: [] },
				{ endpoint: call.bobEndpoint, tracks: [], subscriptions: subscribed ? ["mic"] : [] },
			],
		});
		for (const who of ["alice", "bob"] as const) {
			const back = await call[who].again(call.room);
			const reply = await back.request("resume", {
				session: call[who].welcome.session.id,
				incarnation: "gone",
				seq: 3,
			});
			expect(reply).toMatchObject({ type: "resumed", participants: [{ id: "alice" }, { id: "bob" }] });
			expect((await back.event("endpoint")).endpoint).toBe(call[`${who}Endpoint`]);
			call[who] = back;
		}
		// And the call goes on: whatever was asked before, this must come out.
		call.request = call.alice.post("publish", { endpoint: call.aliceEndpoint, track: "mic", source: "audio", media });
		await link.publish();
		expect((await call.alice.answer(call.request)).type).toBe("ok");
		const newcomer = await TestClient.join(call.room, "carol", { rtpCapabilities: capabilities });
		expect(newcomer.joined.participants.find(({ id }) => id === "alice")?.tracks).toMatchObject([{ id: "mic" }]);
		expect((await link.open()).participant).toBe("carol");
	});
});
