/** Effects on what somebody sends, as another sees and hears them: real edge, real node, real GStreamer, real Chromium. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Effects, Room } from "../../client/sdk/index.ts";
import { launchChromium } from "../support/chromium.ts";
import { Stack } from "../support/stack.ts";

declare const window: {
	room: Room;
	sdk: typeof import("../../client/sdk/index.ts");
	states: string[];
	analyser?: AnalyserNode;
	video?: HTMLVideoElement;
};

/** What the publisher shows and sounds. */
const COLOR = [200, 120, 40] as const;
const TONE = 440;
const PATIENCE = { timeout: 30_000, interval: 250 };

let stack: Stack;
let browser: Browser;
let rooms = 0;
const open: Page[] = [];

async function enter(room: string, identity: string): Promise<Page> {
	const context = await browser.newContext();
	const page = await context.newPage();
	open.push(page);
	await page.goto(`${stack.url}/v1/health`);
	await page.addScriptTag({
		type: "module",
		content: 'import * as sdk from "/sdk/switchyard.js"; window.sdk = sdk;',
	});
	await page.waitForFunction(() => window.sdk !== undefined);
	const token = await stack.tokenFor(room, identity, { effects: true });
	await page.evaluate(
		async ([url, room, token]) => {
			window.states = [];
			window.room = await window.sdk.connect({ url, room, token });
			window.room.on("effectsChanged", (state, reason) => {
				window.states.push(reason ? `${state}: ${reason.message}` : state);
			});
			window.room.on("trackSubscribed", (track) => {
				const element = track.attach();
				element.muted = true;
				document.body.append(element);
				if (track.kind === "video") {
					window.video = element as HTMLVideoElement;
					Object.assign(element.style, { width: "640px", height: "480px" });
					return;
				}
				const context = new AudioContext();
				window.analyser = new AnalyserNode(context, { fftSize: 32_768, smoothingTimeConstant: 0 });
				let source: AudioNode | undefined;
				let heard: MediaStreamTrack | undefined;
				// Another source of the same track may come as another one.
				setInterval(() => {
					if (track.mediaStreamTrack === heard) return;
					heard = track.mediaStreamTrack;
					source?.disconnect();
					source = context.createMediaStreamSource(new MediaStream([heard]));
					source.connect(window.analyser as AnalyserNode);
				}, 50);
			});
		},
		[stack.url, room, token] as const,
	);
	return page;
}

/** Publishes a picture of one colour that never stands still, and a tone. */
function publish(page: Page, { audio = true, video = true } = {}): Promise<void> {
	return page.evaluate(
		async ([[r, g, b], tone, audio, video]) => {
			if (audio) {
				const context = new AudioContext();
				const oscillator = new OscillatorNode(context, { frequency: tone });
				const out = context.createMediaStreamDestination();
				oscillator.connect(new GainNode(context, { gain: 0.5 })).connect(out);
				oscillator.start();
				const [track] = out.stream.getAudioTracks();
				if (track) await window.room.me.publish(track, { source: "audio" });
			}
			if (!video) return;
			const canvas = document.createElement("canvas");
			[canvas.width, canvas.height] = [640, 480];
			const drawing = canvas.getContext("2d") as CanvasRenderingContext2D;
			let frame = 0;
			setInterval(() => {
				drawing.fillStyle = `rgb(${r} ${g} ${b})`;
				drawing.fillRect(0, 0, 640, 480);
				drawing.fillStyle = frame++ % 2 ? "black" : "white";
				drawing.fillRect(0, 0, 16, 16);
			}, 50);
			const [track] = canvas.captureStream(20).getVideoTracks();
			if (track) await window.room.me.publish(track, { source: "camera" });
		},
		[COLOR, TONE, audio, video] as const,
	);
}

const setEffects = (page: Page, effects: Effects) => page.evaluate((it) => window.room.setEffects(it), effects);
const control = (page: Page, name: string, property: string, value: number, duration?: number) =>
	page.evaluate((it) => window.room.controlEffect(it), { name, property, value, duration });
const states = (page: Page) => page.evaluate(() => window.states);

