/** tribe's rules that need no socket. */
import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { userOf } from "../../worker/dialects/tribe/bearer.ts";
import { mediaConfiguration } from "../../worker/dialects/tribe/configuration.ts";
import { markIn, newSocketId, socketIdOf } from "../../worker/dialects/tribe/names.ts";
import { bitratesFor, sdpFor } from "../../worker/dialects/tribe/settings.ts";
import { markOf } from "../../worker/directory/mark.ts";
import type { Env } from "../../worker/env.ts";

const env = (variables: Record<string, string>) => variables as unknown as Env;

function bearer(key: Buffer | string, claims: object = { userId: "ada" }, alg = "HS256"): string {
	const text = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const signed = `${text({ alg, typ: "JWT" })}.${text(claims)}`;
	return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

describe("bearers", () => {
	const authKey = randomBytes(32).toString("base64");

	it("are signed with the text of TRIBE_SECRET, whatever it is", async () => {
		for (const TRIBE_SECRET of ["s3cret", "ünïcode ✓", "!!!!", "long, and no base64 ".repeat(5)]) {
			const variables = env({ AUTH_KEY: authKey, TRIBE_SECRET });
			expect(await userOf(variables, bearer(TRIBE_SECRET))).toEqual({ userId: "ada" });
			await expect(userOf(variables, bearer(Buffer.from(authKey, "base64")))).rejects.toThrow("authFailed");
			// What little of it is base64 is no key.
			for (const wrong of ["", Buffer.from(TRIBE_SECRET, "base64"), "s3cre"]) {
				await expect(userOf(variables, bearer(wrong))).rejects.toThrow("authFailed");
			}
		}
	});

	it("are signed with AUTH_KEY where there is none, as its bytes or as its text", async () => {
		const variables = env({ AUTH_KEY: authKey, TRIBE_SECRET: "" });
		expect(await userOf(variables, bearer(Buffer.from(authKey, "base64"), { userId: 7, iat: 5 }))).toEqual({
			userId: "7",
			iat: 5,
		});
		expect(await userOf(variables, bearer(authKey))).toEqual({ userId: "ada" });
	});

	it("may name the room that they are for", async () => {
		const variables = env({ TRIBE_SECRET: "s" });
		const named = bearer("s", { userId: "ada", roomId: "r" });
		expect(await userOf(variables, named, "r")).toEqual({ userId: "ada" });
		await expect(userOf(variables, named, "other")).rejects.toThrow("authFailed");
	});
});

describe("socketIds", () => {
	it("are 32 hexadecimal digits that tell their room, and differ", () => {
		const ids = Array.from({ length: 1_000 }, () => newSocketId("room-1"));
		expect(new Set(ids).size).toBe(1_000);
		for (const id of ids) {
			expect(id).toMatch(/^[0-9A-F]{32}$/);
			expect(markIn(id)).toBe(markOf("room-1"));
			expect(socketIdOf(id)).toBe(id);
		}
	});

	it("of rooms and of people of other protocols do not meet", () => {
		const names = Array.from({ length: 20_000 }, (_, i) => `room-${i}`);
		expect(new Set(names.map(markOf)).size).toBe(names.length);
		expect(new Set(names.map(socketIdOf)).size).toBe(names.length);
		expect(socketIdOf("nina")).toMatch(/^[0-9A-F]{32}$/);
		expect(socketIdOf("nina")).toBe(socketIdOf("nina"));
	});
});

describe("what to capture", () => {
	it("is by the number of the others", () => {
		const sizes = Array.from({ length: 8 }, (_, n) => {
			const { width, height } = mediaConfiguration(n).video;
			return [width.min, width.max, height.min, height.max];
		});
		expect(sizes).toEqual([
			["213", "640", "193", "580"],
			["213", "640", "193", "580"],
			["213", "640", "193", "580"],
			["106", "320", "96", "290"],
			["106", "320", "96", "290"],
			["106", "320", "64", "193"],
			["106", "320", "64", "193"],
			["106", "320", "48", "145"],
		]);
	});
});

describe("bit rates", () => {
	it("are what a client asks for, within the deployment's bounds", () => {
		const bounds = env({ BITRATE_VIDEO_MIN: "100000", BITRATE_VIDEO_MAX: "800000", BITRATE_AUDIO_MAX: "" });
		expect(bitratesFor(bounds, {})).toEqual({ audio: 128_000, video: 800_000 });
		expect(bitratesFor(bounds, { maxVideoBitrate: 5_000_000, maxAudioBitrate: 32_000 })).toEqual({
			...{ audio: 32_000, video: 800_000 },
		});
		expect(bitratesFor(bounds, { maxVideoBitrate: 1 }).video).toBe(100_000);
	});

	it("bound what goes up, and each connection down, and say where it begins", () => {
		const settings = sdpFor(env({ BITRATE_AUDIO_START: "30000", BITRATE_VIDEO_START: "300000" }), {});
		expect(settings).toMatchObject({
			...{ maxIncomingBitrate: 2_128_000, maxOutgoingBitrate: 2_128_000, initialOutgoingBitrate: 330_000 },
			codecs: ["video/H264"],
		});
		const small = { maxVideoBitrate: 100_000, maxAudioBitrate: 20_000 };
		expect(sdpFor(env({ BITRATE_AUDIO_START: "30000", BITRATE_VIDEO_START: "300000" }), small)).toMatchObject({
			...{ maxOutgoingBitrate: 120_000, initialOutgoingBitrate: 120_000 },
		});
		expect(sdpFor(env({ TRIBE_CODEC: "VP8" }), {})).toMatchObject({ codecs: ["video/VP8"] });
		expect(sdpFor(env({}), {}).initialOutgoingBitrate).toBeUndefined();
	});
});
