/** WHIP (RFC 9725): publishing over HTTP, as far as the edge goes. */
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { fetchEdge, newRoom, TestClient, testEnv, tokenFor } from "./support/client.ts";
import { TestLink, TestNode } from "./support/node.ts";
import { answer, both, call, post, publishBoth, sdp, sent } from "./support/whip.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

const FRAGMENT = "application/trickle-ice-sdpfrag";
const fragment = (ufrag: string, more = "") =>
	`a=ice-ufrag:${ufrag}\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n${more}`;
const CANDIDATE = "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw\r\n";

async function refusal(response: Response) {
	expect(response.headers.get("content-type")).toBe("application/problem+json");
	const body = (await response.json()) as { status: number; code: string; detail: string };
	expect(body.status).toBe(response.status);
	return { status: body.status, code: body.code };
}

async function published(identity = "obs") {
	const room = newRoom();
	const begun = await publishBoth(() => node.link(room), room, identity);
	const session = begun.response.headers.get("location") ?? "";
	const etag = begun.response.headers.get("etag") ?? "";
	return { room, session, etag, token: await tokenFor(room, identity), ...begun };
}

const participants = async (room: string) => {
	const response = await call("GET", `/v1/rooms/${room}/participants`, { token: testEnv.AUTH_KEY });
	return ((await response.json()) as { items: { id: string; tracks: { id: string; source: string }[] }[] }).items;
};

/** The session's time comes earlier by so much. */
async function timePasses(room: string, ms: number): Promise<void> {
	const stub = testEnv.ROOM.getByName(room);
	await evictDurableObject(stub, { webSockets: "hibernate" });
	await runInDurableObject(stub, (_, state) => {
		for (const { key, value } of state.storage.sql.exec<{ key: string; value: string }>("SELECT * FROM participant")) {
			const member = JSON.parse(value) as { dueAt?: number; own?: { endsAt?: number } };
			if (member.dueAt === undefined) continue;
			member.dueAt -= ms;
			if (member.own?.endsAt) member.own.endsAt -= ms;
			state.storage.sql.exec("UPDATE participant SET value = ? WHERE key = ?", JSON.stringify(member), key);
		}
	});
	await evictDurableObject(stub, { webSockets: "hibernate" });
	await runDurableObjectAlarm(stub);
}

describe("publishing", () => {
	it("takes one offer and answers it; the tracks are the room's", async () => {
		const room = newRoom();
		const viewer = await TestClient.join(room, "ann");
		const posted = post(room, "whip", "obs");
		const link = await node.link(room);
		const open = await link.open();
		expect(open).toMatchObject({
			...{ participant: "obs", send: true, recv: false, data: false, connections: {} },
			sdp: { connections: "one", offers: false, renumber: false },
		});
		const offered = await answer(link, { sends: [sent("audio", "0"), sent("video", "1")] });
		expect(offered).toMatchObject({ endpoint: open.endpoint, description: { type: "offer", sdp: both } });
		const [audio, video] = [await link.publish(), await link.publish()];
		expect(audio).toMatchObject({
			source: "audio",
			muted: false,
			media: { rtpParameters: { msid: "stream audio-of-client" } },
		});
		expect(video.source).toBe("camera");
		const response = await posted;
		expect(response.status).toBe(201);
		expect(response.headers.get("content-type")).toBe("application/sdp");
		expect(response.headers.get("location")).toMatch(new RegExp(`^/v1/rooms/${room}/whip/[A-Za-z0-9_-]{22}$`));
		expect(response.headers.get("etag")).toBe('"nodeufrag"');
		expect(response.headers.get("accept-patch")).toBe(FRAGMENT);
		expect(await response.text()).toContain("a=ice-ufrag:nodeufrag");
		expect((await viewer.event("participantJoined")).participant).toMatchObject({ id: "obs", tracks: [] });
		expect((await viewer.event("trackPublished")).track.id).toBe(audio.track);
		expect((await viewer.event("trackPublished")).track).toMatchObject({ id: video.track, source: "camera" });
	});

	it("is answered when the node has taken every track, and not before", async () => {
		const room = newRoom();
		const posted = post(room, "whip", "obs");
		const link = await node.link(room);
		await link.open();
		await answer(link, { sends: [sent("audio", "0"), sent("video", "1")] });
		await link.publish();
		const { endpoint, track, cause } = await link.command("publish");
		const error = { code: "unsupported", message: "no such codec" } as const;
		link.report({ type: "failed", endpoint, track, cause, error });
		expect(await refusal(await posted)).toEqual({ status: 422, code: "unsupported" });
		expect(await link.command("close")).toMatchObject({ endpoint });
		expect(await participants(room)).toEqual([]);
	});

	it("can be of a screen", async () => {
		const room = newRoom();
		const { tracks } = await publishBoth(() => node.link(room), room, "obs", { query: "?source=screen" });
		const [member] = await participants(room);
		expect(member?.tracks.map(({ id, source }) => [id, source])).toEqual([
			[tracks[0], "screenAudio"],
			[tracks[1], "screen"],
		]);
	});

	it("again by the same identity replaces the first, under the same track ids", async () => {
		const { room, session, token, tracks, link } = await published();
		const posted = post(room, "whip", "obs");
		await link.open();
		await answer(link, { ufrag: "another", sends: [sent("audio", "0"), sent("video", "1")] });
		expect([(await link.publish()).track, (await link.publish()).track]).toEqual(tracks);
		expect((await posted).status).toBe(201);
		expect((await call("DELETE", session, { token })).status).toBe(404);
		expect(await participants(room)).toHaveLength(1);
	});
});

