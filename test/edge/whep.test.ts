/** WHEP (draft-ietf-wish-whep): watching over HTTP, as far as the edge goes. */
import { evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { fetchEdge, newRoom, TestClient, testEnv, tokenFor } from "./support/client.ts";
import { capabilities, type TestLink, TestNode } from "./support/node.ts";
import { answer, call, nodeSdp, post, publishBoth, sdp, sent, toWatch } from "./support/whip.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

const FRAGMENT = "application/trickle-ice-sdpfrag";

async function refusal(response: Response) {
	expect(response.headers.get("content-type")).toBe("application/problem+json");
	const body = (await response.json()) as { status: number; code: string };
	return { status: response.status, code: body.code };
}

/** A room with somebody who publishes by WHIP, under the name of obs. */
async function onAir(identity = "obs") {
	const room = newRoom();
	return { room, ...(await publishBoth(() => node.link(room), room, identity)) };
}

/** A viewer whose offer the node answers with all it is to receive. */
async function watch(room: string, link: TestLink, identity: string, more: Parameters<typeof post>[3] = {}) {
	const posted = post(room, "whep", identity, more);
	const open = await link.open();
	const subscribed = (await link.command("subscribe")).tracks;
	const described = await answer(link, {
		sections: subscribed.map(({ track }, mid) => ({ mid: String(mid), kind: mid === 0 ? "audio" : "video", track })),
	});
	const response = await posted;
	const session = response.headers.get("location") ?? "";
	return { open, tracks: subscribed.map(({ track }) => track), described, response, session };
}

const participants = async (room: string) => {
	const response = await call("GET", `/v1/rooms/${room}/participants`, { token: testEnv.AUTH_KEY });
	return ((await response.json()) as { items: { id: string }[] }).items.map(({ id }) => id);
};

/** The fields of the next event of a stream. */
class Events {
	readonly #reader: ReadableStreamDefaultReader<string>;
	#text = "";

	constructor(response: Response) {
		if (!response.body) throw new Error("no stream");
		this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
	}

	async next(): Promise<{ event: string; data: unknown } | undefined> {
		for (;;) {
			const end = this.#text.indexOf("\n\n");
			if (end < 0) {
				const { value, done } = await this.#reader.read();
				if (done) return undefined;
				this.#text += value;
				continue;
			}
			const block = this.#text.slice(0, end);
			this.#text = this.#text.slice(end + 2);
			const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: ?(.*)/s)));
			if (fields.event) return { event: fields.event, data: JSON.parse(fields.data ?? "null") };
		}
	}

	stop(): Promise<void> {
		return this.#reader.cancel();
	}
}

describe("watching", () => {
	it("takes one offer and answers it with whatever the room's publisher sends", async () => {
		const { room, link, tracks } = await onAir();
		const seen = await watch(room, link, "ann");
		expect(seen.open).toMatchObject({
			...{ participant: "ann", send: false, recv: true, data: false },
			sdp: { connections: "one", offers: false, fill: true, renumber: false },
		});
		expect(seen.tracks).toEqual(tracks);
		expect(seen.described.description).toEqual({ type: "offer", sdp: toWatch });
		const { response, session } = seen;
		expect(response.status).toBe(201);
		expect(session).toMatch(new RegExp(`^/v1/rooms/${room}/whep/[A-Za-z0-9_-]{22}$`));
		expect(response.headers.get("etag")).toBe('"nodeufrag"');
		const links = (response.headers.get("link") ?? "").split(/, (?=<)/);
		expect(links).toEqual([
			`<${session}/layer>; rel="urn:ietf:params:whep:ext:core:layer"`,
			`<${session}/sse>; rel="urn:ietf:params:whep:ext:core:server-sent-events"; events="active,inactive,layers,reconnect,viewercount"`,
		]);
		expect((await call("DELETE", session, { token: await tokenFor(room, "ann") })).status).toBe(200);
		expect(await participants(room)).toEqual(["obs"]);
	});

	it("waits for somebody to publish", async () => {
		const room = newRoom();
		const posted = post(room, "whep", "ann");
		await expect.poll(() => participants(room)).toEqual(["ann"]);
		const publishing = publishBoth(() => node.link(room), room, "obs");
		const { link } = await publishing;
		await link.open();
		await answer(link, { sections: [{ mid: "0", kind: "audio", track: "x" }] });
		expect((await posted).status).toBe(201);
	});

	it("409 and when to come again, when nobody does", { timeout: 10_000 }, async () => {
		const room = newRoom();
		const response = await post(room, "whep", "ann");
		expect(response.headers.get("retry-after")).toBe("2");
		expect(await refusal(response)).toEqual({ status: 409, code: "conflict" });
		expect(await participants(room)).toEqual([]);
	});

	it("is of whom the query names, and of what", { timeout: 15_000 }, async () => {
		const { room, link } = await onAir();
		const token = await tokenFor(room, "screener");
		const posted = post(room, "whip", "screener", { token, query: "?source=screen" });
		await link.open();
		await answer(link, { sends: [sent("audio", "0"), sent("video", "1")] });
		const screen = [(await link.publish()).track, (await link.publish()).track];
		await posted;
		const seen = await watch(room, link, "ann", { query: "?participant=screener&source=screen" });
		expect(seen.tracks).toEqual(screen);
		const none = post(room, "whep", "ben", { query: "?participant=nobody" });
		expect((await none).status).toBe(409);
	});

	it("goes on with what is published later, and with whoever publishes then", async () => {
		const { room, link, tracks } = await onAir();
		const { open } = await watch(room, link, "ann");
		// The publisher is back, under the same ids.
		const again = post(room, "whip", "obs");
		await link.open();
		await answer(link, { sends: [sent("audio", "0"), sent("video", "1")] });
		for (let i = 0; i < 2; i++) await link.publish();
		expect((await again).status).toBe(201);
		const first = await link.command("subscribe");
		const second = await link.command("subscribe");
		expect([first, second].map(({ endpoint }) => endpoint)).toEqual([open.endpoint, open.endpoint]);
		expect([...first.tracks, ...second.tracks].map(({ track }) => track)).toEqual(tracks);
		// It goes for good, and another comes.
		const obs = (await again).headers.get("location") ?? "";
		await call("DELETE", obs, { token: await tokenFor(room, "obs") });
		const other = post(room, "whip", "other", { body: sdp([{ kind: "video" }]) });
		await link.open();
		await answer(link, { sends: [sent("video", "0")] });
		const { track } = await link.publish();
		await other;
		expect((await link.command("subscribe")).tracks).toEqual([{ track }]);
	});
});

