import { evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { fetchEdge, newRoom, TestClient, testEnv } from "./support/client.ts";
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

	it("are read, set and controlled by back ends too, without a right of the participant's", async () => {
		const { room, link, first, stub } = await roomWith({ id: "a" });
		const path = `/v1/rooms/${room}/participants/a/effects`;
		const none = { options };
		expect(await call("GET", path)).toEqual([200, none]);
		expect(await call("POST", `${path}/control`, { name: "fx", property: "pitch", value: 2 })).toEqual(refused(404));

		const wanted = { audio: "pitch pitch=1.5 name=fx", codec: "H264" };
		const effects = {
			audio: [{ element: "pitch", name: "fx", properties: { pitch: 1.5 } }],
			options: { ...options, codec: "H264" },
		};
		expect(await call("PUT", path, wanted)).toEqual([200, effects]);
		const { endpoint, ...told } = await link.command("effects");
		expect(told).toEqual({ type: "effects", ...effects });
		link.report({ type: "effects", endpoint, state: "live" });
		await first.event("effects");
		expect(await call("GET", path)).toEqual([200, { ...effects, state: "live" }]);
		// The same again is no other state.
		expect(await call("PUT", path, wanted)).toEqual([200, { ...effects, state: "live" }]);

		const control = { name: "fx", property: "pitch", value: 2, duration: 100 };
		expect(await call("POST", `${path}/control`, control)).toEqual([204, undefined]);
		expect(await link.command("control")).toEqual({ type: "control", endpoint, ...control });
		const error = { code: "node_failed", message: "crashed" } as const;
		link.report({ type: "effects", endpoint, state: "dry", error });
		await first.event("effects");
		await evictDurableObject(stub, { webSockets: "hibernate" });
		const [chain] = effects.audio;
		expect(await call("GET", path)).toEqual([
			200,
			{ ...effects, audio: [{ ...chain, controlled: { pitch: 2 } }], state: "dry", error },
		]);

		// On another media side nobody knows yet.
		link.report({ type: "closed", endpoint, error: { code: "node_failed", message: "gone" } });
		await link.open();
		const [, moved] = await call("GET", path);
		expect(moved).not.toHaveProperty("state");
		expect(await call("PUT", path, {})).toEqual([200, none]);
	});

	it("are refused to back ends as to anybody", async () => {
		const { room } = await roomWith({ id: "a" });
		const path = `/v1/rooms/${room}/participants`;
		expect(await call("PUT", `${path}/a/effects`, { audio: "filesrc location=/etc/passwd" })).toEqual(refused(400));
		expect(await call("PUT", `${path}/a/effects`, { audio: 1 })).toEqual(refused(400));
		expect(await call("PUT", `${path}/b/effects`, { audio: "pitch" })).toEqual(refused(404));
		const control = { name: "fx", property: "location", value: "/etc/passwd" };
		expect(await call("POST", `${path}/a/effects/control`, control)).toEqual(refused(400));
		expect((await fetchEdge(`${path}/a/effects`)).status).toBe(401);
		const mesh = newRoom();
		await testEnv.ROOM.getByName(mesh).create({ name: mesh, settings: { topology: "mesh" } });
		await TestClient.join(mesh, "a", { rtpCapabilities: capabilities, mesh: true });
		const [status, body] = await call("PUT", `/v1/rooms/${mesh}/participants/a/effects`, { audio: "pitch" });
		expect([status, body]).toEqual([expect.any(Number), { error: expect.objectContaining({ code: "unsupported" }) }]);
	});
});

async function call(method: string, path: string, body?: unknown): Promise<[number, unknown]> {
	const headers = { Authorization: `Bearer ${testEnv.AUTH_KEY}`, "Content-Type": "application/json" };
	const response = await fetchEdge(path, {
		method,
		headers,
		body: body === undefined ? undefined : JSON.stringify(body),
	});
	const text = await response.text();
	return [response.status, text ? JSON.parse(text) : undefined];
}

function refused(status: number) {
	return [status, { error: { code: expect.any(String), message: expect.any(String) } }];
}
