import { createExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import edge from "../../worker/index.ts";
import { EDGE, fetchEdge, newRoom, testEnv } from "./support/client.ts";
import { makeChannel, OdooClient, sign } from "./support/odoo.ts";

const now = () => Math.floor(Date.now() / 1000);

async function answer(path: string, init: RequestInit = {}) {
	const response = await fetchEdge(path, init);
	return { status: response.status, body: await response.text(), type: response.headers.get("content-type") };
}

const channel = async (claims: object, word = "Bearer") =>
	answer("/v1/channel", { headers: { Authorization: `${word} ${await sign(claims)}` } });

const disconnect = async (claims: object, path = "/v1/disconnect", headers: Record<string, string> = {}) =>
	answer(path, { method: "POST", body: `${await sign(claims)}\n`, headers });

describe("Odoo's API", () => {
	it("says that it is there", async () => {
		expect(await answer("/v1/noop")).toEqual({ status: 200, body: '{"result":"ok"}', type: "application/json" });
	});

	it("answers other methods with an empty 404 or 405, without a word of CORS", async () => {
		for (const [method, path, status] of [
			["POST", "/v1/channel", 404],
			["GET", "/v1/disconnect", 404],
			["OPTIONS", "/v1/noop", 404],
			["DELETE", "/v1/noop", 405],
			["PUT", "/v1/disconnect", 405],
			["HEAD", "/v1/stats", 405],
		] as const) {
			const response = await fetchEdge(path, { method, headers: { Origin: "https://odoo.test" } });
			expect([method, path, response.status, await response.text()]).toEqual([method, path, status, ""]);
			expect(response.headers.get("access-control-allow-origin")).toBeNull();
		}
	});
});

describe("making a channel", () => {
	it("gives its uuid and a url that carries it", async () => {
		const { uuid, url } = await makeChannel();
		expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(url).toBe(`https://edge.test/odoo/${uuid}`);
	});

	it("gives the same to the same caller and issuer, and another to others", async () => {
		const iss = newRoom();
		const { uuid } = await makeChannel({ iss });
		expect((await makeChannel({ iss, key: "ignored" }, "?webRTC=false")).uuid).toBe(uuid);
		expect((await makeChannel({ iss: newRoom() })).uuid).not.toBe(uuid);
		expect((await makeChannel({ iss }, "", { "CF-Connecting-IP": "192.0.2.9" })).uuid).not.toBe(uuid);
	});

	it("takes any first word, and any type of issuer", async () => {
		expect((await channel({ iss: 5 }, "jwt")).status).toBe(200);
		expect((await channel({ iss: 5 }, "whatever")).status).toBe(200);
	});

	it("refuses with an empty body and the status of the cause", async () => {
		const authorized = (value: string) => answer("/v1/channel", { headers: { Authorization: value } });
		expect((await answer("/v1/channel")).status).toBe(401);
		expect((await authorized("jwt")).status).toBe(401);
		expect((await authorized(`jwt  ${await sign({ iss: "x" })}`)).status).toBe(401);
		for (const [claims, status] of [
			[{}, 403],
			[{ iss: "" }, 403],
			[{ iss: "x", key: 5 }, 500],
			[{ iss: "x", exp: now() - 1 }, 500],
			[{ iss: "x", nbf: now() + 30 }, 500],
			[{ iss: "x", iat: now() + 90 }, 500],
			[{ iss: "x", exp: 0, iat: now() + 30 }, 200],
		] as const) {
			const refused = await channel(claims);
			expect([claims, refused.status]).toEqual([claims, status]);
			if (status !== 200) expect(refused).toMatchObject({ body: "", type: null });
		}
		const wrong = [
			await sign({ iss: "x" }, { key: new Uint8Array(32) }),
			await sign({ iss: "x" }, { alg: "HS512" }),
			await sign({ iss: "x" }, { alg: "none" }),
			"a.b",
			"nonsense",
		];
		for (const token of wrong) expect((await authorized(`jwt ${token}`)).status).toBe(500);
	});

	it("refuses this service's own tokens, which participants have", async () => {
		for (const aud of ["switchyard:participant", ["switchyard:api"]]) {
			expect(await channel({ iss: "x", aud })).toEqual({ status: 500, body: "", type: null });
			expect((await disconnect({ sessionIdsByChannel: {}, aud })).status).toBe(422);
		}
		expect((await channel({ iss: newRoom(), aud: "odoo" })).status).toBe(200);
		expect((await disconnect({ sessionIdsByChannel: {}, aud: "odoo" })).status).toBe(200);
	});

	it("takes tokens in both alphabets, padded and broken over lines", async () => {
		const claims = { iss: newRoom(), filler: "ÿ?ÿ>~~~ÿÿÿ" };
		const uuids = new Set<string>();
		for (const alphabet of ["url", "standard"] as const) {
			const token = await sign(claims, { alphabet });
			const answered = await fetchEdge("/v1/channel", { headers: { Authorization: `jwt ${token}` } });
			uuids.add(((await answered.json()) as { uuid: string }).uuid);
		}
		expect(uuids.size).toBe(1);
		const broken = (await sign({ sessionIdsByChannel: {} }, { alphabet: "standard" })).replace(/(.{8})$/, "\n$1");
		expect((await answer("/v1/disconnect", { method: "POST", body: broken })).status).toBe(200);
	});
});

describe("statistics", () => {
	it("tell of each channel who made it and what goes on in it", async () => {
		const { uuid } = await makeChannel({}, "?webRTC=false", { "CF-Connecting-IP": "192.0.2.1" });
		const a = await OdooClient.enter(uuid, 1);
		const b = await OdooClient.enter(uuid, 2);
		a.tell("C_INFO_CHANGE", { info: { isCameraOn: true, isScreenSharingOn: 1 } });
		await b.payload("S_INFO_CHANGE");
		// The directory learns of rooms off everyone's path.
		const find = async () => {
			const response = await fetchEdge("/v1/stats");
			return ((await response.json()) as { uuid: string }[]).find((it) => it.uuid === uuid);
		};
		await expect.poll(find).toEqual({
			createDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/),
			uuid,
			remoteAddress: "192.0.2.1",
			sessionsStats: {
				incomingBitRate: { audio: 0, camera: 0, screen: 0, total: 0 },
				count: 2,
				cameraCount: 1,
				screenCount: 1,
			},
			webRtcEnabled: false,
		});
	});
});