/** Of the middle of what is seen. */
const seen = (page: Page) =>
	page.evaluate(() => {
		const { video } = window;
		if (!video || video.videoWidth === 0) return undefined;
		const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
		const drawing = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
		drawing.drawImage(video, 0, 0);
		const { data } = drawing.getImageData(video.videoWidth / 2, video.videoHeight / 2, 1, 1);
		return [data[0] ?? 0, data[1] ?? 0, data[2] ?? 0];
	});

/** The dominant frequency of what is heard, Hz. */
const heard = (page: Page) =>
	page.evaluate(() => {
		const { analyser } = window;
		if (!analyser) return 0;
		const bins = new Float32Array(analyser.frequencyBinCount);
		analyser.getFloatFrequencyData(bins);
		let loudest = 0;
		for (let i = 1; i < bins.length; i++) if ((bins[i] ?? -999) > (bins[loudest] ?? -999)) loudest = i;
		if ((bins[loudest] ?? -999) < -80) return 0;
		return (loudest * analyser.context.sampleRate) / analyser.fftSize;
	});

const near = (color: readonly number[] | undefined, wanted: readonly number[]) =>
	color?.every((value, i) => Math.abs(value - (wanted[i] ?? 0)) <= 20) ?? false;

async function sees(page: Page, wanted: readonly number[]): Promise<void> {
	await expect.poll(async () => (near(await seen(page), wanted) ? wanted : seen(page)), PATIENCE).toEqual(wanted);
}

async function hears(page: Page, wanted: number): Promise<void> {
	await expect
		.poll(async () => {
			const hertz = await heard(page);
			return Math.abs(hertz - wanted) < 12 ? wanted : hertz;
		}, PATIENCE)
		.toBe(wanted);
}

/** What a preset makes of the colour, by GStreamer itself. */
function presetOf(preset: string): number[] {
	const folder = mkdtempSync(join(tmpdir(), "switchyard-color-"));
	const file = join(folder, "frame");
	const [r, g, b] = COLOR;
	const argb = (0xff000000 + (r << 16) + (g << 8) + b) >>> 0;
	execFileSync("gst-launch-1.0", [
		..."-q videotestsrc num-buffers=1 pattern=solid-color".split(" "),
		`foreground-color=${argb}`,
		..."! video/x-raw,format=RGB,width=64,height=64 ! videoconvert ! coloreffects".split(" "),
		`preset=${preset}`,
		..."! videoconvert ! video/x-raw,format=RGB ! filesink".split(" "),
		`location=${file}`,
	]);
	const pixels = readFileSync(file);
	rmSync(folder, { recursive: true });
	const at = 32 * 64 * 3 + 32 * 3;
	return [...pixels.subarray(at, at + 3)];
}

async function two(effects: Effects, what?: { audio?: boolean; video?: boolean }) {
	const room = `effects-${++rooms}`;
	const [sender, receiver] = await Promise.all([enter(room, "sender"), enter(room, "receiver")]);
	await setEffects(sender, effects);
	await publish(sender, what);
	return { sender, receiver };
}

beforeAll(async () => {
	execFileSync(process.execPath, ["scripts/build-client.ts"], { stdio: "ignore" });
	[stack, browser] = await Promise.all([Stack.start(), launchChromium(["--autoplay-policy=no-user-gesture-required"])]);
});
afterEach(async () => {
	await Promise.all(open.splice(0).map((page) => page.context().close()));
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
});

describe("an effect on video", () => {
	it.each(["VP8", "H264"] as const)("is seen as its preset says, and its live control too, over %s", async (codec) => {
		const { sender, receiver } = await two({ video: "coloreffects preset=sepia name=colors", codec });
		await sees(receiver, presetOf("sepia"));
		expect(await states(sender)).toEqual(["live"]);
		await control(sender, "colors", "preset", 3);
		await sees(receiver, presetOf("xray"));
		await control(sender, "colors", "preset", 0);
		await sees(receiver, COLOR);
	});
});

describe("an effect on audio", () => {
	it("is heard: a tone of 440 Hz is one of 660 Hz with a pitch of 1.5", async () => {
		const { sender, receiver } = await two({ audio: "pitch pitch=1.5 name=fx" });
		await hears(receiver, 660);
		// What is not altered comes through unaltered.
		await sees(receiver, COLOR);
		await control(sender, "fx", "pitch", 2, 600);
		await hears(receiver, 880);
		await setEffects(sender, {});
		await hears(receiver, 440);
	});
});
