import { SignJWT } from "jose";
import { describe, expect, it, vi } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { readLimits } from "../../shared/limits.ts";
import type { Participant, Room, RoomSummary, TokenCreated } from "../../shared/rest.ts";
import { AUDIENCE } from "../../shared/tokens.ts";
import { decodeBase64 } from "../../worker/auth/base64.ts";
import app from "../../worker/index.ts";
import { EDGE, fetchEdge, newRoom, TestClient, testEnv, tokenFor } from "./support/client.ts";

interface Answer<T = unknown> {
	status: number;
	headers: Headers;
	body: T;
}

async function call<T = unknown>(method: string, path: string, body?: unknown, headers = {}): Promise<Answer<T>> {
	const init: RequestInit = { method, headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}`, ...headers } };
	if (body !== undefined) {
		init.body = typeof body === "string" ? body : JSON.stringify(body);
		init.headers = { "Content-Type": "application/json", ...(init.headers as Record<string, string>) };
	}
	return answerOf<T>(await fetchEdge(`/v1${path}`, init));
}

async function answerOf<T>(response: Response): Promise<Answer<T>> {
	const text = await response.text();
	return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : undefined) as T };
}

/** The same edge with other variables. */
async function callWith<T>(variables: Record<string, string>, path: string, init?: RequestInit): Promise<Answer<T>> {
	return answerOf<T>(await app.fetch(new Request(`${EDGE}${path}`, init), { ...testEnv, ...variables }));
}

const failure = (status: number, code: string) =>
	expect.objectContaining({ status, body: { error: { code, message: expect.any(String) } } });

describe("a room", () => {
	it("is created, read and deleted", async () => {
		const name = newRoom();
		const settings = { maxParticipants: 3, emptyRoomMs: 60_000 };
		const created = await call<Room>("POST", "/rooms", { name, metadata: { topic: "tea" }, settings });
		expect(created.status).toBe(201);
		expect(created.headers.get("location")).toBe(`/v1/rooms/${name}`);
		expect(created.body).toMatchObject({
			name,
			metadata: { topic: "tea" },
			settings,
			participants: 0,
			tracks: 0,
			nodes: [],
		});
		expect(await call("GET", `/rooms/${name}`)).toMatchObject({ status: 200, body: created.body });
		expect(await call("DELETE", `/rooms/${name}`)).toMatchObject({ status: 204, body: undefined });
		expect(await call("GET", `/rooms/${name}`)).toEqual(failure(404, "not_found"));
		expect(await call("DELETE", `/rooms/${name}`)).toEqual(failure(404, "not_found"));
	});

	it("created again by its name is the one that is there, unchanged", async () => {
		const name = newRoom();
		const first = await call<Room>("POST", "/rooms", { name, metadata: 1 });
		const again = await call<Room>("POST", "/rooms", { name, metadata: 2 });
		expect(again.status).toBe(200);
		expect(again.body).toEqual(first.body);
	});

	it("is created once by many at once", async () => {
		const name = newRoom();
		const answers = await Promise.all(Array.from({ length: 8 }, () => call("POST", "/rooms", { name })));
		expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
	});

	it("gets a name when none is given, with a body or without", async () => {
		const rooms = await Promise.all([call<Room>("POST", "/rooms", {}), call<Room>("POST", "/rooms")]);
		for (const room of rooms)
			expect(room).toMatchObject({ status: 201, body: { name: expect.stringMatching(/^[a-z2-9]{12}$/) } });
		expect(rooms[0]?.body.name).not.toBe(rooms[1]?.body.name);
	});

	it("closes everyone in it when it is deleted", async () => {
		const room = newRoom();
		const alice = await TestClient.join(room, "alice");
		expect(await call("DELETE", `/rooms/${room}`)).toMatchObject({ status: 204 });
		expect((await alice.socket.closed).code).toBe(CLOSE.roomClosed);
	});

	it.each<[string, unknown, number, string]>([
		["that is not JSON", "{", 400, "bad_json"],
		["with a bad name", { name: "no spaces" }, 400, "bad_request"],
		["with a name of a wrong type", { name: 1 }, 400, "bad_request"],
		["with settings out of range", { settings: { maxParticipants: 0 } }, 400, "bad_request"],
		["that is an array", [], 400, "bad_request"],
		["with too much metadata", { metadata: "é".repeat(readLimits(testEnv).maxMetadataBytes / 2) }, 413, "too_large"],
		["that is too large", { metadata: "x".repeat(readLimits(testEnv).maxMessageBytes) }, 413, "too_large"],
	])("is not created from a body %s", async (_, body, status, code) => {
		expect(await call("POST", "/rooms", body)).toEqual(failure(status, code));
	});

	it("is not created from a body that does not say it is JSON", async () => {
		expect(await call("POST", "/rooms", "{}", { "Content-Type": "text/plain" })).toEqual(failure(400, "bad_request"));
	});

	it("with a name that cannot be is refused, and not looked for", async () => {
		expect(await call("GET", "/rooms/%20")).toEqual(failure(400, "bad_request"));
	});

	it("says which field does not fit", async () => {
		const { body } = await call<{ error: { message: string } }>("POST", "/rooms", { settings: { maxTracks: "many" } });
		expect(body.error.message).toMatch(/^settings\.maxTracks: /);
	});
});

describe("the list of rooms", () => {
	async function pages(limit: number): Promise<RoomSummary[][]> {
		const found: RoomSummary[][] = [];
		let cursor: string | undefined = "";
		while (cursor !== undefined) {
			const query: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
			const { body } = await call<{ items: RoomSummary[]; next?: string }>("GET", `/rooms?limit=${limit}${query}`);
			found.push(body.items);
			cursor = body.next;
		}
		return found;
	}

	it("has every room once, whatever the page size, and no empty last page", async () => {
		const names = Array.from({ length: 20 }, newRoom);
		await Promise.all(names.map((name) => call("POST", "/rooms", { name })));
		await expect
			.poll(async () => (await pages(500)).flat().map(({ name }) => name))
			.toEqual(expect.arrayContaining(names));
		const all = (await pages(500)).flat();
		for (const limit of [1, 3, 7, all.length, all.length + 1]) {
			const paged = await pages(limit);
			expect(paged.flat()).toEqual(all);
			expect(paged.length).toBe(Math.ceil(all.length / limit));
		}
	});

	it("loses a room that is deleted", async () => {
		const name = newRoom();
		const listed = async () => (await pages(500)).flat().some((room) => room.name === name);
		await call("POST", "/rooms", { name });
		await expect.poll(listed).toBe(true);
		await call("DELETE", `/rooms/${name}`);
		await expect.poll(listed).toBe(false);
	});

	it.each(["limit=0", "limit=501", "limit=x", "cursor=!", `cursor=${btoa('{"shard":9,"after":""}')}`])(
		"refuses the page %s",
		async (query) => {
			expect(await call("GET", `/rooms?${query}`)).toEqual(failure(400, "bad_request"));
		},
	);
});

describe("participants", () => {
	it("are listed page by page, in the order in which they joined", async () => {
		const room = newRoom();
		for (const identity of ["c", "a", "b"]) await TestClient.join(room, identity, { name: identity.toUpperCase() });
		const first = await call<{ items: Participant[]; next: string }>("GET", `/rooms/${room}/participants?limit=2`);
		expect(first.body.items).toMatchObject([
			{ id: "c", name: "C", state: "joined", tracks: [] },
			{ id: "a", name: "A" },
		]);
		const second = await call("GET", `/rooms/${room}/participants?limit=2&cursor=${first.body.next}`);
		expect(second.body).toEqual({ items: [expect.objectContaining({ id: "b" })] });
	});

	it("are read, muted and removed by any id a token may have", async () => {
		const room = newRoom();
		for (const identity of ["alice", "a/b", "50% é ?#", "...", "日本", "%2F"]) {
			const client = await TestClient.join(room, identity);
			const path = `/rooms/${room}/participants/${encodeURIComponent(identity)}`;
			expect(await call("GET", path)).toMatchObject({ status: 200, body: { id: identity } });
			expect(await call("POST", `${path}/mute`)).toMatchObject({ status: 200, body: { id: identity } });
			expect(await call("DELETE", `${path}?reason=bye`)).toMatchObject({ status: 204 });
			expect(await client.event("removed")).toMatchObject({ reason: "bye" });
			expect((await client.socket.closed).code).toBe(CLOSE.removed);
			expect(await call("GET", path)).toEqual(failure(404, "not_found"));
		}
	});

	it("are moved with a token for the other room and the rights they had", async () => {
		const [from, to] = [newRoom(), newRoom()];
		const client = await TestClient.join(from, "alice", { rights: { publish: ["audio"] }, name: "Alice" });
		expect(await call("POST", `/rooms/${from}/participants/alice/move`, { room: to })).toMatchObject({ status: 204 });
		const { room, token } = await client.event("moved");
		expect(room).toBe(to);
		expect((await client.socket.closed).code).toBe(CLOSE.moved);
		const there = await TestClient.dial(to, token);
		await there.greeted();
		expect(there.welcome).toMatchObject({ participant: "alice", rights: { publish: ["audio"] } });
	});

	it("are not moved into the room they are in, nor into one that must exist and does not", async () => {
		const room = newRoom();
		await TestClient.join(room, "alice");
		const path = `/rooms/${room}/participants/alice/move`;
		expect(await call("POST", path, { room })).toEqual(failure(409, "conflict"));
		expect(await call("POST", path, {})).toEqual(failure(400, "bad_request"));
		expect(await call("POST", path)).toEqual(failure(400, "bad_request"));
		const init = {
			method: "POST",
			headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}`, "Content-Type": "application/json" },
			body: JSON.stringify({ room: newRoom() }),
		};
		expect(await callWith({ AUTO_CREATE: "false" }, `/v1${path}`, init)).toEqual(failure(404, "not_found"));
	});

	it("who are not there are not found, and a room is not made by asking", async () => {
		const room = newRoom();
		for (const path of ["/participants", "/participants/alice"]) {
			expect(await call("GET", `/rooms/${room}${path}`)).toEqual(failure(404, "not_found"));
		}
		await call("POST", "/rooms", { name: room });
		for (const [method, path] of [
			["GET", ""],
			["POST", "/mute"],
			["DELETE", ""],
		] as const) {
			expect(await call(method, `/rooms/${room}/participants/alice${path}`)).toEqual(failure(404, "not_found"));
		}
	});

	it("are not muted on a track that is not theirs", async () => {
		const room = newRoom();
		await TestClient.join(room, "alice");
		const answer = await call("POST", `/rooms/${room}/participants/alice/mute`, { tracks: ["bobs"] });
		expect(answer).toEqual(failure(404, "not_found"));
	});
});

