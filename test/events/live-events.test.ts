/** What consumers of `live_events` get of clients that speak tribe's protocol: the bodies of its page. */
import { beforeAll, expect, it } from "vitest";
import { liveEvent } from "../../bridge/live-events.ts";
import { newRoom, TestClient } from "../edge/support/client.ts";
import { device, TribeClient } from "../edge/support/tribe.ts";
import { feedOf } from "./support/rest.ts";
import { alarm, record } from "./support/room.ts";

let room = "";
let messages: { key: string; body: Record<string, unknown> }[] = [];
let [ada, bob, eve]: { socketId: string; userId: string }[] = [];

beforeAll(async () => {
	room = newRoom();
	const [first, second] = [
		await TribeClient.join(room, "ada"),
		await TribeClient.join(room, "bob", { platform: "Web" }),
	];
	const native = await TestClient.join(room, "eve");
	[ada, bob] = [first.session, second.session];
	eve = { socketId: native.welcome.session.id, userId: "eve" };
	second.send("eventCpu", { cpuUsed: 81 });
	second.send("eventFreeze");
	second.send("eventNetworkChange", { networkType: "mobile" });
	await second.settled();
	await record(room, { liveAt: Date.now() });
	await alarm(room);
	await native.do("leave", {});
	const events = await feedOf(room, 10);
	messages = events.map((event) => ({ key: event.type, body: liveEvent(event) }));
});

const of = (key: string) => messages.filter((message) => message.key === key).map(({ body }) => body);

it("room.join has the device, its network, its address and its bit rate", () => {
	const { platform, deviceName, networkType, version, appVersion } = device;
	const own = { platform, deviceName, networkType, appVersion, version, ip: expect.any(String) };
	expect(of("room.join")).toEqual([
		{ roomId: room, roomSize: 1, ...ada, ...own, bitrate: expect.any(Number) },
		{ roomId: room, roomSize: 2, ...bob, ...own, platform: "Web", bitrate: expect.any(Number) },
		// Who speaks another protocol has said nothing of the kind.
		{
			...{ roomId: room, roomSize: 3, ...eve, platform: "", deviceName: "", networkType: "" },
			...{ appVersion: "", version: "", ip: "", bitrate: 0 },
		},
	]);
	expect(Object.keys(of("room.join")[0] ?? {})).toEqual([
		...["roomId", "roomSize", "socketId", "userId", "platform", "deviceName", "networkType", "appVersion"],
		...["version", "ip", "bitrate"],
	]);
});

it("room.leave and room.live name users and their sockets", () => {
	expect(of("room.leave")).toEqual([{ roomId: room, roomSize: 2, ...eve }]);
	expect(of("room.live")).toEqual([{ roomId: room, roomSize: 3, sessions: [ada, bob, eve] }]);
});

it("what a client reports, and its ping each minute, name its socket", () => {
	expect(of("webrtc.cpu")).toEqual([{ socketId: bob?.socketId, cpuUsed: 81 }]);
	expect(of("webrtc.freeze")).toEqual([{ socketId: bob?.socketId }]);
	expect(of("network.change")).toEqual([{ socketId: bob?.socketId, networkType: "mobile" }]);
	expect(of("webrtc.ping")).toEqual([{ socketId: ada?.socketId }, { socketId: bob?.socketId }]);
});
