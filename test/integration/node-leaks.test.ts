/** What is made of a worker and then not needed, or fails half-way, is given back to it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { MixRun } from "../../media-node/mixing/run.ts";
import { log } from "../../media-node/observability/logger.ts";
import type { Home } from "../../media-node/rtc/home.ts";
import type { RoomTrack } from "../../media-node/rtc/tracks.ts";
import type { Workers } from "../../media-node/rtc/workers.ts";
import { SdpSettings } from "../../shared/sdp.ts";
import { SdpRoom, startWorkers } from "../support/sdp-room.ts";

let workers: Workers;
let room: SdpRoom;
let home: Home;

beforeAll(async () => {
	log.level = "silent";
	workers = await startWorkers(0);
});
afterAll(() => workers?.close());
beforeEach(async () => {
	room = new SdpRoom("leaks", workers);
	home = await room.media.home.get();
});
afterEach(() => room.media.close());

const transports = async () => (await home.router.dump()).transportIds.length;

/** Published by somebody whose media never comes. */
async function publish(id: string, endpoint: string): Promise<RoomTrack> {
	room.execute({ type: "open", endpoint, participant: id, send: true, recv: false, data: false });
	const codec = { mimeType: "audio/opus", payloadType: 111, clockRate: 48_000, channels: 2 };
	room.execute({
		...{ type: "publish", endpoint, track: id, source: "audio", muted: false },
		cause: { participant: id, request: 1 },
		media: {
			kind: "audio",
			rtpParameters: { codecs: [codec], encodings: [{ ssrc: 1_000 + room.media.tracks.size }], rtcp: { cname: id } },
		},
	});
	await room.report((report) => (report.type === "published" && report.track === id ? report : undefined));
	return room.media.tracks.get(id) as RoomTrack;
}

describe("a connection of a client that ends before its first offer", () => {
	it("leaves no transport", async () => {
		const track = await publish("a", "e1");
		// One that receivers wait for, so that there is nothing to offer yet.
		room.media.tracks.alter(track, new Promise(() => {}));
		const before = await transports();
		const sdp = SdpSettings.parse({ connections: "each" });
		room.execute({ type: "open", endpoint: "e2", participant: "b", send: false, recv: true, data: false, sdp });
		await room.report((report) => (report.type === "opened" && report.endpoint === "e2" ? report : undefined));
		const subscribe = () => room.execute({ type: "subscribe", endpoint: "e2", tracks: [{ track: "a" }] });
		const disconnect = () => room.execute({ type: "disconnect", endpoint: "e2", connection: "a" });
		subscribe();
		await vi.waitFor(async () => expect(await transports()).toBe(before + 1), 5_000);
		disconnect();
		room.execute({ type: "unsubscribe", endpoint: "e2", tracks: ["a"] });
		await vi.waitFor(async () => expect(await transports()).toBe(before), 5_000);
		// The next one has one of its own.
		subscribe();
		await vi.waitFor(async () => expect(await transports()).toBe(before + 1), 5_000);
	});

	const disconnect = () => room.execute({ type: "disconnect", endpoint: "e2", connection: "a" });
	const unsubscribe = () => room.execute({ type: "unsubscribe", endpoint: "e2", tracks: ["a"] });
	const unpublish = () => room.execute({ type: "unpublish", endpoint: "e1", track: "a" });
	it.each([
		["it is ended", [disconnect, unsubscribe]],
		["nothing is wanted of it any more", [unsubscribe]],
		["its publisher ends", [unpublish]],
	])("leaves none where %s in the very moment in which it begins", async (_, ends) => {
		await publish("a", "e1");
		const before = await transports();
		const make = vi.spyOn(home.router, "createWebRtcTransport");
		const sdp = SdpSettings.parse({ connections: "each" });
		room.execute({ type: "open", endpoint: "e2", participant: "b", send: false, recv: true, data: false, sdp });
		room.execute({ type: "subscribe", endpoint: "e2", tracks: [{ track: "a" }] });
		for (const end of ends) end();
		// It was on its way already.
		await vi.waitFor(() => expect(make).toHaveBeenCalled(), 5_000);
		await vi.waitFor(async () => expect(await transports()).toBe(before), 5_000);
	});
});

describe("a mix that cannot be", () => {
	it("leaves no transport, whichever of them could not be made", async () => {
		const tracks = [await publish("a", "e1"), await publish("b", "e2")];
		const before = await transports();
		for (const fails of [1, 2, 3]) {
			const make = home.router.createPlainTransport.bind(home.router);
			let made = 0;
			const making = vi.spyOn(home.router, "createPlainTransport").mockImplementation((options) => {
				return ++made === fails ? Promise.reject(new Error("no more ports")) : make(options);
			});
			const recipe = { tracks, codec: "VP8" as const, hardware: new Set<string>() };
			await expect(MixRun.open(home, recipe, "test")).rejects.toThrow("no more ports");
			making.mockRestore();
			expect(await transports()).toBe(before);
		}
	});
});