describe("an offer that cannot be taken", () => {
	const cases: [string, number, string, Parameters<typeof post>[3]][] = [
		["without a token", 401, "unauthorized", { token: "" }],
		["with a token that is none", 401, "unauthorized", { token: "a.b.c" }],
		["without the right to publish", 403, "forbidden", { rights: { publish: [] } }],
		["without the right to publish video", 403, "forbidden", { rights: { publish: ["audio"] } }],
		["of another type", 415, "bad_request", { type: "text/plain" }],
		["of no type", 415, "bad_request", { type: "" }],
		["that is none", 400, "bad_request", { body: "hello" }],
		["that is empty", 400, "bad_request", { body: "" }],
		["without media", 400, "bad_request", { body: "v=0\r\ns=-\r\n" }],
		["without ICE", 400, "bad_request", { body: both.replaceAll(/a=ice-ufrag:.*\r\n/g, "") }],
		["to receive", 400, "bad_request", { body: sdp([{ kind: "audio", direction: "recvonly" }]) }],
		["of two cameras", 422, "unsupported", { body: sdp([{ kind: "video" }, { kind: "video" }]) }],
		["of what there is not", 400, "bad_request", { query: "?source=window" }],
		["that is too large", 413, "too_large", { body: both + "a=x\r\n".repeat(20_000) }],
	];
	it.each(cases)("%s: %i", async (_, status, code, more) => {
		const response = await post(newRoom(), "whip", "obs", more);
		expect(await refusal(response)).toEqual({ status, code });
		if (status === 401) expect(response.headers.get("www-authenticate")).toBe("Bearer");
	});

	it("of a room by another's token: 401", async () => {
		const token = await tokenFor(newRoom(), "obs");
		expect((await refusal(await post(newRoom(), "whip", "obs", { token }))).status).toBe(401);
	});

	it("of a mesh: 422", async () => {
		const room = newRoom();
		const body = JSON.stringify({ name: room, settings: { topology: "mesh" } });
		await call("POST", "/v1/rooms", { token: testEnv.AUTH_KEY, type: "application/json", body });
		expect(await refusal(await post(room, "whip", "obs"))).toEqual({ status: 422, code: "unsupported" });
	});

	it("that the node cannot read: 400, and nobody is left behind", async () => {
		const room = newRoom();
		const posted = post(room, "whip", "obs");
		const link = await node.link(room);
		await link.open();
		const { endpoint, cause } = await link.command("description");
		link.report({ type: "failed", endpoint, cause, error: { code: "bad_request", message: "sdp: no fingerprint" } });
		expect(await refusal(await posted)).toEqual({ status: 400, code: "bad_request" });
		expect(await link.command("close")).toMatchObject({ endpoint });
		expect(await participants(room)).toEqual([]);
	});

	it("with a section of which no codec is known: 422, not half an answer", async () => {
		const room = newRoom();
		const posted = post(room, "whip", "obs");
		const link = await node.link(room);
		await link.open();
		await answer(link, { sends: [sent("audio", "0")] });
		expect(await refusal(await posted)).toEqual({ status: 422, code: "unsupported" });
	});
});

