/** DuckSoup's protocol in Chromium, with nothing but a peer connection and a socket, on a real edge and node. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { DucksoupPerson } from "../support/ducksoup-person.ts";
import { Stack } from "../support/stack.ts";

const soon = { timeout: 20_000, interval: 100 };

let stack: Stack;
let browser: Browser;
const pages: Page[] = [];
const dataDir = mkdtempSync(join(tmpdir(), "ducksoup-edge-"));

beforeAll(async () => {
	[stack, browser] = await Promise.all([
		Stack.start({ vars: { DUCKSOUP_MODE: "DEV", DUCKSOUP_LOG_STDOUT: "false" }, dataDir }),
		launchChromium(["--autoplay-policy=no-user-gesture-required"]),
	]);
});
afterEach(async () => {
	await Promise.all(pages.splice(0).map((page) => page.context().close()));
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
	rmSync(dataDir, { recursive: true, force: true });
});

async function newPage(): Promise<Page> {
	const page = await (await browser.newContext()).newPage();
	pages.push(page);
	return page;
}

const enter = async (name: string, userId: string, options: object = {}) =>
	DucksoupPerson.join(await newPage(), stack.url, {
		...{ interactionName: name, userId, duration: 30, recordingMode: "none" },
		...options,
	});
const streamOf = (person: DucksoupPerson, userId: string) =>
	person
		.events()
		.then((events) => events.filter(({ kind }) => kind === "other_joined").map(({ payload }) => payload))
		.then((all) => (all as { userId: string; streamId: string }[]).findLast((it) => it.userId === userId)?.streamId);

/** What of each stream comes by now. */
async function coming(person: DucksoupPerson): Promise<string[]> {
	const shown = await person.shown();
	return shown.flatMap(({ stream, kind, count }) => (count > 0 ? [`${stream} ${kind}`] : [])).sort();
}

/** Somebody sees and hears exactly these others, in the streams that were announced. */
async function sees(person: DucksoupPerson, others: readonly string[], kinds = ["audio", "video"]): Promise<void> {
	const streams = await Promise.all(others.map((id) => streamOf(person, id)));
	const wanted = streams.flatMap((stream) => kinds.map((kind) => `${stream} ${kind}`)).sort();
	await expect.poll(() => coming(person), soon).toEqual(wanted);
}

const started = (person: DucksoupPerson) =>
	expect.poll(() => person.payload("start"), soon).toEqual(expect.any(Number));

