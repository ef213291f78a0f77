import { evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { ChannelStats } from "../../shared/odoo.ts";
import type { Participant, Room } from "../../shared/rest.ts";
import type { Source } from "../../shared/tokens.ts";
import { fetchEdge, newRoom, TestClient, testEnv } from "./support/client.ts";
import { capabilities, rtpParameters, type TestLink, TestNode } from "./support/node.ts";
import { makeChannel, OdooClient } from "./support/odoo.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

async function read<T>(path: string): Promise<T> {
	const response = await fetchEdge(path, { headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}` } });
	return response.json();
}

/** A room whose only participant publishes these. */
async function publishing(...sources: Source[]): Promise<{ room: string; link: TestLink; client: TestClient }> {
	const room = newRoom();
	const client = await TestClient.join(room, "a", { rtpCapabilities: capabilities });
	const link = await node.link(room);
	await link.open();
	const { endpoint } = await client.event("endpoint");
	for (const source of sources) {
		const kind = source === "audio" ? "audio" : "video";
		client.post("publish", { endpoint, track: source, source, media: { kind, rtpParameters } });
		await link.publish();
	}
	return { room, link, client };
}

async function answers(link: TestLink, bitrates: Record<string, number>): Promise<void> {
	await link.command("measure");
	link.report({ type: "bitrates", bitrates });
}

describe("bit rates of a room", () => {
	it("are asked of its node when they are asked for, and not otherwise", async () => {
		const { room, link } = await publishing("audio", "camera", "screen");
		expect((await read<Room>(`/v1/rooms/${room}`)).bitrates).toBeUndefined();
		const asked = read<Room>(`/v1/rooms/${room}?bitrates=true`);
		await answers(link, { audio: 40_000, camera: 900_000, gone: 5 });
		expect((await asked).bitrates).toEqual({
			...{ audio: 40_000, camera: 900_000, screen: 0, screenAudio: 0, total: 940_000 },
		});
		// What was measured just now is good enough for everybody.
		const { tracks } = await read<Participant>(`/v1/rooms/${room}/participants/a?bitrates=true`);
		expect(tracks.map(({ id, bitrate }) => [id, bitrate])).toEqual([
			["audio", 40_000],
			["camera", 900_000],
			["screen", 0],
		]);
		const page = await read<{ items: Participant[] }>(`/v1/rooms/${room}/participants?bitrates=true`);
		expect(page.items[0]?.tracks).toEqual(tracks);
		expect((await read<Participant>(`/v1/rooms/${room}/participants/a`)).tracks[0]).not.toHaveProperty("bitrate");
	});

	it("are asked once for all who ask at the same time", async () => {
		const { room, link } = await publishing("audio");
		const asked = [1, 2, 3].map(() => read<Room>(`/v1/rooms/${room}?bitrates=true`));
		await answers(link, { audio: 7 });
		for (const { bitrates } of await Promise.all(asked)) expect(bitrates?.total).toBe(7);
		link.report({ type: "bitrates", bitrates: { audio: 8 } });
		expect((await read<Room>(`/v1/rooms/${room}?bitrates=true`)).bitrates?.total).toBe(8);
	});

	it("are told as they are known when the node does not answer, within a second", async () => {
		const { room, link } = await publishing("audio");
		const began = performance.now();
		const { tracks } = await read<Participant>(`/v1/rooms/${room}/participants/a?bitrates=true`);
		expect(tracks[0]).not.toHaveProperty("bitrate");
		expect(performance.now() - began).toBeLessThan(1_500);
		await answers(link, { audio: 9 });
		expect((await read<Room>(`/v1/rooms/${room}?bitrates=true`)).bitrates?.total).toBe(9);
	});

	it("do not wait for a node whose link goes", async () => {
		const { room, link } = await publishing("audio");
		const asked = read<Room>(`/v1/rooms/${room}?bitrates=true`);
		await link.command("measure");
		link.socket.close(1000);
		expect((await asked).bitrates?.total).toBe(0);
	});

	it("are asked anew when memory was lost", async () => {
		const { room, link } = await publishing("audio");
		const first = read<Room>(`/v1/rooms/${room}?bitrates=true`);
		await answers(link, { audio: 1 });
		await first;
		await evictDurableObject(testEnv.ROOM.getByName(room), { webSockets: "hibernate" });
		const second = read<Room>(`/v1/rooms/${room}?bitrates=true`);
		await answers(link, { audio: 2 });
		expect((await second).bitrates?.total).toBe(2);
	});

	it("of a room without tracks are nothing, and nobody is asked", async () => {
		const { room } = await publishing();
		expect((await read<Room>(`/v1/rooms/${room}?bitrates=true`)).bitrates?.total).toBe(0);
	});
});

describe("Odoo's statistics", () => {
	it("tell what arrives of each type of stream, and the sum", async () => {
		const { uuid } = await makeChannel();
		let link: TestLink | undefined;
		const client = await OdooClient.join(uuid, 1, async () => (link = await node.link(uuid)));
		const tracks: Record<string, string> = {};
		for (const [type, kind] of [
			["audio", "audio"],
			["camera", "video"],
			["screen", "video"],
		] as const) {
			const asked = client.ask("INIT_PRODUCER", { type, kind, rtpParameters });
			tracks[type] = (await (link as unknown as TestLink).publish()).track;
			await asked;
		}
		const stats = async () =>
			(await read<ChannelStats[]>("/v1/stats")).find((it) => it.uuid === uuid)?.sessionsStats.incomingBitRate;
		// The directory learns of rooms off everyone's path.
		await expect
			.poll(async () =>
				(await read<{ items: { name: string }[] }>("/v1/rooms?limit=500")).items.map(({ name }) => name),
			)
			.toContain(uuid);
		const asked = stats();
		const { audio = "", camera = "" } = tracks;
		await answers(link as unknown as TestLink, { [audio]: 32_000, [camera]: 1_500_000 });
		expect(await asked).toEqual({ audio: 32_000, camera: 1_500_000, screen: 0, total: 1_532_000 });
	});
});
