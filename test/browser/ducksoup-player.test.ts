/** DuckSoup's player in Chromium, on a real edge and node: what it tells, sends, and lets go of. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { PeerOptions } from "../../client/ducksoup/player/index.ts";
import { launchChromium } from "../support/chromium.ts";
import { DuckSoupPage } from "../support/ducksoup-page.ts";
import { Stack } from "../support/stack.ts";

const soon = { timeout: 20_000, interval: 100 };
const vars = {
	...{ DUCKSOUP_MODE: "DEV", DUCKSOUP_LOG_STDOUT: "false", DUCKSOUP_STUN_SERVER_URLS: "false" },
	...{ DUCKSOUP_TEST_LOGIN: "lab", DUCKSOUP_TEST_PASSWORD: "not the default" },
};

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
	[stack, browser] = await Promise.all([
		Stack.start({ vars }),
		launchChromium(["--autoplay-policy=no-user-gesture-required"]),
	]);
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
});

async function open(address?: string): Promise<DuckSoupPage> {
	const page = await DuckSoupPage.open(browser, stack.url, address);
	onTestFinished(() => page.close());
	return page;
}

/** Of an interaction of two that nobody records. */
function options(userId: string, interactionName: string, more: Partial<PeerOptions> = {}): Partial<PeerOptions> {
	const signalingUrl = `${stack.url.replace("http", "ws")}/ws`;
	return { signalingUrl, interactionName, userId, duration: 60, size: 2, recordingMode: "none", ...more };
}
const newName = () => `hall-${randomUUID().slice(0, 8)}`;
const until = (page: DuckSoupPage, kind: string) => expect.poll(() => page.kinds(), soon).toContain(kind);
const payloadOf = async (page: DuckSoupPage, wanted: string) => {
	return (await page.told()).find(({ kind }) => kind === wanted)?.payload;
};

/** Two people, until both are told that it starts. */
async function two(more: Partial<PeerOptions> = {}, embed: "callback" | "mountEl" | "both" = "callback") {
	const name = newName();
	const [ada, ben] = await Promise.all([open(), open()]);
	await ada.render(options("ada", name, more), embed === "mountEl" ? "both" : embed, true);
	await until(ada, "joined");
	await ben.render(options("ben", name, more), embed === "mountEl" ? "both" : embed, true);
	await Promise.all([until(ada, "start"), until(ben, "start")]);
	return { ada, ben, name };
}

describe("the script", () => {
	it("is the same at all three addresses, and a plain script element is all it needs", async () => {
		const { version } = (await import("../../package.json", { with: { type: "json" } })).default;
		const paths = ["scripts/lib/ducksoup.js", "latest/js/ducksoup.js", `v${version}/js/ducksoup.js`];
		const found = await Promise.all(paths.map((path) => fetch(`${stack.url}/assets/${path}`)));
		expect(found.map(({ status }) => status)).toEqual([200, 200, 200]);
		const [first, ...others] = await Promise.all(found.map((response) => response.text()));
		expect(others).toEqual([first, first]);
		const page = await open();
		expect(await page.page.evaluate("typeof DuckSoup.render")).toBe("function");
	});

	it("refuses what it cannot do without", async () => {
		const page = await open();
		expect(await page.render(options("ada", "hall"), "neither")).toBe("invalid embedOptions");
		for (const missing of ["interactionName", "userId", "duration", "signalingUrl"]) {
			const wish = { ...options("ada", "hall"), [missing]: undefined };
			expect(await page.render(wish), missing).toBe("invalid peerOptions");
		}
		expect(page.sockets).toEqual([]);
	});
});

