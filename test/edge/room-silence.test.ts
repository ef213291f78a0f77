/** Sockets whose peers are gone without a word. The clock stands still but for `pass`. */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { newRoom, TestClient, testEnv } from "./support/client.ts";

const SILENCE_MS = 60_000;

function pass(ms: number): void {
	vi.setSystemTime(Date.now() + ms);
}

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(() => {
	vi.useRealTimers();
});

it("are closed in time, however often the room loses its memory meanwhile", async () => {
	const room = newRoom();
	const stub = testEnv.ROOM.getByName(room);
	const silent = await TestClient.join(room, "silent");
	pass(SILENCE_MS / 2);
	const awake = await TestClient.join(room, "awake");
	for (let i = 0; i < 2; i++) {
		pass(SILENCE_MS / 4);
		await evictDurableObject(stub, { webSockets: "hibernate" });
		await awake.do("update", { name: `${i}` });
	}
	await runDurableObjectAlarm(stub);
	expect((await silent.socket.closed).code).toBe(CLOSE.silent);
	expect(await awake.event("participantUpdated")).toMatchObject({ participant: "silent", state: "away" });
});
