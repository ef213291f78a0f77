/** DuckSoup's pages in Chromium, on a real edge and node: what they show, say and send. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import type { Sent } from "../support/ducksoup-page.ts";
import { Stack } from "../support/stack.ts";

const soon = { timeout: 20_000, interval: 100 };
const credentials = { username: "lab", password: "not the default" };
const vars = {
	...{ DUCKSOUP_MODE: "DEV", DUCKSOUP_LOG_STDOUT: "false", DUCKSOUP_STUN_SERVER_URLS: "false" },
	...{ DUCKSOUP_TEST_LOGIN: credentials.username, DUCKSOUP_TEST_PASSWORD: credentials.password },
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

interface Shown {
	page: Page;
	sent: Sent[];
	/** Exceptions, and what the policy of the page has blocked. */
	errors: string[];
}

async function open(
	path: string,
	httpCredentials: typeof credentials | undefined = credentials,
	{ url } = stack,
): Promise<Shown> {
	const context = await browser.newContext({ httpCredentials });
	onTestFinished(() => context.close());
	const page = await context.newPage();
	const [sent, errors]: [Sent[], string[]] = [[], []];
	page.on("pageerror", ({ message }) => errors.push(message));
	page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
	page.on("websocket", (socket) => {
		socket.on("framesent", ({ payload }) => sent.push(JSON.parse(String(payload))));
	});
	await page.goto(`${url}${path}`);
	return { page, sent, errors };
}

const title = ({ page }: Shown) => page.textContent(".status strong");
const says = (shown: Shown, text: string) => expect.poll(() => title(shown), soon).toBe(text);
const events = ({ page }: Shown) => page.locator(".journal b").allTextContents();
const start = ({ page }: Shown) => page.click("button:text-is('Start')");
/** Widths of pictures that move. */
const pictures = ({ page }: Shown): Promise<number[]> => {
	return page.evaluate(async () => {
		const widths: number[] = [];
		for (const video of document.querySelectorAll<HTMLVideoElement>(".tile video")) {
			const before = video.getVideoPlaybackQuality().totalVideoFrames;
			await new Promise((resolve) => setTimeout(resolve, 300));
			if (video.getVideoPlaybackQuality().totalVideoFrames > before) widths.push(video.videoWidth);
		}
		return widths;
	});
};
const lines = ({ page }: Shown, chart: number) => page.locator(".chart").nth(chart).locator("path.line");

describe("the mirror", () => {
	it("needs the password, and shows what is sent beside what comes back", async () => {
		expect((await fetch(`${stack.url}/test/mirror/`)).status).toBe(401);
		const mirror = await open("/test/mirror/");
		expect(await title(mirror)).toBe("Ready when you are");
		await mirror.page.fill("[name=duration]", "8");
		await mirror.page.selectOption("[name=recordingMode]", "none");
		await mirror.page.selectOption("[name=videoFormat]", "VP8");
		await start(mirror);
		await says(mirror, "Running");
		await expect.poll(() => pictures(mirror), soon).toEqual([800, expect.any(Number)]);
		expect(await mirror.page.textContent(".clock")).toMatch(/^0:0\d$/);
		await expect.poll(() => lines(mirror, 0).first().getAttribute("d"), soon).toMatch(/^M.*L/);
		const [join] = mirror.sent;
		expect(JSON.parse(join?.payload ?? "")).toMatchObject({
			...{ namespace: "test_mirror", size: 1, duration: 8, videoFormat: "VP8", recordingMode: "none" },
			...{ width: 800, height: 600, framerate: 25 },
		});
		await says(mirror, "It has ended");
		await expect
			.poll(() => events(mirror), soon)
			.toEqual([...["joined", "local-stream", "track", "track", "start", "ending", "files", "end", "closed"]]);
		expect(await mirror.page.isVisible("button:text-is('Start')")).toBe(true);
		expect(mirror.errors).toEqual([]);
	});

	it("plays steps one after another, and sets typed values", async () => {
		const mirror = await open("/test/mirror/");
		await mirror.page.selectOption("[name=recordingMode]", "none");
		const [audio] = await mirror.page.locator(".panel").all();
		if (!audio) throw new Error("no panel");
		await audio.locator("[placeholder=value]").nth(0).fill("0.8");
		await audio.locator("[placeholder=property]").nth(1).fill("pitch");
		await audio.locator("[placeholder=value]").nth(1).fill("1.2");
		await audio.getByText("Play").click();
		expect(await mirror.page.textContent(".journal")).toContain("press Start first");
		await start(mirror);
		await says(mirror, "Running");
		await audio.getByText("Play").click();
		await mirror.page.locator(".panel").nth(2).getByText("Set").click();
		const controls = () => mirror.sent.filter(({ kind }) => kind.endsWith("control"));
		await expect.poll(() => controls().length, soon).toBe(3);
		const told = controls().map(({ kind, payload }) => [kind, JSON.parse(payload ?? "")]);
		expect(told.filter(([kind]) => kind === "client_control").map(([, payload]) => payload)).toEqual([
			{ name: "audio_fx", property: "pitch", value: 0.8, duration: 500 },
			{ name: "audio_fx", property: "pitch", value: 1.2, duration: 500 },
		]);
		expect(told.find(([kind]) => kind === "client_polycontrol")?.[1]).toEqual({
			...{ name: "video_fx", property: "preset", kind: "int", value: "2" },
		});
	});

	it("says which options the server does not take, and what to do when a camera is refused", async () => {
		const mirror = await open("/test/mirror/");
		await mirror.page.fill("[name=audioFx]", "filesink location=/tmp/x");
		await start(mirror);
		await says(mirror, "The server does not take these options");
		expect(await mirror.page.isVisible("button:text-is('Start')")).toBe(true);
		await mirror.page.fill("[name=audioFx]", "");
		await mirror.page.evaluate(() => {
			navigator.mediaDevices.getUserMedia = async () => {
				throw new DOMException("Permission denied", "NotAllowedError");
			};
		});
		await start(mirror);
		await says(mirror, "The devices are refused");
	});
});

