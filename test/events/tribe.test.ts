/** What back ends are told of tribe's clients. */
import { describe, expect, it } from "vitest";
import { newRoom } from "../edge/support/client.ts";
import { TestNode } from "../edge/support/node.ts";
import { device, TribeClient } from "../edge/support/tribe.ts";
import { feedOf } from "./support/rest.ts";
import { alarm, record } from "./support/room.ts";

const about = (client: TribeClient) => ({
	...{ participant: client.id, session: client.id, user: client.joined.userId, name: client.joined.userId },
	dialect: "tribe",
});

describe("events of tribe's clients", () => {
	it("name socket, user and device with who comes and goes", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "ada", { maxVideoBitrate: 500_000 });
		const b = await TribeClient.join(room, "ben");
		b.socket.close(1000);
		const { platform, deviceName, networkType, version, appVersion } = device;
		const details = { platform, deviceName, networkType, version, appVersion, ip: "0.0.0.0" };
		expect((await feedOf(room, 3)).map(({ type, data }) => ({ type, ...data }))).toEqual([
			{ type: "room.join", size: 1, ...about(a), details: { ...details, bitrate: 500_000 } },
			{ type: "room.join", size: 2, ...about(b), details: { ...details, bitrate: 2_000_000 } },
			expect.objectContaining({ type: "room.leave", size: 1, ...about(b), reason: "left" }),
		]);
	});

	it("tell what they report: freezes, their CPU, another network, which they are on from then on", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "ada");
		a.send("eventFreeze");
		a.send("eventCpu", { cpuUsed: 40 });
		a.send("eventNetworkChange", { networkType: "mobile" });
		await a.settled();
		a.socket.close(1000);
		const [, ...events] = await feedOf(room, 5);
		expect(events.map(({ type, data: { session, details } }) => ({ type, session, details }))).toEqual([
			{ type: "webrtc.freeze", session: a.id, details: undefined },
			{ type: "webrtc.cpu", session: a.id, details: { cpuUsed: 40 } },
			{ type: "network.change", session: a.id, details: { networkType: "mobile" } },
			{ type: "room.leave", session: a.id, details: expect.objectContaining({ networkType: "mobile" }) },
		]);
	});

	it("tell each minute who is there, and of each that it is", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "ada");
		const b = await TribeClient.join(room, "ben");
		await feedOf(room, 2);
		await record(room, { liveAt: Date.now() });
		expect(await alarm(room)).toBe(true);
		const [, , live, ...pings] = await feedOf(room, 5);
		expect(live).toMatchObject({
			type: "room.live",
			data: {
				size: 2,
				participants: [
					{ id: a.id, session: a.id, user: "ada" },
					{ id: b.id, session: b.id, user: "ben" },
				],
			},
		});
		expect(pings.map(({ type, data }) => ({ type, session: data.session }))).toEqual([
			{ type: "webrtc.ping", session: a.id },
			{ type: "webrtc.ping", session: b.id },
		]);
	});

	it("tell what a client may send when it begins to", async () => {
		const node = await TestNode.register();
		const room = newRoom();
		const a = await TribeClient.join(room, "ada", { maxVideoBitrate: 300_000, maxAudioBitrate: 32_000 });
		a.send("exchangeSdp", { to: "publisher", sdp: { type: "offer", sdp: "v=0" } });
		const link = await node.link(room);
		const { endpoint } = await link.command("open");
		link.report({ type: "opened", endpoint });
		const { cause, connection } = await link.command("description");
		const description = { type: "answer" as const, sdp: "v=0" };
		link.report({ type: "description", endpoint, connection, description, sections: [], sends: [], cause });
		expect(await a.data("eventSetBitrate")).toMatchObject({ bitrate: 300_000 });
		const [, ...changes] = await feedOf(room, 3);
		expect(changes.map(({ type, data: { session, details } }) => ({ type, session, details }))).toEqual([
			{ type: "bitrate.change", session: a.id, details: { type: "audio", bitrate: 32_000 } },
			{ type: "bitrate.change", session: a.id, details: { type: "video", bitrate: 300_000 } },
		]);
	});
});