describe("an offer to watch that cannot be taken", () => {
	const cases: [string, number, string, Parameters<typeof post>[3]][] = [
		["without a token", 401, "unauthorized", { token: "" }],
		["without the right to subscribe", 403, "forbidden", { rights: { subscribe: false } }],
		["of another type", 415, "bad_request", { type: "application/json" }],
		["that is none", 400, "bad_request", { body: "hello" }],
		["to send", 400, "bad_request", { body: sdp([{ kind: "audio" }]) }],
		["of nobody who could be", 400, "bad_request", { query: "?participant=" }],
	];
	it.each(cases)("%s: %i", async (_, status, code, more) => {
		expect(await refusal(await post(newRoom(), "whep", "ann", more))).toEqual({ status, code });
	});

	it("without a codec of what is published: 422", async () => {
		const { room } = await onAir();
		const body = sdp([{ kind: "audio", direction: "recvonly", codecs: [[0, "PCMU"]] }]);
		expect(await refusal(await post(room, "whep", "ann", { body }))).toEqual({ status: 422, code: "unsupported" });
	});
});

describe("payload types that are not the nodes'", () => {
	const firefox = sdp([
		{ kind: "audio", direction: "recvonly", codecs: [[109, "opus"]] },
		{ kind: "video", direction: "recvonly", codecs: [[120, "VP8"]] },
	]);

	async function countered(more: Parameters<typeof post>[3] = { body: firefox }) {
		const { room, link } = await onAir();
		const posted = post(room, "whep", "ann", more);
		const open = await link.open();
		await link.command("subscribe");
		const { endpoint } = open;
		const sections = [{ mid: "s1", kind: "audio" as const }];
		const description = { type: "offer" as const, sdp: nodeSdp("offered") };
		link.report({ type: "description", endpoint, connection: "", description, sections });
		const response = await posted;
		const session = response.headers.get("location") ?? "";
		return { room, link, open, response, session, token: await tokenFor(room, "ann") };
	}

	it("are answered with an offer of the node's", async () => {
		const { open, response, session, link, token } = await countered();
		expect(open).toMatchObject({ sdp: { offers: true }, connections: { "": [] } });
		expect(response.status).toBe(406);
		expect(response.headers.get("content-type")).toMatch(/^application\/sdp; valid-until="\w{3}, .* GMT"$/);
		expect(await response.text()).toContain("a=ice-ufrag:offered");
		const accept = () => call("PATCH", session, { token, type: "application/sdp", body: firefox });
		const accepted = accept();
		const { endpoint, cause, description } = await link.command("description");
		expect(description).toEqual({ type: "answer", sdp: firefox });
		link.report({ type: "agreed", endpoint, connection: "", cause, sections: [] });
		expect((await accepted).status).toBe(204);
		expect(await refusal(await accept())).toEqual({ status: 409, code: "conflict" });
		const fragment = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n";
		const headers = { "If-Match": '"offered"' };
		expect((await call("PATCH", session, { token, type: FRAGMENT, body: fragment, headers })).status).toBe(204);
	});

	it("may be answered again when the node could not read the answer", async () => {
		const { session, link, token } = await countered();
		const accept = () => call("PATCH", session, { token, type: "application/sdp", body: firefox });
		const first = accept();
		const { endpoint, cause } = await link.command("description");
		link.report({ type: "failed", endpoint, cause, error: { code: "bad_request", message: "sdp: no" } });
		expect((await first).status).toBe(400);
		const second = accept();
		const again = await link.command("description");
		link.report({ type: "agreed", endpoint, connection: "", cause: again.cause, sections: [] });
		expect((await second).status).toBe(204);
	});

	it("do not matter to a client that offers nothing, as earlier drafts let it", async () => {
		const { response } = await countered({ body: "" });
		expect(response.status).toBe(201);
		expect(await response.text()).toContain("a=ice-ufrag:offered");
	});
});