describe("an interaction", () => {
	it("waits for the others, shows them by name, and knows whom a control is for", async () => {
		const [ada, ben] = await Promise.all([open("/test/interaction/"), open("/test/interaction/")]);
		for (const [shown, user] of [
			[ada, "ada"],
			[ben, "ben"],
		] as const) {
			await shown.page.fill("[name=userId]", user);
			await shown.page.selectOption("[name=recordingMode]", "none");
		}
		await start(ada);
		await says(ada, "Waiting for one more");
		expect(await ada.page.textContent(".status p")).toContain("“hall”");
		await start(ben);
		await Promise.all([says(ada, "Running"), says(ben, "Running")]);
		await expect.poll(() => pictures(ada), soon).toHaveLength(2);
		expect(await ada.page.locator(".tile figcaption span").allTextContents()).toEqual(["You", "ben"]);
		await ada.page.selectOption("[aria-label=of]", "ben");
		await ada.page.locator(".panel").getByText("Set").click();
		await expect.poll(() => ada.sent.some(({ kind }) => kind === "client_control"), soon).toBe(true);
		expect(JSON.parse(ada.sent.find(({ kind }) => kind === "client_control")?.payload ?? "")).toEqual({
			...{ name: "audio_fx", property: "pitch", value: 1.2, duration: 500, userId: "ben" },
		});
		await ben.page.click("button:text-is('Stop')");
		await says(ben, "Left");
		await expect.poll(() => pictures(ada), soon).toHaveLength(1);
		expect(await ada.page.locator("[aria-label=of] option").allTextContents()).toEqual(["yourself"]);
		expect([...ada.errors, ...ben.errors]).toEqual([]);
	});
});

describe("the ICE page", () => {
	it("lists where both sides can be reached, and says whether they do", async () => {
		const ice = await open("/test/ice/");
		await says(ice, "Reached directly");
		expect(await ice.page.textContent(".status p")).toContain("UDP");
		const [local, remote] = await Promise.all(
			[0, 1].map((i) => ice.page.locator("tbody").nth(i).locator("tr").allTextContents()),
		);
		expect(local?.join()).toContain("udp");
		expect(remote?.join()).toContain("127.0.0.1");
		await expect.poll(() => events(ice), soon).toContain("closed");
		expect(ice.errors).toEqual([]);
	});
});

describe("the check of devices", () => {
	it("needs no password, takes half a minute, and sends what it found", async () => {
		const check = await open("/test/audio_direct/?interaction=trial-7&user=p1", undefined);
		const result = check.page.waitForRequest((request) => request.url().endsWith("/POST_audio_test"), {
			timeout: 60_000,
		});
		await check.page.click("button:text-is('Start the check')");
		await says(check, "Please be silent");
		expect(await check.page.isVisible(".read-aloud")).toBe(false);
		await says(check, "Please read aloud");
		expect(await check.page.isVisible(".read-aloud")).toBe(true);
		const request = await result;
		const { namespace, interaction, data } = request.postDataJSON();
		expect([namespace, interaction]).toEqual(["audio_direct_test", "trial-7"]);
		expect(data).toEqual({
			...{ noiseLevels: expect.any(Number), volumeLevels: expect.any(Number), passed: expect.any(Boolean) },
			timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
		});
		expect((await request.response())?.status()).toBe(200);
		await expect.poll(() => title(check), soon).toBe(data.passed ? "All is well" : "This will not do yet");
		expect(JSON.parse(check.sent[0]?.payload ?? "")).toMatchObject({
			userId: "p1",
			size: 1,
			audioOnly: true,
			duration: 26,
		});
		expect(check.errors).toEqual([]);
	}, 90_000);
});

