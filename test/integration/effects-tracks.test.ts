/** Which of somebody's tracks effects are on, while they come and go: a real node's media and real GStreamer. */
import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Crashed, Running } from "../../media-node/effects/running.ts";
import { Strand } from "../../media-node/effects/strand.ts";
import { log } from "../../media-node/observability/logger.ts";
import { isData } from "../../media-node/rtc/tracks.ts";
import type { Workers } from "../../media-node/rtc/workers.ts";
import type { EffectsWish } from "../../shared/effects.ts";
import type { LinkReport } from "../../shared/link.ts";
import { SdpRoom, startWorkers } from "../support/sdp-room.ts";
import { heard, tone } from "../support/tone.ts";

let workers: Workers;
let room: SdpRoom;

beforeAll(async () => {
	log.level = "silent";
	workers = await startWorkers(0);
});
afterAll(() => workers?.close());
beforeEach(async () => {
	// What was retired bridges a moment, and the next looks only at its own.
	await expect.poll(pipelines, { timeout: 10_000 }).toBe(0);
	room = new SdpRoom("effects", workers);
	room.execute({ type: "open", endpoint: "e1", participant: "a", send: true, recv: false, data: false });
});
afterEach(() => room.media.close());

const options: EffectsWish["options"] = { codec: "VP8", overlay: false, hardware: false };
const pitch = { element: "pitch", name: "fx", properties: { pitch: 1.5 } };
const fisheye = { element: "fisheye", properties: {} };
const codecs = {
	audio: { mimeType: "audio/opus", payloadType: 111, clockRate: 48_000, channels: 2 },
	VP8: { mimeType: "video/VP8", payloadType: 96, clockRate: 90_000 },
	AV1: { mimeType: "video/AV1", payloadType: 45, clockRate: 90_000 },
};

let ssrc = 1_000;
function publish(track: string, what: keyof typeof codecs): void {
	const kind = what === "audio" ? "audio" : "video";
	room.execute({
		...{ type: "publish", endpoint: "e1", track, source: kind === "audio" ? "audio" : "camera", muted: false },
		cause: { participant: "a", request: ++ssrc },
		media: { kind, rtpParameters: { codecs: [codecs[what]], encodings: [{ ssrc }], rtcp: { cname: "a" } } },
	});
}

/** A microphone that a tone comes from. */
async function speak(track: string, hertz: number): Promise<void> {
	const home = await room.media.home.get();
	const transport = await tone(home.router, hertz, ssrc + 1);
	const [endpoint] = room.media.endpoints.values();
	if (!endpoint) throw new Error("nobody is there");
	vi.spyOn(endpoint, "sender").mockResolvedValueOnce({ home, transport });
	publish(track, "audio");
}

/** As receivers hear it. */
async function pitchOf(track: string): Promise<number> {
	const { router } = await room.media.home.get();
	const producer = await room.media.tracks.get(track)?.ready;
	if (!producer || isData(producer)) throw new Error(`${track} cannot be heard`);
	return heard(router, producer);
}

const unpublish = (track: string) => room.execute({ type: "unpublish", endpoint: "e1", track });
const setEffects = (wish: Partial<EffectsWish>) => room.execute({ type: "effects", endpoint: "e1", options, ...wish });

type Told = Extract<LinkReport, { type: "effects" }>;
/** The next that it tells of its effects. */
async function told(): Promise<Told> {
	const news = await room.report((report) => (report.type === "effects" ? report : undefined));
	room.reports.splice(room.reports.indexOf(news), 1);
	return news;
}

/** Of the tracks that there are, whether receivers get what effects make of them. */
const altered = () => Object.fromEntries([...room.media.tracks.all()].map(({ id, dry }) => [id, dry !== undefined]));