describe("layers", () => {
	it("are chosen by name, number or size, or not at all", async () => {
		const room = newRoom();
		const native = await TestClient.join(room, "cam", { rtpCapabilities: capabilities });
		const link = await node.link(room);
		const { endpoint } = await link.open();
		await native.event("endpoint");
		const published = native.do("publish", {
			...{ endpoint, track: "video", source: "camera" },
			media: {
				kind: "video",
				rtpParameters: {
					codecs: [{ mimeType: "video/VP8", payloadType: 96, clockRate: 90_000 }],
					encodings: [{ rid: "low" }, { rid: "mid" }, { rid: "high" }],
				},
			},
			layers: [
				{ width: 320, height: 180 },
				{ width: 640, height: 360 },
				{ width: 1280, height: 720 },
			],
		});
		await link.publish();
		await published;
		const { session } = await watch(room, link, "ann");
		const choose = (choice: unknown) =>
			call("POST", `${session}/layer`, { type: "application/json", body: JSON.stringify(choice) });
		const tuned = async () => (await link.command("tune")).tracks;
		const cases: [object, unknown][] = [
			[{ rid: "mid" }, { spatial: 1 }],
			[{ mediaId: "1", encodingId: "low" }, { spatial: 0 }],
			[
				{ spatialLayerId: 2, temporalLayerId: 1 },
				{ spatial: 2, temporal: 1 },
			],
			[{ maxWidth: 700 }, { spatial: 1 }],
			[{ maxHeight: 100 }, { spatial: 0 }],
			[{ maxTemporalLayerId: 0 }, { spatial: 7, temporal: 0 }],
			[{ mediaId: 1 }, null],
		];
		for (const [choice, layer] of cases) {
			expect((await choose(choice)).status).toBe(200);
			expect(await tuned()).toEqual([{ track: "video", layer }]);
		}
		expect((await call("DELETE", `${session}/layer`)).status).toBe(200);
		expect(await tuned()).toEqual([{ track: "video", layer: null }]);
		for (const wrong of [{ rid: "huge" }, { mediaId: "0", rid: "low" }, { spatialLayerId: 3 }]) {
			expect((await choose(wrong)).status).toBe(422);
		}
		expect((await choose({ rid: 7 })).status).toBe(400);
		expect((await call("POST", `${session}/layer`, { type: "application/json", body: "{" })).status).toBe(400);
		const events = new Events(await call("GET", `${session}/sse`));
		expect(await events.next()).toEqual({ event: "active", data: {} });
		expect(await events.next()).toEqual({
			event: "layers",
			data: {
				1: [
					{ rid: "high", spatialLayerId: 2, width: 1280, height: 720 },
					{ rid: "mid", spatialLayerId: 1, width: 640, height: 360 },
					{ rid: "low", spatialLayerId: 0, width: 320, height: 180 },
				],
			},
		});
		await events.stop();
	});
});

