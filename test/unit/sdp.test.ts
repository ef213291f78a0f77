import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { filling, receiving, sentIn } from "../../media-node/sdp/codecs.ts";
import { readDescription } from "../../media-node/sdp/read.ts";
import { ROUTER_CAPABILITIES } from "../../shared/router-capabilities.ts";

const vectors = fileURLToPath(new URL("../vectors/", import.meta.url).href);
const vector = (name: string) => readFileSync(`${vectors}${name}.sdp`, "utf8");
const router = ROUTER_CAPABILITIES as Parameters<typeof sentIn>[1];
const any = { preferred: [], numbers: "offered" as const };

function sections(name: string) {
	return readDescription(vector(name)).sections;
}

function video(name: string) {
	const section = sections(name).find(({ kind }) => kind === "video");
	if (!section) throw new Error("no video");
	return section;
}

describe("what browsers offer", () => {
	const names = readdirSync(vectors).flatMap((file) => (file.endsWith(".sdp") ? [file.replace(".sdp", "")] : []));

	it.each(names)("%s is read, and has a codec for every track that it sends", (name) => {
		const { sections, dtls, ice } = readDescription(vector(name));
		expect(dtls).toMatchObject({ role: "auto", fingerprints: [{ algorithm: "sha-256" }] });
		expect(ice.split(" ")).toHaveLength(2);
		for (const section of sections) {
			if (!["audio", "video"].includes(section.kind) || section.direction === "recvonly") continue;
			const sent = sentIn(section, router, any);
			expect(sent?.rtpParameters.codecs[0]?.mimeType.toLowerCase()).toMatch(/opus|vp8|h264/);
			expect(sent?.rtpParameters.encodings?.length).toBeGreaterThan(0);
			expect(sent?.track).not.toBe("");
		}
	});

	it("names its tracks, in braces or not", () => {
		expect(sections("firefox-audio-video")[0]?.msid).toEqual({
			stream: "{0c3f0f4e-5c3d-4d3b-9c55-8ff5f1c0f8c6}",
			track: "{9b8c0c5e-4f1d-4f0c-8b22-3b2f0d6a5e11}",
		});
		expect(sections("safari-audio-video")[1]?.msid.track).toBe("1c9c3a52-6a3f-4d20-8b0a-0a4b1d2c3e4f");
	});

	it("keeps its numbers, retransmissions with the codec they belong to", () => {
		const { codecs, encodings } = sentIn(video("firefox-audio-video"), router, any)?.rtpParameters ?? {};
		expect(codecs?.map(({ mimeType, payloadType }) => [mimeType, payloadType])).toEqual([
			["video/VP8", 120],
			["video/rtx", 124],
		]);
		expect(encodings).toEqual([{ ssrc: 3028543123, rtx: { ssrc: 712344909 } }]);
	});

	it("sends the codec that is preferred, if it has it", () => {
		const codec = (preferred: string[]) =>
			sentIn(video("safari-audio-video"), router, { ...any, preferred })?.rtpParameters.codecs[0];
		expect(codec(["video/VP9"])).toMatchObject({ mimeType: "video/VP9", payloadType: 127 });
		expect(codec(["video/AV1", "video/VP8"])).toMatchObject({ mimeType: "video/VP8", payloadType: 100 });
	});

	it("tells which of its layers is the larger by their names alone", () => {
		const rids = (name: string) => sentIn(video(name), router, any)?.rids;
		expect(rids("chromium-156-simulcast-rid")).toEqual(["low", "mid", "high"]);
		expect(rids("firefox-simulcast")).toEqual(["q", "h", "f"]);
	});

	it("has its layers in a codec that mediasoup takes in several encodings, whatever it prefers", () => {
		const codec = (name: string, mimeType: string) =>
			sentIn(video(name), router, { ...any, mimeType })?.rtpParameters.codecs[0]?.mimeType;
		expect(codec("chromium-156-audio-video", "video/VP9")).toBe("video/VP9");
		for (const mimeType of ["video/VP9", "video/AV1"]) {
			expect(codec("chromium-156-simulcast-rid", mimeType)).toMatch(/VP8|H264/);
		}
	});

	it("takes the router's ids where it did not offer those for something else", () => {
		const [audio] = sections("chromium-156-audio-video");
		if (!audio) throw new Error("no audio");
		const extensions = (numbers: "offered" | "router" | "agreeing") =>
			sentIn(audio, router, { preferred: [], numbers })?.rtpParameters.headerExtensions?.map(({ id }) => id);
		expect(extensions("offered")).toEqual([4, 2, 3, 1]);
		expect(extensions("router")).toEqual([1, 4, 5, 6]);
		expect(extensions("agreeing")).toEqual([5, 6]);
	});

	it("is filled with what has its numbers, and no header extension whose id means another", () => {
		const offered = sections("chromium-156-receive")[1];
		if (!offered) throw new Error("no video");
		const { codecs = [], headerExtensions } = filling(router, offered);
		expect(codecs.map(({ mimeType }) => mimeType)).toEqual(["video/VP8", "video/VP9", "video/H264", "video/AV1"]);
		expect(headerExtensions).toEqual([]);
		const taken = new Map(offered.media.ext?.map(({ value, uri }) => [value, uri]));
		expect(receiving(router, {}, taken).headerExtensions?.map(({ uri }) => uri)).toEqual(
			expect.not.arrayContaining(["urn:ietf:params:rtp-hdrext:sdes:mid"]),
		);
		// Another browser's numbers are others.
		expect(filling(router, video("firefox-audio-video")).codecs).toEqual([]);
	});
});