describe("an interaction", () => {
	it.each(["VP8", "H264"])("of two sends %s both ways in two sections, from joined to closed", async (videoFormat) => {
		const name = randomUUID();
		const options = { videoFormat, duration: 6 };
		const ann = await enter(name, "ann", options);
		await expect.poll(() => ann.kinds(), soon).toContain("joined");
		const ben = await enter(name, "ben", options);
		await Promise.all([started(ann), started(ben)]);
		await Promise.all([sees(ann, ["ben"]), sees(ben, ["ann"])]);
		for (const person of [ann, ben]) {
			expect(await person.emptySenders()).toBe(0);
			expect(await person.opened()).toBe(1);
			const both = (kind: string) => ({ kind, direction: "sendrecv" });
			expect(await person.sections()).toEqual([both("audio"), both("video")]);
			const video = (await person.shown()).find(({ kind }) => kind === "video");
			expect(video?.codec).toBe(`video/${videoFormat}`);
			expect(await person.sentCodec()).toBe(`video/${videoFormat}`);
		}
		for (const person of [ann, ben]) {
			await expect.poll(() => person.kinds(), soon).toContain("closed");
			expect(await person.kinds()).toEqual(["joined", "other_joined", "start", "ending", "files", "end", "closed"]);
			expect(await person.files()).toEqual({ ann: null, ben: null });
			expect(await person.errors()).toEqual([]);
			expect(await person.payload("start")).toBe(6);
		}
		expect(await ann.payload("joined")).toMatchObject({ context: "new_interaction", iceServers: [] });
		expect(await ben.payload("joined")).toMatchObject({ context: "existing-interaction" });
	});

	it("of one gives its own media back", async () => {
		const ann = await enter(randomUUID(), "ann", { size: 1, duration: 5 });
		await started(ann);
		await expect.poll(async () => (await coming(ann)).map((it) => it.split(" ")[1]), soon).toEqual(["audio", "video"]);
		expect(await ann.emptySenders()).toBe(0);
		await expect.poll(() => ann.kinds(), soon).toContain("closed");
		expect(await ann.kinds()).toEqual(["joined", "start", "ending", "files", "end", "closed"]);
		expect(await ann.errors()).toEqual([]);
	});

	it("of three is seen by all", async () => {
		const name = randomUUID();
		const people = [];
		for (const id of ["ann", "ben", "cid"]) people.push(await enter(name, id, { size: 3, duration: 60 }));
		const [ann, ben, cid] = people as [DucksoupPerson, DucksoupPerson, DucksoupPerson];
		await Promise.all(people.map(started));
		await Promise.all([sees(ann, ["ben", "cid"]), sees(ben, ["ann", "cid"]), sees(cid, ["ann", "ben"])]);
		for (const person of people) expect(await person.errors()).toEqual([]);
		await cid.say("stop");
		await expect.poll(() => cid.kinds(), soon).toContain("closed");
		// Their elements go, which those of the original do not.
		await Promise.all([sees(ann, ["ben"]), sees(ben, ["ann"])]);
	});

	it("of sound alone has no section for pictures", async () => {
		const name = randomUUID();
		const options = { audioOnly: true, duration: 60 };
		const [ann, ben] = [await enter(name, "ann", options), await enter(name, "ben", options)];
		await Promise.all([started(ann), started(ben)]);
		await Promise.all([sees(ann, ["ben"], ["audio"]), sees(ben, ["ann"], ["audio"])]);
		for (const person of [ann, ben]) {
			expect(await person.sections()).toEqual([{ kind: "audio", direction: "sendrecv" }]);
			expect(await person.errors()).toEqual([]);
		}
	});

	it("is gone on with by who reloads the page, at once and under the same name", async () => {
		const name = randomUUID();
		const [ann, ben] = [await enter(name, "ann", { duration: 60 }), await enter(name, "ben", { duration: 60 })];
		await Promise.all([started(ann), started(ben)]);
		await sees(ann, ["ben"]);
		const before = await streamOf(ann, "ben");
		await ben.reload();
		await expect.poll(() => ben.payload("joined"), soon).toMatchObject({ context: "reconnection" });
		await started(ben);
		expect(await ben.payload("start")).toBeLessThanOrEqual(60);
		await expect.poll(() => streamOf(ann, "ben"), soon).not.toBe(before);
		await Promise.all([sees(ann, ["ben"]), sees(ben, ["ann"])]);
		expect(await ann.kinds()).toEqual(["joined", "other_joined", "start", "other_left", "other_joined"]);
		expect([...(await ann.errors()), ...(await ben.errors())]).toEqual([]);
	});

	it("takes people who send in different formats", async () => {
		const name = randomUUID();
		const ann = await enter(name, "ann", { videoFormat: "VP8", duration: 60 });
		const ben = await enter(name, "ben", { videoFormat: "H264", duration: 60 });
		await Promise.all([started(ann), started(ben)]);
		await Promise.all([sees(ann, ["ben"]), sees(ben, ["ann"])]);
		expect([await ann.sentCodec(), await ben.sentCodec()]).toEqual(["video/VP8", "video/H264"]);
		const seen = async (person: DucksoupPerson) => (await person.shown()).find(({ kind }) => kind === "video")?.codec;
		expect([await seen(ann), await seen(ben)]).toEqual(["video/H264", "video/VP8"]);
	});

	it.each(["dies", "drains"])("goes on when its node %s, on the same peer connections", async (how) => {
		const name = randomUUID();
		const [ann, ben] = [await enter(name, "ann", { duration: 90 }), await enter(name, "ben", { duration: 90 })];
		await Promise.all([started(ann), started(ben)]);
		await Promise.all([sees(ann, ["ben"]), sees(ben, ["ann"])]);
		const former = stack.nodes.at(-1);
		const offers = async () => (await ann.events()).filter(({ kind }) => kind === "offer").length;
		const offered = await offers();
		await stack.addNode(`node-${stack.nodes.length + 1}`);
		await former?.kill(how === "dies" ? "SIGKILL" : "SIGTERM");
		const frames = async () => (await ann.shown()).find(({ kind }) => kind === "video")?.count ?? 0;
		await expect.poll(offers, soon).toBeGreaterThan(offered);
		const seen = await frames();
		await expect.poll(frames, soon).toBeGreaterThan(seen + 20);
		expect([await ann.opened(), await ben.opened()]).toEqual([1, 1]);
		expect([...(await ann.errors()), ...(await ben.errors())]).toEqual([]);
		expect(await ann.kinds()).toEqual(["joined", "other_joined", "start"]);
	});
});

it("an interaction outlives the edge, and ends for those who came back", async () => {
	const name = randomUUID();
	const options = { duration: 40 };
	const [ann, ben] = [await enter(name, "ann", options), await enter(name, "ben", options)];
	await Promise.all([started(ann), started(ben)]);
	const began = Date.now();
	await stack.edge.restart();
	for (const person of [ann, ben]) {
		await expect.poll(() => person.kinds(), soon).toContain("closed");
		await person.reload();
		await expect.poll(() => person.payload("joined"), soon).toMatchObject({ context: "reconnection" });
	}
	await Promise.all([started(ann), started(ben)]);
	expect(await ann.payload("start")).toBeLessThan(40);
	await Promise.all([sees(ann, ["ben"]), sees(ben, ["ann"])]);
	await expect.poll(() => ann.kinds(), { ...soon, timeout: 45_000 }).toContain("end");
	expect(Date.now() - began).toBeGreaterThan(39_000);
	expect(Date.now() - began).toBeLessThan(50_000);
}, 90_000);

describe("somebody", () => {
	it("alone in an interaction of two is told that it was aborted, fifteen seconds after it came", async () => {
		const began = Date.now();
		const ann = await enter(randomUUID(), "ann");
		await expect.poll(() => ann.kinds(), soon).toContain("closed");
		expect(await ann.kinds()).toEqual(["joined", "error-aborted", "closed"]);
		expect(Date.now() - began).toBeGreaterThan(14_000);
	});

	it("twice, and one too many, are told so", async () => {
		const name = randomUUID();
		await enter(name, "ann", { size: 1 });
		const twice = await enter(name, "ann");
		const second = await enter(name, "ben");
		await expect.poll(() => twice.kinds(), soon).toEqual(["error-duplicate", "closed"]);
		await expect.poll(() => second.kinds(), soon).toEqual(["error-full", "closed"]);
	});
});