describe("a node that is missing", () => {
	it.concurrent("503 and when to come again, when none comes in time", { timeout: 20_000 }, async () => {
		const room = newRoom();
		// Assigned, and never linked.
		const response = await post(room, "whip", "obs");
		expect(response.headers.get("retry-after")).toBe("3");
		expect(await refusal(response)).toEqual({ status: 503, code: "no_node" });
		expect(await participants(room)).toEqual([]);
	});

	it.concurrent("504 when it is there and silent", { timeout: 20_000 }, async () => {
		const room = newRoom();
		const posted = post(room, "whip", "obs");
		const link = await node.link(room);
		await link.open();
		expect(await refusal(await posted)).toEqual({ status: 504, code: "node_failed" });
	});

	it("another takes the offer when the first is lost meanwhile", async () => {
		const room = newRoom();
		const posted = post(room, "whip", "obs");
		const first = await node.link(room);
		const { endpoint } = await first.open();
		await first.command("description");
		first.report({ type: "closed", endpoint, error: { code: "node_failed", message: "a worker died" } });
		await first.open();
		await answer(first, { sends: [sent("audio", "0"), sent("video", "1")] });
		await first.publish();
		await first.publish();
		expect((await posted).status).toBe(201);
	});
});

describe("a session", () => {
	it("ends by DELETE, for all", async () => {
		const { room, session, token, link, endpoint } = await published();
		expect((await call("DELETE", session, { token })).status).toBe(200);
		expect(await link.command("close")).toMatchObject({ endpoint });
		expect(await participants(room)).toEqual([]);
		expect(await refusal(await call("DELETE", session, { token }))).toEqual({ status: 404, code: "not_found" });
		expect((await call("PATCH", session, { token, type: FRAGMENT, body: fragment("EsAw") })).status).toBe(404);
	});

	it("ends by a token that has expired, and not by another's or none", async () => {
		const { room, session } = await published();
		expect((await call("DELETE", session)).status).toBe(401);
		expect((await call("DELETE", session, { token: await tokenFor(room, "eve") })).status).toBe(404);
		expect((await call("DELETE", session, { token: await tokenFor(newRoom(), "obs") })).status).toBe(401);
		expect((await call("DELETE", session, { token: await tokenFor(room, "obs", {}, -60) })).status).toBe(200);
	});

	it("takes candidates that match its ICE session", async () => {
		const { session, etag, token } = await published();
		const patch = (body: string, headers: Record<string, string> = {}, type = FRAGMENT) =>
			call("PATCH", session, { token, type, body, headers });
		const body = fragment("EsAw", `${CANDIDATE}a=end-of-candidates\r\n`);
		const taken = await patch(body, { "If-Match": etag });
		expect(taken.status).toBe(204);
		expect(taken.headers.get("etag")).toBeNull();
		expect((await patch(body, { "If-Match": `"x", ${etag}` })).status).toBe(204);
		expect((await patch(body, { "If-Match": "*" })).status).toBe(204);
		expect(await refusal(await patch(body))).toEqual({ status: 428, code: "bad_request" });
		expect(await refusal(await patch(body, { "If-Match": '"other"' }))).toEqual({ status: 412, code: "conflict" });
		expect(await refusal(await patch(body, { "If-Match": etag }, "application/sdp"))).toMatchObject({ status: 415 });
		expect(await refusal(await patch("candidate!", { "If-Match": etag }))).toMatchObject({ status: 400 });
		expect(await refusal(await patch(CANDIDATE, { "If-Match": etag }))).toMatchObject({ status: 400 });
		const bad = fragment("EsAw", "a=candidate:nonsense\r\n");
		expect(await refusal(await patch(bad, { "If-Match": etag }))).toMatchObject({ status: 400 });
	});

	it("restarts ICE when the client names another user fragment", async () => {
		const { session, etag, token, link, endpoint } = await published();
		const restart = (ufrag: string) =>
			call("PATCH", session, { token, type: FRAGMENT, body: fragment(ufrag), headers: { "If-Match": "*" } });
		const restarted = restart("ysXw");
		const { cause, direction } = await link.command("restartIce");
		const iceParameters = { usernameFragment: "second", password: "secondpassword0123456789", iceLite: true };
		link.report({ type: "ice", endpoint, direction, cause, iceParameters });
		const response = await restarted;
		expect(response.status).toBe(200);
		expect(response.headers.get("content-type")).toBe(FRAGMENT);
		expect(response.headers.get("etag")).toBe('"second"');
		expect((await response.text()).split("\r\n")).toEqual([
			...["a=ice-lite", "a=group:BUNDLE 0", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0"],
			...["a=ice-ufrag:second", "a=ice-pwd:secondpassword0123456789"],
			...["a=candidate:udp 1 udp 1076558079 192.0.2.1 40000 typ host", "a=end-of-candidates", ""],
		]);
		const trickle = (tag: string) =>
			call("PATCH", session, {
				token,
				type: FRAGMENT,
				body: fragment("ysXw", CANDIDATE),
				headers: { "If-Match": tag },
			});
		expect((await trickle(etag)).status).toBe(412);
		expect((await trickle('"second"')).status).toBe(204);
		// One that fails leaves the session as it is.
		const failing = restart("third");
		const again = await link.command("restartIce");
		link.report({ type: "failed", endpoint, cause: again.cause, error: { code: "node_failed", message: "no" } });
		expect((await failing).status).toBe(502);
		expect((await trickle('"second"')).status).toBe(204);
	});

	it("answers restarts that overlap each with its own", async () => {
		const { session, token, link, endpoint } = await published();
		const headers = { "If-Match": "*" };
		const [one, two] = ["first", "another"].map((ufrag) =>
			call("PATCH", session, { token, type: FRAGMENT, body: fragment(ufrag), headers }),
		);
		for (const usernameFragment of ["nodeone", "nodetwo"]) {
			const { cause, direction } = await link.command("restartIce");
			const iceParameters = { usernameFragment, password: "secondpassword0123456789", iceLite: true };
			link.report({ type: "ice", endpoint, direction, cause, iceParameters });
		}
		const etags = [(await one)?.headers.get("etag"), (await two)?.headers.get("etag")];
		expect(etags.sort()).toEqual(['"nodeone"', '"nodetwo"']);
	});

	it("has nothing to show, and no other methods", async () => {
		const { room, session } = await published();
		for (const path of [session, `/v1/rooms/${room}/whip`]) {
			expect((await call("GET", path)).status).toBe(204);
			const put = await call("PUT", path);
			expect(await refusal(put)).toMatchObject({ status: 405 });
			expect(put.headers.get("allow")).toContain("OPTIONS");
		}
		expect((await call("GET", `${session.slice(0, -1)}`)).status).toBe(404);
	});
});

describe("without a socket", () => {
	it.each(["evict", "abort"] as const)("the session outlives the room's memory (%s)", async (how) => {
		const { room, session, etag, token, link, endpoint, tracks } = await published();
		let at = link;
		if (how === "evict") await evictDurableObject(testEnv.ROOM.getByName(room), { webSockets: "hibernate" });
		else {
			await abortAllDurableObjects();
			node = await TestNode.register();
			at = await TestLink.dial(room, link.token);
			at.report({ type: "attached", endpoints: [{ endpoint, tracks, subscriptions: [] }] });
		}
		expect((await participants(room))[0]?.tracks.map(({ id }) => id)).toEqual(tracks);
		const headers = { "If-Match": etag };
		expect((await call("PATCH", session, { token, type: FRAGMENT, body: fragment("EsAw"), headers })).status).toBe(204);
		at.report({ type: "connection", endpoint, connection: "", state: "connected" });
		await timePasses(room, 3_600_000);
		expect(await participants(room)).toHaveLength(1);
		expect((await call("DELETE", session, { token })).status).toBe(200);
		expect(await at.command("close")).toMatchObject({ endpoint });
	});

	it("it ends when nothing connects", async () => {
		const { room, link, endpoint } = await published();
		await timePasses(room, 29_000);
		expect(await participants(room)).toHaveLength(1);
		await timePasses(room, 2_000);
		expect(await link.command("close")).toMatchObject({ endpoint });
		expect(await participants(room)).toEqual([]);
	});

	it("it ends some time after its path was lost, unless that comes back", async () => {
		const { room, link, endpoint } = await published();
		const path = async (state: "connected" | "disconnected") => {
			link.report({ type: "connection", endpoint, connection: "", state });
			await participants(room);
		};
		await path("connected");
		await path("disconnected");
		await timePasses(room, 14_000);
		await path("connected");
		await timePasses(room, 60_000);
		expect(await participants(room)).toHaveLength(1);
		await path("disconnected");
		await timePasses(room, 16_000);
		expect(await participants(room)).toEqual([]);
	});

	it("it ends with its node: nothing can be offered to it again", async () => {
		const { room, session, token, link, endpoint } = await published();
		link.report({ type: "closed", endpoint, error: { code: "node_failed", message: "a worker died" } });
		expect(await participants(room)).toEqual([]);
		expect((await call("DELETE", session, { token })).status).toBe(404);
	});

	it("it stays on a node that drains, to the end", async () => {
		const { room, link, endpoint } = await published();
		link.report({ type: "connection", endpoint, connection: "", state: "connected" });
		const stub = testEnv.ROOM.getByName(room) as unknown as { nodeDraining(notice: object): Promise<void> };
		await stub.nodeDraining({ node: node.id, epoch: link.epoch, deadline: Date.now() + 60_000 });
		expect(await participants(room)).toHaveLength(1);
		expect(link.socket.untaken).not.toContainEqual([expect.objectContaining({ type: "open" })]);
	});
});

describe("OpenAPI", () => {
	it("describes every route", async () => {
		const { paths } = (await (await fetchEdge("/v1/openapi.json")).json()) as { paths: Record<string, object> };
		const streaming = Object.entries(paths).filter(([path]) => /\/wh[ei]p/.test(path));
		expect(Object.fromEntries(streaming.map(([path, methods]) => [path, Object.keys(methods)]))).toEqual({
			"/rooms/{room}/whip": ["post"],
			"/rooms/{room}/whep": ["post"],
			"/rooms/{room}/whip/{session}": ["patch", "delete"],
			"/rooms/{room}/whep/{session}": ["patch", "delete"],
			"/rooms/{room}/whep/{session}/layer": ["post"],
			"/rooms/{room}/whep/{session}/sse": ["post"],
			"/rooms/{room}/whep/{session}/sse/{stream}": ["get"],
		});
	});
});

describe("pages of other origins", () => {
	it("may publish, and read what they need", async () => {
		const preflight = await fetchEdge(`/v1/rooms/${newRoom()}/whip/abc`, {
			method: "OPTIONS",
			headers: {
				...{ Origin: "https://app.test", "Access-Control-Request-Method": "PATCH" },
				"Access-Control-Request-Headers": "authorization,content-type,if-match",
			},
		});
		expect(preflight.status).toBe(200);
		expect(preflight.headers.get("access-control-allow-origin")).toBe("https://app.test");
		expect(preflight.headers.get("access-control-allow-methods")).toBe("GET, POST, PATCH, DELETE, OPTIONS");
		expect(preflight.headers.get("access-control-allow-headers")).toContain("If-Match");
		expect(preflight.headers.get("accept-post")).toBe("application/sdp");
		const refused = await post(newRoom(), "whip", "obs", { body: "", headers: { Origin: "https://app.test" } });
		expect(refused.headers.get("access-control-allow-origin")).toBe("https://app.test");
		for (const name of ["Location", "Link", "ETag"]) {
			expect(refused.headers.get("access-control-expose-headers")).toContain(name);
		}
	});
});