describe("the statistics", () => {
	it("appear by themselves while something runs, and stay to be looked at when it is over", async () => {
		const statistics = await open("/stats/");
		await says(statistics, "No interaction runs");
		const mirror = await open("/test/mirror/");
		await mirror.page.selectOption("[name=recordingMode]", "none");
		await start(mirror);
		await says(mirror, "Running");
		await says(statistics, "One interaction runs");
		await expect.poll(() => statistics.page.locator(".chart").count(), soon).toBe(2);
		expect(await statistics.page.textContent(".interactions small")).toBe(`test_mirror · ${stack.url}`);
		await expect.poll(() => lines(statistics, 1).first().getAttribute("d"), soon).toMatch(/^M.*L/);
		const rate = () => statistics.page.locator(".chart", { hasText: "video" }).locator("b").first().textContent();
		await expect.poll(async () => Number((await rate())?.replace(",", "")), soon).toBeGreaterThan(20);
		await mirror.page.click("button:text-is('Stop')");
		await says(statistics, "No interaction runs");
		expect(await statistics.page.textContent(".interactions .state")).toBe("over");
		await statistics.page.click(".interactions button");
		expect(await statistics.page.locator(".interactions > *").count()).toBe(0);
		expect(statistics.errors).toEqual([]);
	});
});

describe("play", () => {
	it("has the catalogue, and a knob for every parameter that is told as it is turned", async () => {
		const play = await open("/test/play/");
		await expect.poll(() => play.page.locator(".pick").count(), soon).toBeGreaterThan(15);
		for (const effect of ["Pitch", "Echo", "Colours"]) await play.page.click(`.pick:text-is("${effect}")`);
		expect(await play.page.locator(".unit").count()).toBe(3);
		expect(await play.page.locator("[role=slider]").count()).toBe(4);
		await play.page.getByRole("slider", { name: "pitch" }).press("ArrowDown");
		await start(play);
		await expect.poll(() => play.sent.length, soon).toBeGreaterThan(0);
		const join = JSON.parse(play.sent[0]?.payload ?? "");
		expect(join).toMatchObject({ namespace: "play", size: 1, gpu: true, recordingMode: "none" });
		expect(join.audioFx).toBe(
			"pitch pitch=0.99 name=audio_1 ! " +
				"audioecho max-delay=1000000000 delay=250000000 intensity=0.5 feedback=0.2 name=audio_2",
		);
		expect(join.videoFx).toBe("coloreffects preset=4 name=video_1");
		await says(play, "Running");
		await play.page.getByRole("slider", { name: "pitch" }).press("PageUp");
		await play.page.getByRole("slider", { name: "delay, ms" }).press("Home");
		await play.page.getByRole("combobox", { name: "preset" }).selectOption("sepia");
		const controls = () => play.sent.filter(({ kind }) => kind.endsWith("control"));
		await expect.poll(() => controls().length, soon).toBe(3);
		expect(controls().map(({ payload }) => JSON.parse(payload ?? ""))).toEqual([
			{ name: "audio_1", property: "pitch", value: 1.14, duration: 200 },
			{ name: "audio_2", property: "delay", kind: "uint64", value: "1000000" },
			{ name: "video_1", property: "preset", kind: "int", value: "2" },
		]);
		// Another effect needs another run, which is a press away.
		expect(await play.page.isVisible(".renew")).toBe(false);
		await play.page.click('.pick:text-is("Fisheye")');
		await play.page.click(".renew button");
		await expect.poll(() => play.sent.filter(({ kind }) => kind === "join").length, soon).toBe(2);
		const again = JSON.parse(play.sent.findLast(({ kind }) => kind === "join")?.payload ?? "");
		expect(again.videoFx).toBe("coloreffects preset=2 name=video_1 ! fisheye name=video_2");
		expect(again.audioFx).toContain("pitch=1.14");
		await says(play, "Running");
		expect(play.errors).toEqual([]);
	});
});

describe("below a prefix", () => {
	it("pages find their scripts, their catalogue and their server", async () => {
		const prefixed = await Stack.start({ vars: { ...vars, DUCKSOUP_WEB_PREFIX: "/lab" } });
		onTestFinished(() => prefixed.stop());
		const play = await open("/lab/test/play/", credentials, prefixed);
		await expect.poll(() => play.page.locator(".pick").count(), soon).toBeGreaterThan(15);
		await start(play);
		await says(play, "Running");
		await expect.poll(() => pictures(play), soon).toHaveLength(2);
		expect(await play.page.locator("nav a").first().getAttribute("href")).toBe(`${prefixed.url}/lab/test/play/`);
		expect(play.errors).toEqual([]);
	});
});
