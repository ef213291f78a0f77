/** An edge that nobody wants events of. */
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { fetchEdge, newRoom, TestClient, testEnv } from "./support/client.ts";

it("events that nobody gets cost nothing: no table, no row, no number, no time, and no object of the feed", async () => {
	const room = newRoom();
	const alice = await TestClient.join(room, "alice");
	const bob = await TestClient.join(room, "bob");
	await bob.do("leave", {});
	await alice.event("participantLeft");
	await runInDurableObject(testEnv.ROOM.getByName(room), (_, { storage }) => {
		const tables = storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master").toArray();
		expect(tables.filter(({ name }) => name.includes("event"))).toEqual([]);
		const { value } = storage.sql.exec<{ value: string }>("SELECT value FROM room").one();
		expect(Object.keys(JSON.parse(value) as object)).not.toEqual(expect.arrayContaining(["eventSeq"]));
		expect(Object.keys(JSON.parse(value) as object)).not.toEqual(expect.arrayContaining(["liveAt"]));
	});
	expect(await listDurableObjectIds(testEnv.FEED)).toEqual([]);
});

it("a feed that is off is not there", async () => {
	const headers = { Authorization: `Bearer ${testEnv.AUTH_KEY}` };
	for (const path of ["/v1/events", "/v1/events/consumers"]) {
		const response = await fetchEdge(path, { headers });
		expect({ status: response.status, body: await response.json() }).toEqual({
			status: 404,
			body: { error: { code: "not_found", message: "the feed is off: EVENT_FEED is not true" } },
		});
	}
});

it("a room's webhooks are refused where there is no key to sign them with", async () => {
	const response = await fetchEdge("/v1/rooms", {
		method: "POST",
		headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}`, "Content-Type": "application/json" },
		body: JSON.stringify({ settings: { webhooks: ["https://hooks.example.com/"] } }),
	});
	expect({ status: response.status, body: await response.json() }).toMatchObject({
		status: 400,
		body: { error: { message: expect.stringContaining("WEBHOOK_SECRET") } },
	});
});