describe("events", () => {
	it("tell of the publisher and of other viewers, while somebody listens", { timeout: 15_000 }, async () => {
		const { room, link } = await onAir();
		const { session } = await watch(room, link, "ann");
		const made = await call("POST", `${session}/sse`);
		expect(made.status).toBe(201);
		const stream = made.headers.get("location") ?? "";
		expect(stream).toMatch(new RegExp(`^${session}/sse/[A-Za-z0-9_-]{22}$`));
		const response = await call("GET", stream);
		expect(response.headers.get("content-type")).toBe("text/event-stream");
		const events = new Events(response);
		expect(await events.next()).toEqual({ event: "active", data: {} });
		expect(await events.next()).toEqual({ event: "viewercount", data: { viewercount: 1 } });
		// The room may lose its memory meanwhile.
		await evictDurableObject(testEnv.ROOM.getByName(room), { webSockets: "hibernate" });
		await watch(room, link, "ben");
		expect(await events.next()).toEqual({ event: "viewercount", data: { viewercount: 2 } });
		const stub = testEnv.ROOM.getByName(room) as unknown as {
			removeParticipant(id: string): Promise<void>;
			nodeDraining(notice: object): Promise<void>;
		};
		await stub.nodeDraining({ node: node.id, epoch: link.epoch, deadline: Date.now() + 60_000 });
		expect(await events.next()).toEqual({ event: "reconnect", data: {} });
		await stub.removeParticipant("obs");
		expect(await events.next()).toEqual({ event: "inactive", data: {} });
		// Longer than comings and goings are gathered: as many watch as before, which nobody needs to be told.
		await scheduler.wait(1_200);
		await call("DELETE", session, { token: await tokenFor(room, "ann") });
		expect(await events.next()).toBeUndefined();
		expect((await call("GET", stream)).status).toBe(404);
	});

	it("can be some of them, and ended", async () => {
		const { room, link } = await onAir();
		const { session } = await watch(room, link, "ann");
		const body = JSON.stringify(["viewercount", "scte35"]);
		const made = await call("POST", `${session}/sse`, { type: "application/json", body });
		const stream = made.headers.get("location") ?? "";
		const events = new Events(await call("GET", stream));
		expect(await events.next()).toMatchObject({ event: "viewercount" });
		expect((await call("DELETE", stream)).status).toBe(200);
		expect(await events.next()).toBeUndefined();
		expect((await call("GET", stream)).status).toBe(404);
		expect((await call("DELETE", stream)).status).toBe(404);
		const bad = await call("POST", `${session}/sse`, { type: "application/json", body: "{}" });
		expect(bad.status).toBe(400);
	});

	it("are told on every stream, and who opens one that is open takes it over for good", async () => {
		const { room, link } = await onAir();
		const { session } = await watch(room, link, "ann");
		const made = async () => (await call("POST", `${session}/sse`)).headers.get("location") ?? "";
		const [one, two] = [await made(), await made()];
		const streams: Events[] = [];
		for (const address of [`${session}/sse`, one, two]) {
			const events = new Events(await call("GET", address));
			expect(await events.next()).toEqual({ event: "active", data: {} });
			expect(await events.next()).toEqual({ event: "viewercount", data: { viewercount: 1 } });
			streams.push(events);
		}
		const [all, first, second] = streams as [Events, Events, Events];
		// It is not ended, or it would come back and take it over again.
		const over = new Events(await call("GET", two));
		expect(await over.next()).toEqual({ event: "active", data: {} });
		expect(await over.next()).toEqual({ event: "viewercount", data: { viewercount: 1 } });
		const silent = second.next();
		expect((await call("DELETE", one)).status).toBe(200);
		expect(await first.next()).toBeUndefined();
		await evictDurableObject(testEnv.ROOM.getByName(room), { webSockets: "hibernate" });
		await watch(room, link, "ben");
		for (const events of [all, over]) {
			expect(await events.next()).toEqual({ event: "viewercount", data: { viewercount: 2 } });
		}
		expect(await Promise.race([silent, scheduler.wait(50).then(() => "silent")])).toBe("silent");
		await call("DELETE", session, { token: await tokenFor(room, "ann") });
		expect([await all.next(), await over.next()]).toEqual([undefined, undefined]);
		await second.stop();
	});

	it("go to four streams at most: the oldest makes place, and ends", async () => {
		const { room, link } = await onAir();
		const { session } = await watch(room, link, "ann");
		const streams: Events[] = [];
		for (let count = 0; count < 5; count++) {
			const made = await call("POST", `${session}/sse`);
			const events = new Events(await call("GET", made.headers.get("location") ?? ""));
			expect(await events.next()).toEqual({ event: "active", data: {} });
			expect(await events.next()).toMatchObject({ event: "viewercount" });
			streams.push(events);
		}
		expect(await streams[0]?.next()).toBeUndefined();
		await watch(room, link, "ben");
		for (const events of streams.slice(1)) {
			expect(await events.next()).toEqual({ event: "viewercount", data: { viewercount: 2 } });
			await events.stop();
		}
	});

	it("of a viewer go on when nobody listens any more", async () => {
		const { room, link } = await onAir();
		const { session } = await watch(room, link, "ann");
		const events = new Events(await call("GET", `${session}/sse`));
		await events.next();
		await events.stop();
		expect(await participants(room)).toEqual(["obs", "ann"]);
		expect((await call("GET", session)).status).toBe(204);
		expect((await fetchEdge(`${session.replace(/\/[^/]*$/, "/aaaaaaaaaaaaaaaaaaaaaa")}/sse`)).status).toBe(404);
	});
});
