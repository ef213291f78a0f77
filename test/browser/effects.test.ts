/** Effects on what somebody sends, as another sees and hears them: real edge, real node, real GStreamer, real Chromium. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Effects, Room } from "../../client/sdk/index.ts";
import { WAITING } from "../../media-node/gst/messages.ts";
import { launchChromium } from "../support/chromium.ts";
import { watchConnections } from "../support/connections.ts";
import { Stack } from "../support/stack.ts";

declare const window: {
	room: Room;
	sdk: typeof import("../../client/sdk/index.ts");
	states: string[];
	analyser?: AnalyserNode;
	video?: HTMLVideoElement;
	connections: RTCPeerConnection[];
	/** Of the publisher: what it draws. */
	bright?: boolean;
	draw: () => void;
	canvas: HTMLCanvasElement;
};

/** What the publisher shows and sounds. */
const COLOR = [200, 120, 40] as const;
const TONE = 440;
const PATIENCE = { timeout: 30_000, interval: 250 };

let stack: Stack;
let browser: Browser;
let rooms = 0;
const open: Page[] = [];

async function enter(room: string, identity: string, region?: string): Promise<Page> {
	const context = await browser.newContext();
	const page = await context.newPage();
	open.push(page);
	await page.addInitScript(watchConnections);
	await page.goto(`${stack.url}/v1/health`);
	await page.addScriptTag({
		type: "module",
		content: 'import * as sdk from "/sdk/switchyard.js"; window.sdk = sdk;',
	});
	await page.waitForFunction(() => window.sdk !== undefined);
	const token = await stack.tokenFor(room, identity, { effects: true }, region);
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
			window.canvas = canvas;
			[canvas.width, canvas.height] = [640, 480];
			const drawing = canvas.getContext("2d") as CanvasRenderingContext2D;
			let frame = 0;
			window.draw = () => {
				const color = window.bright === undefined ? `rgb(${r} ${g} ${b})` : window.bright ? "white" : "black";
				drawing.fillStyle = color;
				drawing.fillRect(0, 0, 640, 480);
				drawing.fillStyle = frame++ % 2 ? "black" : "white";
				drawing.fillRect(0, 0, 16, 16);
			};
			setInterval(() => window.draw(), 50);
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

/** `region`: the receiver's. */
async function two(effects: Effects, what?: { audio?: boolean; video?: boolean }, region?: string) {
	const room = `effects-${++rooms}`;
	const [sender, receiver] = await Promise.all([
		enter(room, "sender", region && "local"),
		enter(room, "receiver", region),
	]);
	await setEffects(sender, effects);
	await publish(sender, what);
	return { sender, receiver };
}

beforeAll(async () => {
	[stack, browser] = await Promise.all([Stack.start(), launchChromium(["--autoplay-policy=no-user-gesture-required"])]);
});
afterEach(async () => {
	const pages = open.splice(0);
	await Promise.all(pages.map((page) => page.evaluate(() => window.room?.leave())));
	await Promise.all(pages.map((page) => page.context().close()));
	// Nothing is left of whoever has left, and the next looks only at its own.
	for (const { id } of stack.nodes) await expect.poll(() => pipelines(id), PATIENCE).toEqual([]);
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
});

/** Processes of pipelines; others wait for one. */
function pipelines(node = "node-1"): number[] {
	const parent = stack.nodes.find(({ id }) => id === node)?.process.pid ?? 0;
	return execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(parent)])
		.toString()
		.split("\n")
		.filter((line) => line.includes("gst/child.ts") && !line.endsWith(WAITING))
		.map((line) => Number.parseInt(line, 10));
}