describe("participant tokens", () => {
	it("are minted with a place to connect to, and let their identity in", async () => {
		const room = newRoom();
		const input = { identity: "alice", name: "Alice", rights: { moderate: true }, ttl: 30 };
		const { status, body } = await call<TokenCreated>("POST", `/rooms/${room}/tokens`, input);
		expect(status).toBe(201);
		expect(body.url).toBe(`wss://edge.test/v1/rooms/${room}/connect`);
		expect(Math.abs(body.expiresAt - Date.now() - 30_000)).toBeLessThan(2_000);
		const client = await TestClient.dial(room, body.token);
		await client.greeted();
		expect(client.welcome).toMatchObject({ participant: "alice", rights: { moderate: true, subscribe: true } });
	});

	it("name the public address of the edge where that is another", async () => {
		const init = {
			method: "POST",
			headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}`, "Content-Type": "application/json" },
			body: '{"identity":"alice"}',
		};
		const { body } = await callWith<TokenCreated>(
			{ PUBLIC_URL: "http://public.test:8000" },
			"/v1/rooms/r/tokens",
			init,
		);
		expect(body.url).toBe("ws://public.test:8000/v1/rooms/r/connect");
	});

	it.each([
		{},
		{ identity: "" },
		{ identity: "a\u0000b" },
		{ identity: "a", ttl: 0 },
		{ identity: "a", rights: { publish: ["tv"] } },
	])("are not minted from %j", async (body) => {
		expect(await call("POST", "/rooms/r/tokens", body)).toEqual(failure(400, "bad_request"));
	});

	it("are handed to anyone for the demo only, and without the right to moderate", async () => {
		const init = {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: '{"room":"r","identity":"alice","name":"Alice"}',
		};
		const { status, body } = await callWith<TokenCreated>({ DEMO: "true" }, "/v1/demo/tokens", init);
		expect(status).toBe(201);
		const claims = JSON.parse(new TextDecoder().decode(decodeBase64(body.token.split(".")[1] ?? "")));
		expect(claims).toMatchObject({ sub: "alice", room: "r", name: "Alice", rights: { record: true, send: true } });
		expect(claims.rights.moderate).toBe(false);
		const guarded = { ...init, body: '{"room":"ducksoup:n:i:0","identity":"alice"}' };
		const { body: other } = await callWith<TokenCreated>({ DEMO: "true" }, "/v1/demo/tokens", guarded);
		const { rights } = JSON.parse(new TextDecoder().decode(decodeBase64(other.token.split(".")[1] ?? "")));
		expect(rights.record).toBe(false);
		expect(await callWith({ DEMO: "false" }, "/v1/demo/tokens", init)).toEqual(failure(404, "not_found"));
	});
});

describe("access", () => {
	const paths: [string, string][] = [
		["POST", "/rooms"],
		["GET", "/rooms"],
		["GET", "/rooms/r"],
		["DELETE", "/rooms/r"],
		["GET", "/rooms/r/participants"],
		["GET", "/rooms/r/participants/p"],
		["POST", "/rooms/r/participants/p/mute"],
		["POST", "/rooms/r/participants/p/move"],
		["DELETE", "/rooms/r/participants/p"],
		["POST", "/rooms/r/tokens"],
		["GET", "/nodes"],
		["POST", "/nodes/n/token"],
		["POST", "/nodes/n/drain"],
		["DELETE", "/nodes/n/drain"],
	];

	it.each(paths)("to %s %s needs a key", async (method, path) => {
		const wrong = [undefined, "Bearer nonsense", `Bearer ${await tokenFor("r", "alice", { moderate: true })}`];
		for (const Authorization of wrong) {
			const response = await fetchEdge(`/v1${path}`, { method, headers: Authorization ? { Authorization } : {} });
			expect(response.headers.get("www-authenticate")).toBe("Bearer");
			expect(await answerOf(response)).toEqual(failure(401, "unauthorized"));
		}
	});

	it("is given to a token signed with the key", async () => {
		const key = decodeBase64(testEnv.AUTH_KEY);
		const sign = (aud: string) =>
			new SignJWT({ aud }).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1m").sign(key);
		const good = await call("GET", "/nodes", undefined, { Authorization: `Bearer ${await sign(AUDIENCE.api)}` });
		expect(good.status).toBe(200);
		const bad = await call("GET", "/nodes", undefined, { Authorization: `Bearer ${await sign(AUDIENCE.participant)}` });
		expect(bad).toEqual(failure(401, "unauthorized"));
	});

	it("to health, the API's description and the public keys needs none", async () => {
		for (const path of ["/v1/health", "/v1/openapi.json", "/.well-known/jwks.json"]) {
			expect((await answerOf(await fetchEdge(path))).status).toBe(200);
		}
	});

	it("from other pages is as ALLOWED_ORIGINS says, also to a refusal", async () => {
		const variables = { ALLOWED_ORIGINS: "https://app.test" };
		const from = (origin: string) => callWith(variables, "/v1/rooms", { headers: { Origin: origin } });
		expect((await from("https://app.test")).headers.get("access-control-allow-origin")).toBe("https://app.test");
		expect((await from("https://evil.test")).headers.get("access-control-allow-origin")).toBeNull();
		const preflight = await callWith(variables, "/v1/rooms/r", {
			method: "OPTIONS",
			headers: { Origin: "https://app.test", "Access-Control-Request-Method": "DELETE" },
		});
		expect(preflight.status).toBe(204);
		expect(preflight.headers.get("access-control-allow-methods")).toContain("DELETE");
	});

	it("with a configuration that cannot work is `internal`, and tells only the log why", async () => {
		const logged = vi.spyOn(console, "error").mockImplementation(() => {});
		const answer = await callWith<{ error: { message: string } }>({ AUTH_KEY: "c2hvcnQ=" }, "/v1/rooms", {
			headers: { Authorization: "Bearer c2hvcnQ=" },
		});
		expect(answer).toEqual(failure(500, "internal"));
		expect(answer.body.error.message).not.toContain("AUTH_KEY");
		expect(JSON.stringify(logged.mock.calls)).toContain("AUTH_KEY has 5 bytes");
		logged.mockRestore();
	});
});

describe("the edge", () => {
	it("describes every route it has in OpenAPI", async () => {
		const { body } = await answerOf<{ openapi: string; paths: Record<string, object> }>(
			await fetchEdge("/v1/openapi.json"),
		);
		expect(body.openapi).toBe("3.1.0");
		const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
			Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
		);
		expect(routes.sort()).toEqual([
			"DELETE /ducksoup/{namespace}/{interaction}/files/{file}",
			"DELETE /events/consumers/{consumer}",
			"DELETE /nodes/{node}/drain",
			"DELETE /rooms",
			"DELETE /rooms/{room}",
			"DELETE /rooms/{room}/participants/{participant}",
			"DELETE /rooms/{room}/whep/{session}",
			"DELETE /rooms/{room}/whip/{session}",
			"GET /ducksoup/{namespace}/{interaction}/files",
			"GET /ducksoup/{namespace}/{interaction}/files/{file}",
			"GET /events",
			"GET /events/consumers",
			"GET /health",
			"GET /ice-servers",
			"GET /nodes",
			"GET /rooms",
			"GET /rooms/{room}",
			"GET /rooms/{room}/participants",
			"GET /rooms/{room}/participants/{participant}",
			"GET /rooms/{room}/participants/{participant}/effects",
			"GET /rooms/{room}/recordings",
			"GET /rooms/{room}/recordings/{recording}",
			"GET /rooms/{room}/recordings/{recording}/files/{file}",
			"GET /rooms/{room}/whep/{session}/sse/{stream}",
			"PATCH /rooms/{room}/whep/{session}",
			"PATCH /rooms/{room}/whip/{session}",
			"POST /demo/tokens",
			"POST /nodes/{node}/drain",
			"POST /nodes/{node}/token",
			"POST /rooms",
			"POST /rooms/{room}/participants/{participant}/effects/control",
			"POST /rooms/{room}/participants/{participant}/move",
			"POST /rooms/{room}/participants/{participant}/mute",
			"POST /rooms/{room}/recordings",
			"POST /rooms/{room}/recordings/{recording}/stop",
			"POST /rooms/{room}/tokens",
			"POST /rooms/{room}/whep",
			"POST /rooms/{room}/whep/{session}/layer",
			"POST /rooms/{room}/whep/{session}/sse",
			"POST /rooms/{room}/whip",
			"PUT /rooms/{room}/participants/{participant}/effects",
		]);
	});

	it("publishes its assignment keys, without their private parts, to be kept for a while", async () => {
		const { headers, body } = await answerOf<{ keys: object[] }>(await fetchEdge("/.well-known/jwks.json"));
		expect(headers.get("cache-control")).toBe("public, max-age=300");
		expect(body.keys.map((key) => Object.keys(key).sort())).toEqual([["alg", "crv", "kid", "kty", "use", "x"]]);
	});

	it("answers what it does not know with not_found", async () => {
		expect(await call("GET", "/nonsense")).toEqual(failure(404, "not_found"));
		expect(await call("PUT", "/rooms")).toEqual(failure(404, "not_found"));
	});
});
