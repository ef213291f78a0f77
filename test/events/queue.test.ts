/** A Cloudflare Queue, as miniflare has it, with a consumer of its own. */
import { expect, it } from "vitest";
import { newRoom, TestClient } from "../edge/support/client.ts";
import { Receiver } from "./support/receiver.ts";
import { feedOf } from "./support/rest.ts";
import { loseMemory, pending } from "./support/room.ts";

it("a queue gets every event of a room, in order, also over lost memory", async () => {
	const room = newRoom();
	const queue = new Receiver(room);
	const alice = await TestClient.join(room, "alice");
	for (let i = 0; i < 3; i++) {
		await (await TestClient.join(room, `guest-${i}`)).do("leave", {});
		await loseMemory(room);
	}
	await alice.do("leave", {});
	expect(await queue.learned(8)).toEqual([
		"room.join alice",
		...[0, 1, 2].flatMap((i) => [`room.join guest-${i}`, `room.leave guest-${i}`]),
		"room.leave alice",
	]);
	const told = new Map((await queue.came(8)).map(({ event }) => [event.id, event]));
	expect([...told.values()]).toEqual(await feedOf(room, 8));
	while ((await pending(room)) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});
