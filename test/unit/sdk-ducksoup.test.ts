/** The pure parts of DuckSoup's player and pages. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
	chainText,
	choose,
	type Effect,
	isGradual,
	parseCatalogue,
	shownValue,
	stepped,
} from "../../client/ducksoup/pages/catalogue.ts";
import { path, ticks } from "../../client/ducksoup/pages/scale.ts";
import { advice, findings, median } from "../../client/ducksoup/pages/verdict.ts";
import { clock, type Scene, statusAfter } from "../../client/ducksoup/pages/words.ts";
import { DuckSoupError } from "../../client/ducksoup/player/error.ts";
import type { PlayerEvent } from "../../client/ducksoup/player/events.ts";
import { parseEmbedOptions, parsePeerOptions } from "../../client/ducksoup/player/options.ts";
import { candidatesIn, monoOpus } from "../../client/ducksoup/player/sdp.ts";
import { figures, type Report, Sample } from "../../client/ducksoup/player/statistics.ts";
import { decode, encode, socketUrl } from "../../client/ducksoup/player/wire.ts";

const needed = { signalingUrl: "wss://server.test/ws", interactionName: "hall", userId: "ada", duration: 30 };

describe("options", () => {
	it("are refused without somewhere to show, a name, a user or a duration", () => {
		for (const embed of [undefined, null, {}, { stats: true }, { mountEl: null }, { callback: "no function" }]) {
			expect(() => parseEmbedOptions(embed)).toThrow("invalid embedOptions");
		}
		for (const missing of ["signalingUrl", "interactionName", "userId", "duration"]) {
			expect(() => parsePeerOptions({ ...needed, [missing]: undefined }), missing).toThrow("invalid peerOptions");
		}
		expect(() => parsePeerOptions({ ...needed, duration: "long" })).toThrow("invalid peerOptions");
		expect(() => parsePeerOptions(undefined)).toThrow("invalid peerOptions");
	});

	it("are sent as they are given, and only those that a server knows", () => {
		const fx = { audioFx: "pitch pitch=0.8 name=fx", videoFx: "fisheye" };
		const more = {
			namespace: "lab",
			size: 3,
			width: 640,
			height: 480,
			gpu: false,
			overlay: true,
			recordingMode: "split",
		};
		const options = {
			...needed,
			...fx,
			...more,
			audioOnly: true,
			videoFormat: "VP8",
			framerate: 20,
			rtcConfig: {},
			colour: 1,
		};
		expect(parsePeerOptions(options).join).toEqual({
			...{ interactionName: "hall", userId: "ada", duration: 30, ...fx, ...more },
			...{ audioOnly: true, videoFormat: "VP8", framerate: 20 },
		});
	});

	it("become what they must be: numbers from texts, either spelling, and nothing in place of what is none", () => {
		const odd = {
			duration: "45",
			size: "2",
			frameRate: "30",
			width: null,
			height: "tall",
			videoFormat: "AV1",
			audioOnly: false,
		};
		expect(parsePeerOptions({ ...needed, ...odd, overlay: "true" }).join).toEqual({
			...{ interactionName: "hall", userId: "ada", duration: 45, size: 2, framerate: 30, overlay: true },
		});
	});

	it("ask for devices as the protocol does, with the page's constraints over that", () => {
		const { constraints } = parsePeerOptions({ ...needed, size: 2 });
		expect(constraints.audio).toEqual({
			...{
				sampleSize: 16,
				channelCount: 1,
				autoGainControl: false,
				noiseSuppression: false,
				latency: { ideal: 0.003 },
			},
			echoCancellation: true,
		});
		expect(constraints.video).toEqual({
			...{ width: { ideal: 800 }, height: { ideal: 600 }, frameRate: { ideal: 25 }, facingMode: { ideal: "user" } },
		});
		const alone = parsePeerOptions({
			...{ ...needed, size: 1, width: 320, height: 240, framerate: 15 },
			...{ audio: { deviceId: "m" }, video: { width: 1280 } },
		}).constraints;
		expect(alone.audio).toMatchObject({ echoCancellation: false, deviceId: "m" });
		expect(alone.video).toMatchObject({ width: 1280, height: { ideal: 240 }, frameRate: { ideal: 15 } });
		expect(parsePeerOptions({ ...needed, audioOnly: true }).constraints.video).toBe(false);
	});
});

describe("the wire", () => {
	it("carries text, and objects as JSON inside it", () => {
		expect(JSON.parse(encode("join", { size: 2 }))).toEqual({ kind: "join", payload: '{"size":2}' });
		expect(JSON.parse(encode("ext_event", "inactive"))).toEqual({ kind: "ext_event", payload: "inactive" });
		expect(JSON.parse(encode("ext_count", 0))).toEqual({ kind: "ext_count", payload: "0" });
		expect(encode("stop")).toBe('{"kind":"stop"}');
	});

	it("takes what has a kind, and nothing else", () => {
		expect(decode('{"kind":"start","payload":30}')).toEqual({ kind: "start", payload: 30 });
		expect(decode('{"kind":"end"}')).toEqual({ kind: "end", payload: null });
		for (const bad of ["", "null", "[]", "{", '{"kind":1}', new Uint8Array(2)]) expect(decode(bad)).toBeUndefined();
	});

	it("tells the page's address without its fragment, wholly escaped", () => {
		const page = "https://lab.test/trial?a=1&b=2#step";
		const told = socketUrl("wss://server.test/ws", page);
		expect(told).not.toContain("#");
		expect(new URL(told).searchParams.get("href")).toBe("https://lab.test/trial?a=1&b=2");
		const query = new URL(socketUrl("wss://server.test/ws?lab=3#top", page)).searchParams;
		expect([...query.keys()]).toEqual(["lab", "href"]);
	});
});

describe("answers", () => {
	const sdp = (fmtp: string) =>
		`m=audio 9 UDP/TLS/RTP/SAVPF 109\r\na=rtpmap:109 opus/48000/2\r\na=fmtp:109 ${fmtp}\r\n`;

	it("want Opus in one channel, whatever its number", () => {
		expect(monoOpus(sdp("minptime=10;useinbandfec=1"))).toBe(sdp("minptime=10;useinbandfec=1;stereo=0"));
		expect(monoOpus(sdp("stereo=1;sprop-stereo=1"))).toBe(sdp("stereo=0;sprop-stereo=1"));
		expect(monoOpus(sdp("minptime=10;stereo=0"))).toBe(sdp("minptime=10;stereo=0"));
		const video = "a=rtpmap:96 VP8/90000\r\na=fmtp:96 stereo=1\r\n";
		expect(monoOpus(video)).toBe(video);
	});

	it("name their candidates once, though each section repeats them", () => {
		const line = "candidate:1 1 udp 2113937151 192.0.2.1 40000 typ host";
		expect(candidatesIn(`a=${line}\r\nm=video\r\na=${line}\r\na=end-of-candidates\r\n`)).toEqual([line]);
	});
});

describe("statistics", () => {
	const report = (id: string, type: string, kind: string, timestamp: number, rest: Partial<Report>) => {
		return { id, type, kind, timestamp, ...rest } as Report;
	};
	const sample = (at: number, sent: number, received: number[]) => {
		const inbound = received.map((bytesReceived, i) => {
			return report(`in${i}`, "inbound-rtp", "video", at, { bytesReceived, keyFramesDecoded: i });
		});
		const outbound = { bytesSent: sent, frameWidth: 640, frameHeight: 480, framesPerSecond: 25, pliCount: 0 };
		return new Sample([report("out", "outbound-rtp", "video", at, outbound), ...inbound]);
	};

	it("are units of 1,024 bits a second over all streams of a kind, and the last report of each", () => {
		const payload = sample(3_000, 25_600, [12_800, 12_800]).since(sample(1_000, 0, [0, 0]));
		expect(payload).toMatchObject({ videoUp: "100.0", videoDown: "100.0", audioUp: "0.0", audioDown: "0.0" });
		expect(payload.inboundRTPVideo?.id).toBe("in1");
		expect(payload.remoteInboundRTPVideo).toBeUndefined();
	});

	it("do not fall below nothing when a stream is gone", () => {
		expect(sample(2_000, 0, []).since(sample(1_000, 0, [9_000])).videoDown).toBe("0.0");
	});

	it("are told to the log by the names that it knows", () => {
		expect(figures(sample(2_000, 1, [1]).since(sample(1_000, 0, [0])))).toEqual({
			client_video_resolution_updated: "640x480",
			client_video_fps_updated: 25,
			client_keyframe_encoded_count_updated: undefined,
			client_keyframe_decoded_count_updated: 0,
			client_pli_received_count_updated: 0,
			client_fir_received_count_updated: undefined,
		});
	});
});

describe("the catalogue", () => {
	const url = new URL("../../client/ducksoup/play.json", import.meta.url);
	const catalogue = parseCatalogue(JSON.parse(readFileSync(url, "utf8")));
	const named = (display: string) => catalogue.find((effect) => effect.display === display) as Effect;

	it("has every effect under one name, with knobs that begin inside their range", () => {
		const names = catalogue.map(({ type, display }) => `${type} ${display}`);
		expect(new Set(names).size).toBe(names.length);
		for (const { display, controls = [] } of catalogue) {
			for (const control of controls) {
				const label = `${display} ${control.gst}`;
				expect(stepped(control, control.default), label).toBe(control.default);
				if (control.choices) expect(control.choices, label).toHaveLength(control.max - control.min + 1);
			}
		}
	});

	it("makes chains in which each has a name of its own", () => {
		const first = choose(named("Pitch"), []);
		const second = choose(named("Echo"), [first]);
		const third = choose(named("Pitch"), [first, second]);
		first.values.pitch = 0.8;
		const chosen = [first, second, choose(named("Fisheye"), []), third];
		expect(chainText(chosen, "audio")).toBe(
			"pitch pitch=0.8 name=audio_1 ! " +
				"audioecho max-delay=1000000000 delay=250000000 intensity=0.5 feedback=0.2 name=audio_2 ! " +
				"pitch pitch=1 name=audio_3",
		);
		expect(chainText(chosen, "video")).toBe("fisheye name=video_1");
		expect(chainText([], "video")).toBe("");
		expect(choose(named("Pitch"), [second, third]).name).toBe("audio_1");
	});

	it("shows values in the units of the knob, and keeps them to its steps", () => {
		const [delay, intensity] = named("Echo").controls ?? [];
		if (!delay || !intensity) throw new Error("an echo has both");
		expect(shownValue(delay, 250_000_000)).toBe("250");
		expect(isGradual(delay)).toBe(false);
		expect(shownValue(intensity, 0.5)).toBe("0.50");
		expect(stepped(intensity, 0.123)).toBe(0.12);
		expect(stepped(intensity, 7)).toBe(1);
		const [preset] = named("Colours").controls ?? [];
		expect(preset && shownValue(preset, 2)).toBe("sepia");
	});

	it("says what is wrong with one that somebody else wrote", () => {
		expect(() => parseCatalogue({})).toThrow("list of effects");
		expect(() => parseCatalogue([{ gst: "pitch" }])).toThrow("effect 1 needs");
		const control = { gst: "pitch", kind: "float", default: 1, min: 2, max: 1, step: 1 };
		expect(() => parseCatalogue([{ gst: "pitch", type: "audio", display: "Pitch", controls: [control] }])).toThrow(
			"pitch has no range",
		);
	});
});

describe("charts", () => {
	it("have round marks that reach what is shown", () => {
		expect(ticks(100)).toEqual([0, 50, 100]);
		expect(ticks(870)).toEqual([0, 500, 1_000]);
		expect(ticks(64)).toEqual([0, 25, 50, 75]);
		expect(ticks(0.3)).toEqual([0, 0.1, 0.2, 0.3]);
		expect(ticks(0)).toEqual([0, 1]);
		for (const most of [1, 7, 33, 99, 512, 12_345]) {
			expect(ticks(most).at(-1)).toBeGreaterThanOrEqual(most);
			expect(ticks(most).length).toBeLessThan(6);
		}
	});

	it("leave gaps where there was nothing", () => {
		expect(path([[0, 1], [1, 2], undefined, [3, 4]])).toBe("M0.0 1.0L1.0 2.0M3.0 4.0");
	});
});

describe("the check of the microphone", () => {
	it("passes what is silent in silence and loud in speech", () => {
		expect(findings([3, 90, 2], [20, 5, 30], 6)).toMatchObject({ noiseLevels: 3, volumeLevels: 20, passed: true });
		expect(findings([5], [20], 4.5).passed).toBe(false);
		expect(findings([1], [4.5], 6).passed).toBe(false);
		expect(median([4, 1, 3, 2])).toBe(2.5);
		expect(median([])).toBe(0);
	});

	it("says what to do about each failure", () => {
		expect(advice(findings([1], [9], 6), 6)).toContain("works well");
		expect(advice(findings([9], [9], 6), 6)).toContain("somewhere quiet");
		expect(advice(findings([1], [2], 6), 6)).toContain("closer");
		expect(advice(findings([9], [2], 6), 6)).toMatch(/quiet.*closer/);
	});
});

describe("what pages say", () => {
	const scene: Scene = {
		...{ interaction: "hall", user: "ada", size: 3, audioOnly: false, others: 0, origin: "https://lab.test" },
		...{ started: false, failed: false, ended: false },
	};
	const said = (event: PlayerEvent, more: Partial<Scene> = {}) => statusAfter(event, { ...scene, ...more });

	it("is whom they wait for, and where", () => {
		const joined: PlayerEvent = { kind: "other_joined", payload: { userId: "ben", streamId: "s" } };
		expect(said(joined, { others: 1 })?.title).toBe("Waiting for one more");
		expect(said({ kind: "local-stream", payload: {} as MediaStream })?.hint).toContain("“hall”");
		expect(said(joined, { others: 2 })?.title).toBe("Getting ready");
		expect(said(joined, { started: true })).toBeUndefined();
	});

	it("is what to do after each error", () => {
		expect(said({ kind: "error-duplicate" })?.hint).toContain("“ada” is connected");
		expect(said({ kind: "error-full" })?.hint).toContain("another interaction name");
		expect(said({ kind: "error-aborted" })?.hint).toContain("Start");
		expect(said({ kind: "error-join" })?.hint).toContain("effects");
		expect(said({ kind: "error-peer-connection" })?.hint).toContain("start again");
		expect(said({ kind: "error-of-later" })?.hint).toContain("error-of-later");
		const refused = new DuckSoupError("devices", "denied", new DOMException("denied", "NotAllowedError"));
		expect(said({ kind: "error", payload: refused })?.hint).toContain("Allow camera and microphone");
		expect(said({ kind: "error", payload: refused }, { audioOnly: true })?.hint).toContain("Allow the microphone");
		const away = new DuckSoupError("socket", "away");
		expect(said({ kind: "error", payload: away })?.hint).toContain("https://lab.test");
	});

	it("stays what an error or the end was when the socket closes", () => {
		expect(said({ kind: "closed" }, { failed: true })).toBeUndefined();
		expect(said({ kind: "closed" }, { started: true, ended: true })).toBeUndefined();
		expect(said({ kind: "closed" }, { started: true })?.hint).toContain("come back");
		expect(said({ kind: "closed" })?.tone).toBe("warn");
	});

	it("tells time in minutes", () => {
		expect([clock(0), clock(59.6), clock(125), clock(-3)]).toEqual(["0:00", "1:00", "2:05", "0:00"]);
	});
});