describe("two people", () => {
	it("are told everything in order, see and hear each other, and have their devices back at the end", async () => {
		const { ada, ben } = await two({ duration: 6 });
		for (const one of [ada, ben]) {
			const flows = async () => Object.values(await one.received()).every((count) => count > 5);
			await expect.poll(flows, soon).toBe(true);
		}
		expect(await ada.devices()).toEqual(["audio live", "video live"]);
		await Promise.all([until(ada, "closed"), until(ben, "closed")]);
		const whole = [
			"joined",
			"other_joined",
			"local-stream",
			"track",
			"track",
			"start",
			"ending",
			"files",
			"end",
			"closed",
		];
		expect(await ben.kinds()).toEqual(whole);
		// Whether another comes before or after one's own devices are open is up to them.
		expect((await ada.kinds()).toSorted()).toEqual(whole.toSorted());
		expect((await ada.kinds()).filter((kind) => kind !== "other_joined")).toEqual(
			whole.filter((kind) => kind !== "other_joined"),
		);
		for (const one of [ada, ben]) {
			expect(await one.devices()).toEqual(["audio ended", "video ended"]);
			expect(one.errors).toEqual([]);
			expect(one.sent.at(0)?.kind).toBe("join");
			expect(await payloadOf(one, "start")).toBeGreaterThan(4);
		}
		expect(await payloadOf(ada, "joined")).toEqual({ context: "new_interaction", iceServers: [] });
		expect(await payloadOf(ben, "joined")).toEqual({ context: "existing-interaction", iceServers: [] });
		const { userId, streamId } = (await payloadOf(ben, "other_joined")) as { userId: string; streamId: string };
		expect(userId).toBe("ada");
		expect(await ben.streams()).toEqual(
			expect.arrayContaining([
				{ kind: "audio", stream: streamId },
				{ kind: "video", stream: streamId },
			]),
		);
		expect(Object.keys((await payloadOf(ada, "files")) as object).toSorted()).toEqual(["ada", "ben"]);
	});

	it("get statistics each second, raise what they send to what the protocol says, and keep their own limit", async () => {
		const { ada, ben } = await two();
		const stats = async () => (await ada.told()).filter(({ kind }) => kind === "stats").map(({ payload }) => payload);
		await expect.poll(async () => (await stats()).length, soon).toBeGreaterThan(2);
		const rates = (await stats()).at(-1) as Record<string, unknown>;
		for (const key of ["audioUp", "audioDown", "videoUp", "videoDown"]) expect(rates[key], key).toMatch(/^\d+\.\d$/);
		await expect
			.poll(async () => Number(((await stats()).at(-1) as { videoDown: string }).videoDown), soon)
			.toBeGreaterThan(20);
		expect(rates.outboundRTPVideo).toMatchObject({ type: "outbound-rtp", kind: "video" });
		expect(rates.inboundRTPAudio).toMatchObject({ type: "inbound-rtp", kind: "audio" });
		await expect.poll(() => ada.limits(), soon).toEqual({ audio: 64_000, video: 1_500_000 });
		await ada.call("limit", 150);
		await expect.poll(() => ada.limits(), soon).toEqual({ audio: 64_000, video: 150_000 });
		expect(await ben.limits()).toMatchObject({ audio: 64_000 });
	});

	it("control effects, write into the server's log, and nothing else is sent for what makes no sense", async () => {
		const { ada } = await two({ logLevel: 0 });
		const before = ada.sent.length;
		await ada.call("controlFx", "fx", "pitch", 1.2);
		await ada.call("controlFx", "fx", "pitch", 0.8, 500, "ben");
		await ada.call("controlFx", "fx", "pitch", "1.1");
		await ada.call("polyControlFx", "fx", "preset", "int", 3);
		await ada.call("serverLog", "user_event", "inactive");
		await ada.call("log", "choice", { left: true });
		await ada.call("serverLog", "mark");
		for (const bad of [
			[],
			["fx"],
			["fx", "pitch"],
			["fx", "pitch", "high"],
			[1, "pitch", 1],
			["fx", "pitch", 1, "soon"],
		]) {
			await ada.call("controlFx", ...bad);
		}
		await ada.call("polyControlFx", "fx", "preset", "int");
		await ada.call("limit", "much");
		await ada.call("stop");
		await until(ada, "closed");
		const sent = ada.sent.slice(before).filter(({ kind }) => !kind.includes("candidate"));
		const parsed = sent.map(({ kind, payload }) => [
			kind,
			/^\{/.test(payload ?? "") ? JSON.parse(payload ?? "") : payload,
		]);
		expect(parsed).toEqual([
			["client_control", { name: "fx", property: "pitch", value: 1.2 }],
			["client_control", { name: "fx", property: "pitch", value: 0.8, duration: 500, userId: "ben" }],
			["client_control", { name: "fx", property: "pitch", value: 1.1 }],
			["client_polycontrol", { name: "fx", property: "preset", kind: "int", value: "3" }],
			["ext_user_event", "inactive"],
			["ext_choice", { left: true }],
			["ext_mark", undefined],
			["stop", undefined],
		]);
		expect(ada.errors).toEqual([]);
	});

	it("see each other through effects under the announced streams, and change them while they run", async () => {
		const effects = { audioFx: "volume volume=0.5 name=loud", videoFx: "coloreffects preset=sepia name=look" };
		const { ada, ben } = await two(effects, "both");
		const { streamId } = (await payloadOf(ben, "other_joined")) as { streamId: string };
		await expect
			.poll(async () => (await ben.mounted()).map(({ tag }) => tag).toSorted(), soon)
			.toEqual(["audio", "video"]);
		expect(new Set((await ben.mounted()).map(({ stream }) => stream))).toEqual(new Set([streamId]));
		// Chromium's fake camera is green all over; in sepia there is more red than green.
		const isGreen = async () => {
			const [red, green] = await ben.colour();
			return green > 1.5 * red;
		};
		await expect
			.poll(async () => (await ben.colour()).every((part) => part > 0) && !(await isGreen()), soon)
			.toBe(true);
		await ada.call("polyControlFx", "look", "preset", "int", 0);
		await expect.poll(isGreen, soon).toBe(true);
		await ben.call("controlFx", "look", "preset", 2, 0, "ada");
		await expect.poll(isGreen, soon).toBe(false);
	});

	it("are told when another leaves, by stopping or with their page, and who comes back is somebody new", async () => {
		const { ada, ben, name } = await two();
		const began = performance.now();
		const left = async () => (await ada.kinds()).filter((kind) => kind === "other_left").length;
		await ben.call("stop");
		await until(ben, "closed");
		expect(await ben.devices()).toEqual(["audio ended", "video ended"]);
		await expect.poll(left, soon).toBe(1);
		await ben.render(options("ben", name));
		await until(ben, "start");
		expect(await payloadOf(ben, "joined")).toMatchObject({ context: "reconnection" });
		// A page that goes says so by itself.
		await ben.load(stack.url);
		await expect.poll(left, soon).toBe(2);
		const passed = (performance.now() - began) / 1_000;
		await ben.render(options("ben", name));
		await until(ben, "start");
		// What is left of its 60 s, however fast all that was.
		expect(await payloadOf(ben, "start")).toBeLessThanOrEqual(Math.round(60 - passed));
	});

	it.each(["H264", "VP8"] as const)("send %s where that is asked for", async (videoFormat) => {
		const { ada } = await two({ videoFormat });
		const codec = () => {
			return ada.page.evaluate(async () => {
				const { player } = (window as unknown as { experiment: { player: { connection: RTCPeerConnection } } })
					.experiment;
				const all = [...(await player.connection.getStats()).values()];
				const video = all.find(({ type, kind }) => type === "outbound-rtp" && kind === "video");
				return all.find(({ id }) => id === video?.codecId)?.mimeType;
			});
		};
		await expect.poll(codec, soon).toBe(`video/${videoFormat}`);
	});

	it("have sound alone where that is asked for", async () => {
		const { ada, ben } = await two({ audioOnly: true });
		await expect.poll(async () => (await ada.received()).sound, soon).toBeGreaterThan(20);
		expect((await ben.streams()).map(({ kind }) => kind)).toEqual(["audio"]);
		expect(await ada.devices()).toEqual(["audio live"]);
		expect(ada.errors).toEqual([]);
	});
});

describe("a mount", () => {
	it("is emptied, gets an element for each track, and is empty again in the end", async () => {
		const { ada, ben } = await two({ width: 320, height: 240 }, "both");
		await expect
			.poll(async () => (await ada.mounted()).map(({ tag }) => tag).toSorted(), soon)
			.toEqual(["audio", "video"]);
		const mounted = await ada.mounted();
		for (const { id, tracks, autoplay } of mounted) {
			expect(tracks).toContain(id);
			expect(autoplay).toBe(true);
		}
		expect(mounted.find(({ tag }) => tag === "video")).toMatchObject({ width: "320px", height: "240px" });
		expect(await ada.kinds()).not.toContain("track");
		expect(await ada.page.textContent("#mount")).toBe("");
		await expect
			.poll(() => ada.page.evaluate("document.querySelector('#mount video').videoWidth"), soon)
			.toBeGreaterThan(0);
		await ben.call("stop");
		await expect.poll(() => ada.mounted(), soon).toEqual([]);
	});

	it("is enough without a callback", async () => {
		const page = await open();
		expect(await page.render(options("ada", newName(), { size: 1 }), "mountEl")).toBeUndefined();
		await expect
			.poll(async () => (await page.mounted()).map(({ tag }) => tag).toSorted(), soon)
			.toEqual(["audio", "video"]);
		expect((await page.mounted()).find(({ tag }) => tag === "video")).toMatchObject({ width: "100%" });
		await page.call("stop");
		await expect.poll(() => page.mounted(), soon).toEqual([]);
	});
});

describe("errors", () => {
	const ends = async (page: DuckSoupPage, ...kinds: string[]) => {
		await expect.poll(() => page.kinds(), soon).toEqual([...kinds, "closed"]);
	};

	it("of the server end it: a bad name, a user who is there, no place left", async () => {
		const { name } = await two();
		const page = await open();
		await page.render(options("???", name));
		await ends(page, "error-join");
		await page.render(options("ada", name));
		await ends(page, "error-duplicate");
		await page.render(options("cleo", name));
		await ends(page, "error-full");
	});

	it("that not everybody came in time switches the devices off", async () => {
		const page = await open();
		await page.render(options("ada", newName()));
		await until(page, "local-stream");
		await expect
			.poll(() => page.kinds(), { ...soon, timeout: 30_000 })
			.toEqual([...["joined", "local-stream", "error-aborted", "closed"]]);
		expect(await page.devices()).toEqual(["audio ended", "video ended"]);
	});

	it("of the devices are told, and give the place back", async () => {
		const name = newName();
		const page = await open();
		await page.page.evaluate(() => {
			navigator.mediaDevices.getUserMedia = async () => {
				throw new DOMException("Permission denied", "NotAllowedError");
			};
		});
		await page.render(options("ada", name));
		await ends(page, "joined", "error");
		expect(await payloadOf(page, "error")).toEqual({
			...{ code: "devices", name: "NotAllowedError", message: "Permission denied" },
		});
		expect(page.sent.slice(1)).toEqual([
			{ kind: "client_devices_failed", payload: "NotAllowedError: Permission denied" },
			{ kind: "stop" },
		]);
		const again = await open();
		await again.render(options("ada", name));
		await until(again, "local-stream");
	});

	it("of an origin that is not allowed, and of no server, are told", async () => {
		const elsewhere = createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
		onTestFinished(() => void elsewhere.close());
		await once(elsewhere, "listening");
		const page = await open();
		await page.page.goto(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
		await page.page.addScriptTag({ url: `${stack.url}/assets/latest/js/ducksoup.js` });
		await page.render(options("ada", "hall"));
		await ends(page, "error");
		expect(await payloadOf(page, "error")).toMatchObject({ code: "socket" });
		await page.load(stack.url);
		await page.render({ ...options("ada", "hall"), signalingUrl: "ws://127.0.0.1:9/ws" });
		await ends(page, "error");
		await page.render({ ...options("ada", "hall"), signalingUrl: "not a server:" });
		await ends(page, "error");
	});
});

describe("addresses", () => {
	it("of pages may have fragments and queries, and those of servers queries", async () => {
		const page = await open("/v1/health?trial=1&group=2#step-3");
		const { signalingUrl, ...rest } = options("ada", newName(), { size: 1 });
		await page.render({ ...rest, signalingUrl: `${signalingUrl}?lab=1` });
		await until(page, "start");
		const { searchParams } = new URL(page.sockets[0] ?? "");
		expect(searchParams.get("href")).toBe(`${stack.url}/v1/health?trial=1&group=2`);
		expect(searchParams.get("lab")).toBe("1");
	});
});
