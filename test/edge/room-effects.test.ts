import { evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { newRoom, TestClient, testEnv } from "./support/client.ts";
import { capabilities, TestLink, TestNode } from "./support/node.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

const options = { codec: "VP8", overlay: false, hardware: false };

async function roomWith(...people: { id: string; rights?: { effects?: boolean; moderate?: boolean } }[]) {
	const room = newRoom();
	let link: TestLink | undefined;
	const clients: TestClient[] = [];
	for (const { id, rights } of people) {
		clients.push(await TestClient.join(room, id, { rtpCapabilities: capabilities, rights }));
		link ??= await node.link(room);
		await link.open();
		await clients.at(-1)?.event("endpoint");
	}
	if (!link || !clients[0]) throw new Error("nobody in it");
	return { room, link, clients, first: clients[0], second: clients[1], stub: testEnv.ROOM.getByName(room) };
}

describe("effects", () => {
	it("reach the node as a chain, and its news the participant", async () => {
		const { link, first } = await roomWith({ id: "a", rights: { effects: true } });
		await first.do("effects", { audio: "pitch pitch=1.5 name=fx ! audioconvert", framerate: 20 });
		const { endpoint, ...effects } = await link.command("effects");
		expect(effects).toEqual({
			type: "effects",
			audio: [{ element: "pitch", name: "fx", properties: { pitch: 1.5 } }],
			options: { ...options, framerate: 20 },
		});
		link.report({ type: "effects", endpoint, state: "live" });
		expect(await first.event("effects")).toMatchObject({ state: "live" });
		const error = { code: "node_failed", message: "crashed" } as const;
		link.report({ type: "effects", endpoint, state: "dry", error });
		expect(await first.event("effects")).toMatchObject({ state: "dry", error });
	});

	it("and their controls come again with the next endpoint, in one frame with it, after the object forgot", async () => {
		const { link, first, stub } = await roomWith({ id: "a", rights: { effects: true } });
		await first.do("effects", { video: "coloreffects preset=xpro name=c ! fisheye" });
		const { endpoint } = await link.command("effects");
		await first.do("controlEffect", { name: "c", property: "preset", value: 2, duration: 300 });
		expect(await link.command("control")).toEqual({
			...{ type: "control", endpoint, name: "c", property: "preset", value: 2, duration: 300 },
		});
		await evictDurableObject(stub);
		link.report({ type: "closed", endpoint, error: { code: "node_failed", message: "gone" } });
		const open = await link.open();
		const again = await link.command("effects");
		expect(again).toMatchObject({
			endpoint: open.endpoint,
			video: [
				// What was asked for first, and apart from it what nobody knows can be set.
				{ element: "coloreffects", name: "c", properties: { preset: "xpro" }, controlled: { preset: 2 } },
				{ element: "fisheye", properties: {} },
			],
		});
	});

	it("are told again to a node whose link comes back, also that there are none any more", async () => {
		const { room, link, first } = await roomWith({ id: "a", rights: { effects: true } });
		await first.do("effects", { video: "fisheye" });
		const { endpoint } = await link.command("effects");
		const back = await TestLink.dial(room, link.token);
		back.report({ type: "attached", endpoints: [{ endpoint, tracks: [], subscriptions: [] }] });
		expect(await back.command("effects")).toMatchObject({ endpoint, video: [{ element: "fisheye" }] });
		await first.do("effects", {});
		const none = await back.command("effects");
		expect([none.audio, none.video]).toEqual([undefined, undefined]);
		const again = await TestLink.dial(room, back.token);
		again.report({ type: "attached", endpoints: [{ endpoint, tracks: [], subscriptions: [] }] });
		expect((await again.command("effects")).video).toBeUndefined();
	});

	it("need a right, and of others the right to moderate", async () => {
		const { link, first, second } = await roomWith({ id: "a" }, { id: "b", rights: { moderate: true } });
		expect(await first.refusal("effects", { audio: "pitch" })).toBe("forbidden");
		expect(await first.refusal("effects", { participant: "b", audio: "pitch" })).toBe("forbidden");
		expect(await first.refusal("controlEffect", { name: "x", property: "y", value: 1 })).toBe("forbidden");
		await second?.do("effects", { participant: "a", audio: "pitch name=p" });
		expect(await link.command("effects")).toMatchObject({ audio: [{ element: "pitch", name: "p" }] });
		await second?.do("controlEffect", { participant: "a", name: "p", property: "pitch", value: 2 });
		expect(await link.command("control")).toMatchObject({ value: 2 });
		expect(await second?.refusal("effects", { participant: "c", audio: "pitch" })).toBe("not_found");
	});

	it("that are not effects are refused", async () => {
		const { first } = await roomWith({ id: "a", rights: { effects: true } });
		for (const audio of ["filesrc location=/etc/passwd", "fisheye", "pitch ! udpsink"]) {
			expect(await first.refusal("effects", { audio })).toBe("bad_request");
		}
	});
});
