import { describe, expect, it } from "vitest";
import { readConfig } from "../../bridge/config.ts";
import { liveEvent } from "../../bridge/live-events.ts";
import { type EventData, EventRecord } from "../../shared/events.ts";

function event(type: string, data: EventData): EventRecord {
	return EventRecord.parse({ id: "red/7", seq: 7, room: "red", type, at: 1_800_000_000_000, data });
}

const who = { participant: "ada", session: "0123456789abcdef0123456789abcdef" };
const said = { socketId: who.session, userId: "ada" };

describe("a body of live_events", () => {
	it("of a join has what the client said of itself", () => {
		const details = {
			...{ platform: "iOS", deviceName: "iPhone 8", networkType: "mobile", appVersion: "3.1", version: "2" },
			...{ ip: "198.51.100.7", bitrate: 600_000 },
		};
		expect(liveEvent(event("room.join", { size: 2, ...who, details }))).toEqual({
			...{ roomId: "red", roomSize: 2, ...said, ...details },
		});
	});

	it("of a leave says nothing else, whatever is known", () => {
		const data = { size: 1, ...who, reason: "timeout" as const, details: { platform: "iOS" } };
		expect(liveEvent(event("room.leave", data))).toEqual({ roomId: "red", roomSize: 1, ...said });
	});

	it("of who is there names everybody", () => {
		const participants = [
			{ id: "ada", session: "a" },
			{ id: "b", session: "b", user: "bob" },
		];
		expect(liveEvent(event("room.live", { size: 2, participants }))).toEqual({
			...{ roomId: "red", roomSize: 2 },
			sessions: [
				{ socketId: "a", userId: "ada" },
				{ socketId: "b", userId: "bob" },
			],
		});
	});

	it.each([
		["webrtc.ping", {}],
		["bitrate.change", { type: "video", bitrate: 500_000 }],
		["webrtc.freeze", {}],
		["webrtc.cpu", { cpuUsed: 90 }],
		["network.change", { networkType: "wifi" }],
	])("of %s names the socket, and has what its dialect told", (type, details) => {
		expect(liveEvent(event(type, { size: 2, ...who, details }))).toEqual({ socketId: who.session, ...details });
	});
});

describe("settings of the bridge", () => {
	const least = { EDGE_URL: "https://edge.example.com/", API_KEY: "a2V5", RABBITMQ_URL: "amqp://broker" };

	it("need three variables, and an empty one is none", () => {
		expect(readConfig({ ...least, RABBITMQ_QUEUE: "", CONSUMER: "" })).toMatchObject({
			...{ edge: "https://edge.example.com", consumer: "rabbitmq", from: "oldest", httpPort: 9_091 },
			broker: { url: "amqp://broker", exchange: "live_events", exchangeType: "topic", queue: undefined },
		});
	});

	it.each([
		["EDGE_URL", "ws://edge.example.com"],
		["API_KEY", ""],
		["RABBITMQ_URL", "http://broker"],
		["CONSUMER", "a b"],
		["FROM", "yesterday"],
	])("a bad %s is named", (name, value) => {
		expect(() => readConfig({ ...least, [name]: value })).toThrow(name);
	});
});