/** From the change of a picture to its being seen, ms: the lower quarter of several, as other work delays some. */
async function delay(sender: Page, receiver: Page, changes = 9): Promise<{ whole: number; own: number }> {
	const changing = sender.evaluate(
		(count) =>
			new Promise<number[]>((resolve) => {
				const at: number[] = [];
				const timer = setInterval(() => {
					if (at.length === count) {
						clearInterval(timer);
						return resolve(at);
					}
					window.bright = !window.bright;
					window.draw();
					at.push(performance.timeOrigin + performance.now());
				}, 1_000);
			}),
		changes,
	);
	const seeing = receiver.evaluate(
		(count) =>
			new Promise<number[]>((resolve) => {
				const at: number[] = [];
				const canvas = new OffscreenCanvas(1, 1);
				const drawing = canvas.getContext("2d", { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
				let before: boolean | undefined;
				const look = () => {
					const { video } = window;
					if (!video || at.length === count) return resolve(at);
					drawing.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
					const bright = (drawing.getImageData(0, 0, 1, 1).data[1] ?? 0) > 128;
					if (before !== undefined && bright !== before) at.push(performance.timeOrigin + performance.now());
					before = bright;
					video.requestVideoFrameCallback(look);
				};
				look();
			}),
		changes,
	);
	const before = await held(receiver);
	const [changed, seen] = await Promise.all([changing, seeing]);
	const after = await held(receiver);
	const own = (1_000 * (after.seconds - before.seconds)) / (after.frames - before.frames);
	const delays = seen.map((at, i) => at - (changed[i] ?? Number.NaN)).toSorted((a, b) => a - b);
	return { whole: delays[Math.floor(delays.length / 4)] ?? Number.NaN, own };
}

/** How long frames waited in the receiver's own jitter buffer, all together. */
const held = (page: Page) =>
	page.evaluate(async () => {
		const sum = { seconds: 0, frames: 0 };
		for (const connection of window.connections) {
			for (const stats of (await connection.getStats()).values()) {
				if (stats.type !== "inbound-rtp" || stats.kind !== "video") continue;
				sum.seconds += stats.jitterBufferDelay ?? 0;
				sum.frames += stats.jitterBufferEmittedCount ?? 0;
			}
		}
		return sum;
	});

/** Bytes of video so far, ms. */
const received = (page: Page) =>
	page.evaluate(async () => {
		const sum = { bytes: 0, at: performance.now() };
		for (const connection of window.connections) {
			for (const stats of (await connection.getStats()).values()) {
				if (stats.type === "inbound-rtp" && stats.kind === "video") sum.bytes += stats.bytesReceived ?? 0;
			}
		}
		return sum;
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

describe("a pipeline that dies", () => {
	it("leaves its participant's media as it is within a moment, and effects come back", async () => {
		const { sender, receiver } = await two({ video: "coloreffects preset=xray name=c", audio: "pitch name=p" });
		await Promise.all([sees(receiver, presetOf("xray")), control(sender, "p", "pitch", 1.5)]);
		await hears(receiver, 660);
		const last = async () => (await states(sender)).at(-1);
		const deaths = async () =>
			(await states(sender)).filter((it) => it === "dry: its process ended with SIGKILL").length;
		// Each time it is away for longer, so that what is seen meanwhile can be looked at.
		for (let death = 1; death <= 4; death++) {
			await expect.poll(last, PATIENCE).toBe("live");
			// Not one that made place for another.
			await expect.poll(() => pipelines().length, PATIENCE).toBe(1);
			const [pid = Number.NaN] = pipelines();
			process.kill(pid, "SIGKILL");
			await expect.poll(deaths, PATIENCE).toBe(death);
			expect(pipelines()).not.toContain(pid);
		}
		await sees(receiver, COLOR);
		await expect.poll(last, PATIENCE).toBe("live");
		await sees(receiver, presetOf("xray"));
		await hears(receiver, 660);
	});

	it("again and again is given up: its media stays as it is", async () => {
		const { sender, receiver } = await two({ video: "coloreffects preset=xray" }, { audio: false });
		await sees(receiver, presetOf("xray"));
		for (let deaths = 1; deaths <= 6; deaths++) {
			const lives = async () => (await states(sender)).filter((state) => state === "live").length;
			await expect.poll(lives, PATIENCE).toBe(deaths);
			for (const pid of pipelines()) process.kill(pid, "SIGKILL");
		}
		await expect.poll(async () => (await states(sender)).at(-1), PATIENCE).toMatch(/^failed: /);
		await sees(receiver, COLOR);
		// Asked for anew, they begin anew.
		await setEffects(sender, { video: "coloreffects preset=sepia" });
		await sees(receiver, presetOf("sepia"));
	});
});

describe("an effect that cannot be", () => {
	it("is told of, and the media goes as it is", async () => {
		const { sender, receiver } = await two({ video: "coloreffects nonsense=1" });
		await sees(receiver, COLOR);
		expect(await states(sender)).toEqual([expect.stringMatching(/^failed: .*no such property/)]);
		await hears(receiver, TONE);
	});
});

describe("the delay that an effect adds", () => {
	it("is no more than 250 ms", async () => {
		const { sender, receiver } = await two({});
		await sees(receiver, COLOR);
		const without = await delay(sender, receiver);
		await setEffects(sender, { video: "coloreffects preset=sepia", audio: "pitch" });
		await expect.poll(() => states(sender), PATIENCE).toEqual(["live"]);
		// The former picture goes on until the altered one is there, and a little longer.
		await new Promise((resolve) => setTimeout(resolve, 5_000));
		const withThem = await delay(sender, receiver);
		// How long a receiver holds frames back is its own affair, and grows with what else its machine does.
		const added = withThem.whole - withThem.own - (without.whole - without.own);
		const figures = JSON.stringify({ without, withThem, added });
		if (process.env.FIGURES) console.log(figures);
		expect(added, figures).toBeGreaterThan(20);
		expect(added, figures).toBeLessThanOrEqual(250);
	});
});

describe("a room on two nodes", () => {
	it("has effects on both, and they move with their participant to another node", async () => {
		const room = `effects-${++rooms}`;
		await stack.addNode(`us-${rooms}`, {}, "us");
		const [sender, receiver] = await Promise.all([enter(room, "sender"), enter(room, "receiver", "us")]);
		await setEffects(sender, { video: "coloreffects preset=sepia name=c", audio: "pitch pitch=1.5" });
		await publish(sender);
		await sees(receiver, presetOf("sepia"));
		await hears(receiver, 660);
		await control(sender, "c", "preset", 3);
		await sees(receiver, presetOf("xray"));
		const from = await sender.evaluate(() => window.room.node?.id);
		onTestFinished(async () => void (await stack.rest(`/v1/nodes/${from}/drain`, { method: "DELETE" })));
		const drained = await stack.rest(`/v1/nodes/${from}/drain`, {
			method: "POST",
			body: JSON.stringify({ deadlineSeconds: 60 }),
		});
		expect(drained.ok, await drained.text()).toBe(true);
		await expect.poll(() => sender.evaluate(() => window.room.node?.id), PATIENCE).not.toBe(from);
		await expect.poll(() => pipelines(from), PATIENCE).toEqual([]);
		await sees(receiver, presetOf("xray"));
		await hears(receiver, 660);
	});
});

describe("a receiver with little bandwidth", () => {
	it.each([
		["the sender's node", undefined],
		["another node", "us"],
	])("gets altered video that fits it, on %s", async (_, region) => {
		const whole = stack;
		const little = { MAX_OUTGOING_BITRATE: "250000" };
		stack = await Stack.start({ nodeEnv: region ? {} : little });
		try {
			if (region) await stack.addNode("us-1", little, region);
			const { sender, receiver } = await two({ video: "coloreffects preset=sepia" }, { audio: false }, region);
			const [from, to] = await Promise.all([sender, receiver].map((page) => page.evaluate(() => window.room.node?.id)));
			expect(to === from).toBe(region === undefined);
			// A picture that takes whatever there is.
			await sender.evaluate(() => {
				const canvas = window.canvas.getContext("2d") as CanvasRenderingContext2D;
				window.draw = () => {
					for (let at = 0; at < 1_200; at++) {
						canvas.fillStyle = `hsl(${Math.random() * 360} 100% ${Math.random() * 100}%)`;
						canvas.fillRect((at % 40) * 16, Math.floor(at / 40) * 16, 16, 16);
					}
				};
			});
			const kilobits = async (ms = 2_000) => {
				const before = await received(receiver);
				await new Promise((resolve) => setTimeout(resolve, ms));
				const after = await received(receiver);
				return ((after.bytes - before.bytes) * 8) / (after.at - before.at);
			};
			const fits = async () => {
				const rate = await kilobits();
				return rate > 100 && rate < 330 ? "fits" : rate;
			};
			await expect.poll(fits, PATIENCE).toBe("fits");
			// That was no window on the way up. Of 800 kbit/s, where nothing is known of the receiver, over 600 were seen.
			expect(await kilobits(10_000)).toBeLessThan(400);
		} finally {
			await stack.stop();
			stack = whole;
		}
	});
});