describe("disconnecting", () => {
	it("kicks sessions of the caller's own channels, by ids with their types", async () => {
		const { uuid, url } = await makeChannel({}, "?webRTC=false");
		const [number, text, other] = [
			await OdooClient.enter(uuid, 5),
			await OdooClient.enter(uuid, "5"),
			await OdooClient.enter(uuid, 6),
		];
		const { pathname } = new URL(url);
		const kicked = await disconnect({ sessionIdsByChannel: { [uuid]: [5, 99] } }, `${pathname}/v1/disconnect`);
		expect(kicked).toEqual({ status: 200, body: "", type: null });
		expect(await number?.closed).toBe(4108);
		expect(await other?.payload("SESSION_LEAVE")).toEqual({ sessionId: 5 });
		expect(await text?.payload("SESSION_LEAVE")).toEqual({ sessionId: 5 });
		await disconnect({ sessionIdsByChannel: { [uuid]: ["5"] } });
		expect(await other?.payload("SESSION_LEAVE")).toEqual({ sessionId: "5" });
		// Kicked is not banned.
		await OdooClient.enter(uuid, 5);
	});

	it("skips channels that are unknown or another caller's", async () => {
		const { uuid } = await makeChannel({}, "?webRTC=false");
		const client = await OdooClient.enter(uuid, 1);
		const elsewhere = { "CF-Connecting-IP": "198.51.100.1" };
		const sessionIdsByChannel = { [uuid]: [1], [crypto.randomUUID()]: [1], nonsense: [1] };
		expect((await disconnect({ sessionIdsByChannel }, "/v1/disconnect", elsewhere)).status).toBe(200);
		client.tell("C_INFO_CHANGE", { info: {} });
		const second = await OdooClient.enter(uuid, 2);
		second.tell("BROADCAST", "there?");
		expect(await client.payload("BROADCAST")).toEqual({ senderId: 2, message: "there?" });
	});

	it("stops reading a body that is too long, whatever it says of its length", async () => {
		let read = 0;
		const endless = new ReadableStream<Uint8Array>({
			pull(controller) {
				read++;
				// The test would end here without a limit.
				if (read > 1_000) controller.close();
				else controller.enqueue(new Uint8Array(16_384).fill(97));
			},
		});
		const request = new Request(`${EDGE}/v1/disconnect`, { method: "POST", body: endless });
		const refused = await edge.fetch(request, testEnv, createExecutionContext());
		expect([refused.status, await refused.text()]).toEqual([413, ""]);
		expect(read).toBeLessThan(20);
		const { uuid } = await makeChannel();
		const long = { method: "POST", body: "a".repeat(70_000) };
		expect(await answer(`/odoo/${uuid}/v1/disconnect`, long)).toEqual({ status: 413, body: "", type: null });
	});

	it("answers what it cannot read with an empty 422", async () => {
		const { uuid } = await makeChannel();
		const text = (body: string) => answer("/v1/disconnect", { method: "POST", body });
		expect(await text("nonsense")).toEqual({ status: 422, body: "", type: null });
		expect((await text("")).status).toBe(422);
		expect((await disconnect({})).status).toBe(422);
		expect((await disconnect({ sessionIdsByChannel: { [uuid]: 5 } })).status).toBe(422);
		expect((await disconnect({ sessionIdsByChannel: {}, exp: now() - 1 })).status).toBe(422);
		expect((await disconnect({ sessionIdsByChannel: {} })).status).toBe(200);
	});
});

it("names the caller by forwarded headers only where a proxy sets them", async () => {
	const { remoteAddress, callerOrigin } = await import("../../worker/api/odoo/caller.ts");
	const headers = {
		"X-Forwarded-For": "203.0.113.5, 10.0.0.1",
		"X-Forwarded-Host": "sfu.example",
		"X-Forwarded-Proto": "https",
		"CF-Connecting-IP": "192.0.2.7",
	};
	const request = new Request("http://inside.test/v1/channel", { headers });
	expect([remoteAddress(testEnv, request), callerOrigin(testEnv, request)]).toEqual([
		"192.0.2.7",
		"http://inside.test",
	]);
	// Plain workerd tells who it is, and nobody in front of it has seen to the headers.
	for (const [clientIp, address] of [
		["198.51.100.4:54321", "198.51.100.4"],
		["[::ffff:198.51.100.4]:54321", "198.51.100.4"],
		["[2001:db8::7]:54321", "2001:db8::7"],
		["nonsense", "192.0.2.7"],
	]) {
		const direct = new Request(request, { cf: { clientIp } as never });
		expect(remoteAddress(testEnv, direct)).toBe(address);
	}
	const proxied = { ...testEnv, PROXY: "0" };
	expect([remoteAddress(proxied, request), callerOrigin(proxied, request)]).toEqual([
		"203.0.113.5",
		"https://sfu.example",
	]);
});