it("an app of 2017 sends its sound and picture; its data channel, of a draft's form, is none of ours", () => {
	const [audio, video, data] = readDescription(vector("libwebrtc-2017-plan-b")).sections;
	expect([audio?.msid, video?.msid]).toEqual([
		{ stream: "OWN", track: "OWNa0" },
		{ stream: "OWN", track: "OWNv0" },
	]);
	expect(sentIn(video as never, router, any)?.rtpParameters.encodings).toEqual([
		{ ssrc: 3377120954, rtx: { ssrc: 905512377 } },
	]);
	expect(data).toMatchObject({ mid: "data", kind: "other" });
});

describe("what cannot be used", () => {
	const good = vector("chromium-156-audio-video");
	it.each([
		["nothing", "", "v=0"],
		["no media", good.slice(0, good.indexOf("m=audio")), "no media section"],
		["a mid twice", good.replace("a=mid:1", "a=mid:0"), "a mid twice"],
		["no bundle", good.replace(/a=group:BUNDLE.*\r\n/, ""), "not bundled"],
		["no password", good.replace(/a=ice-pwd:.*\r\n/g, ""), "ice-pwd"],
		["no fingerprint", good.replace(/a=fingerprint:.*\r\n/g, ""), "fingerprint"],
		["no encryption", good.replaceAll("UDP/TLS/RTP/SAVPF", "RTP/AVPF"), "not DTLS"],
		["an unknown setup", good.replaceAll("a=setup:actpass", "a=setup:holdconn"), "setup"],
	])("%s: says what is wrong", (_, sdp, message) => {
		expect(() => readDescription(sdp)).toThrowError(message);
	});

	it("several streams in a section, or too many layers", () => {
		const several = good.replace(/a=ssrc-group:FID.*\r\n/, "");
		const read = () => sentIn(readDescription(several).sections[1] as never, router, any);
		expect(read).toThrowError("several streams");
	});

	it("streams that could not be told apart: neither an SSRC nor the header extension of mids", () => {
		const unnamed = good.replace(/a=ssrc.*\r\n/g, "");
		const read = (text: string) => sentIn(readDescription(text).sections[1] as never, router, any);
		expect(read(unnamed)?.rtpParameters.encodings).toEqual([{}]);
		expect(() => read(unnamed.replace(/a=extmap:\d+ \S+sdes:mid\r\n/g, ""))).toThrowError("SSRC");
	});
});

it("Opus without its channels, as GStreamer writes it, is Opus", () => {
	const mono = vector("chromium-156-audio-video").replace("opus/48000/2", "OPUS/48000");
	const [codec] = sentIn(readDescription(mono).sections[0] as never, router, any)?.rtpParameters.codecs ?? [];
	expect(codec).toMatchObject({ mimeType: "audio/OPUS", payloadType: 111, channels: 2 });
});
