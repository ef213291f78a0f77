import { describe, expect, it } from "vitest";
import { ROUTER_CAPABILITIES } from "../../shared/router-capabilities.ts";
import { capabilitiesFor, mayUpload } from "../../worker/dialects/odoo/codecs.ts";
import { producerOptions } from "../../worker/dialects/odoo/producer-options.ts";
import type { Env } from "../../worker/env.ts";

/** Codecs in their order, by their type and profile; retransmissions by what they are of. */
function told(env: { AUDIO_CODECS?: string; VIDEO_CODECS?: string }): string[] {
	const { codecs = [] } = capabilitiesFor(env);
	const name = (type: string | undefined) => type?.split("/")[1] ?? "";
	return codecs.map(({ mimeType, parameters = {} }) => {
		const of = codecs.find(({ preferredPayloadType }) => preferredPayloadType === parameters.apt);
		if (of) return `${name(mimeType)} ${name(of.mimeType)}`;
		return [name(mimeType), parameters["profile-id"] ?? parameters["profile-level-id"]].join(" ").trim();
	});
}

const video = (...of: string[]) => of.flatMap((codec) => [codec, `rtx ${codec.split(" ")[0]}`]);

describe("AUDIO_CODECS and VIDEO_CODECS", () => {
	it("left alone, all that the fleet has is told, opus and VP8 first", () => {
		expect(capabilitiesFor({})).toEqual(ROUTER_CAPABILITIES);
		expect(capabilitiesFor({ AUDIO_CODECS: "", VIDEO_CODECS: "" })).toEqual(ROUTER_CAPABILITIES);
		const all = told({});
		expect(all.slice(0, 5)).toEqual(["opus", "PCMU", "PCMA", ...video("VP8")]);
		for (const codec of ["VP9 2", "H264 640028", "H264 42e01f", "H264 640c0d"]) expect(all).toContain(codec);
	});

	it("choose codecs in the order given, each with its retransmissions", () => {
		expect(told({ AUDIO_CODECS: "PCMA,opus", VIDEO_CODECS: "H264_1_2cb,VP9,VP8" })).toEqual([
			...["PCMA", "opus"],
			...video("H264 42e01f", "VP9 0", "VP9 2", "VP8"),
		]);
		expect(told({ AUDIO_CODECS: "opus", VIDEO_CODECS: "H264,H264_1_3ch,AV1" })).toEqual([
			"opus",
			...video("H264 640028", "H264 640c0d", "AV1"),
		]);
	});

	it("are read to the letter: what is no name is left out, and the other kind is as it was", () => {
		const [audio, all] = [told({ AUDIO_CODECS: "opus, PCMU,pcma,toString,opus" }), told({})];
		expect(audio).toEqual(["opus", ...all.filter((codec) => !["opus", "PCMU", "PCMA"].includes(codec))]);
		expect(told({ AUDIO_CODECS: "none" })).not.toContain("opus");
		expect(capabilitiesFor({ AUDIO_CODECS: "none" }).headerExtensions).toEqual(ROUTER_CAPABILITIES.headerExtensions);
	});

	it("decide whether video goes in layers: VP9 and AV1 do not", () => {
		const scales = (names: string) =>
			producerOptions({ VIDEO_CODECS: names } as Env).video.encodings.map((it) => it.scaleResolutionDownBy);
		for (const names of ["", "VP8", "H264,VP9"]) expect(scales(names)).toEqual([4, 2, 1]);
		for (const names of ["VP9", "AV1,VP8"]) expect(scales(names)).toEqual([1]);
	});

	it("bound what may be uploaded", () => {
		const stream = (...types: string[]) => ({
			codecs: types.map((mimeType, i) => ({ mimeType, payloadType: 96 + i, clockRate: 90_000 })),
		});
		const env = { VIDEO_CODECS: "VP9" };
		expect(mayUpload(env, stream("video/VP9", "video/rtx"))).toBe(true);
		expect(mayUpload(env, stream("video/vp8", "video/rtx"))).toBe(false);
		expect(mayUpload(env, stream("audio/opus"))).toBe(true);
		expect(mayUpload({}, stream("video/VP8", "video/rtx"))).toBe(true);
	});
});