describe("effects", () => {
	it("are heard on each of several microphones, and on another one that takes the first one's place", async () => {
		setEffects({ audio: [pitch] });
		await speak("one", 300);
		expect(await told()).toMatchObject({ state: "live" });
		await speak("two", 500);
		// Nobody gets it as it is in the meantime.
		expect(altered()).toEqual({ one: true, two: true });
		expect(await told()).toMatchObject({ state: "live" });
		expect(altered()).toEqual({ one: true, two: true });
		expect(await Promise.all([pitchOf("one"), pitchOf("two")])).toEqual([450, 750]);
		unpublish("one");
		expect(await told()).toMatchObject({ state: "live" });
		expect(altered()).toEqual({ two: true });
		expect(await pitchOf("two")).toBe(750);
	});

	it("on a voice do not mind a camera that no pipeline can carry", async () => {
		setEffects({ audio: [pitch] });
		publish("mic", "audio");
		publish("camera", "AV1");
		expect(await told()).toMatchObject({ state: "live" });
		expect(altered()).toEqual({ mic: true, camera: false });
	});

	it("that a camera cannot have are told of, and the voice has its own all the same", async () => {
		setEffects({ audio: [pitch], video: [fisheye] });
		publish("camera", "AV1");
		const refused = { state: "failed", error: { code: "unsupported", message: "no effects on video/AV1" } };
		expect(await told()).toMatchObject(refused);
		publish("mic", "audio");
		expect(await told()).toMatchObject(refused);
		expect(altered()).toEqual({ mic: true, camera: false });
		unpublish("camera");
		expect(await told()).toMatchObject({ state: "live" });
		publish("camera", "VP8");
		expect(await told()).toMatchObject({ state: "live" });
		expect(altered()).toEqual({ mic: true, camera: true });
	});

	it("outlive controls of what cannot be set", async () => {
		setEffects({ audio: [pitch] });
		publish("mic", "audio");
		expect(await told()).toMatchObject({ state: "live" });
		for (const [property, duration] of [["pich"], ["pich", 100], ["pitch", 100]] as const) {
			room.execute({ type: "control", endpoint: "e1", name: "fx", property, value: 2, duration });
		}
		publish("camera", "VP8");
		expect(await told()).toMatchObject({ state: "live" });
		expect(altered()).toEqual({ mic: true, camera: true });
	});

	it("that cannot be end those that were there before, and their pipeline", async () => {
		setEffects({ audio: [pitch] });
		publish("mic", "audio");
		expect(await told()).toMatchObject({ state: "live" });
		expect(pipelines()).toBe(1);
		setEffects({ audio: [{ element: "pitch", properties: { pich: 1 } }] });
		expect(await told()).toMatchObject({ state: "failed" });
		expect(altered()).toEqual({ mic: false });
		await expect.poll(pipelines, { timeout: 10_000 }).toBe(0);
	});

	it("stay on those that have them when another track cannot have them", async () => {
		setEffects({ audio: [pitch], video: [fisheye] });
		publish("mic", "audio");
		expect(await told()).toMatchObject({ state: "live" });
		const create = vi.spyOn(Strand, "open").mockRejectedValueOnce(new Error("no ports"));
		publish("camera", "VP8");
		expect(await told()).toMatchObject({ state: "failed" });
		create.mockRestore();
		expect(altered()).toEqual({ mic: true, camera: false });
		expect(pipelines()).toBe(1);
	});

	it("stay on those that have them when the process that was to have another track as well dies", async () => {
		setEffects({ audio: [pitch], video: [fisheye] });
		publish("mic", "audio");
		expect(await told()).toMatchObject({ state: "live" });
		const start = vi.spyOn(Running, "start").mockRejectedValueOnce(new Crashed("died"));
		publish("camera", "VP8");
		expect(await told()).toMatchObject({ state: "dry", error: { message: "died" } });
		start.mockRestore();
		expect(altered()).toEqual({ mic: true, camera: false });
		// It is tried again, with both.
		expect(await told()).toMatchObject({ state: "live" });
		expect(altered()).toEqual({ mic: true, camera: true });
	});
});

/** Processes of pipelines, of this one. */
function pipelines(): number {
	const children = execFileSync("ps", ["-o", "args=", "--ppid", String(process.pid)]).toString();
	return children.split("\n").filter((line) => line.includes("gst/child.ts")).length;
}
