import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Pipeline, type PipelineSpec, probe } from "../../media-node/gst/pipeline.ts";
import { pipelinesUsed } from "../../media-node/gst/usage.ts";
import { log } from "../../media-node/observability/logger.ts";

const running: Pipeline[] = [];
/** New for each try. */
let folder: string;

function start(text: string, settings: PipelineSpec["settings"] = []): Pipeline {
	const pipeline = new Pipeline({ text, settings, name: "test" });
	running.push(pipeline);
	return pipeline;
}

beforeAll(() => {
	log.level = "silent";
});

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "switchyard-gst-"));
});

afterEach(async () => {
	const ended = running.splice(0).map((pipeline) => {
		pipeline.kill();
		return pipeline.ended;
	});
	await Promise.all(ended);
	rmSync(folder, { recursive: true });
});

const TONE = "audiotestsrc is-live=true ! pitch name=p ! fakesink name=sink";

describe("a pipeline", () => {
	it("starts, plays and ends its stream", async () => {
		const file = join(folder, "tone.mkv");
		const pipeline = start(`audiotestsrc is-live=true ! opusenc ! matroskamux ! filesink location=${file}`);
		await Promise.all([once(pipeline, "playing"), pipeline.started]);
		expect(await pipeline.finish()).toEqual({ cause: "finished" });
		// EBML's first bytes: the file was closed in order.
		expect(readFileSync(file).subarray(0, 4).toString("hex")).toBe("1a45dfa3");
	});

	it("that cannot be is told of with the reason", async () => {
		const pipeline = start("audiotestsrc ! nothingofthekind ! fakesink");
		await expect(pipeline.started).rejects.toThrow('no element "nothingofthekind"');
		expect(await pipeline.ended).toMatchObject({ cause: "failed" });
	});

	it("that fails while it starts names the element", async () => {
		const pipeline = start("filesrc name=reader location=/nowhere/at/all ! fakesink");
		expect(await pipeline.ended).toMatchObject({ cause: "failed", message: expect.stringContaining("reader: ") });
		await expect(pipeline.started).rejects.toThrow();
	});

	it("that is killed is told of as crashed", async () => {
		const pipeline = start(TONE);
		await pipeline.started;
		process.kill(pipeline.pid ?? expect.fail("it has no process"), "SIGKILL");
		expect(await pipeline.ended).toEqual({ cause: "crashed", message: "its process ended with SIGKILL" });
		expect(await pipeline.get("p", "pitch")).toBeUndefined();
	});

	it("tells what its elements tell", async () => {
		const pipeline = start("audiotestsrc is-live=true ! level name=meter interval=100000000 ! fakesink");
		const [message] = await once(pipeline, "message");
		expect(message).toMatchObject({ element: "meter", name: "level", text: expect.stringContaining("rms=") });
	});

	it("makes a key frame when it is asked for one", async () => {
		// Its encoder makes none by itself but the first, and a file ends where one that was asked for begins the next.
		const files = join(folder, "frame%05d");
		const pipeline = start(
			"videotestsrc is-live=true ! vp8enc name=encoder deadline=1 keyframe-max-dist=100000 ! " +
				`multifilesink next-file=key-unit-event post-messages=true location=${files}`,
		);
		await once(pipeline, "playing");
		expect(existsSync(files.replace("%05d", "00001"))).toBe(false);
		pipeline.keyUnit("nobody");
		pipeline.keyUnit("encoder");
		const [message] = await once(pipeline, "message");
		expect(message.name).toBe("GstMultiFileSink");
	});

	it("ends in order when its node is gone", async () => {
		const file = join(folder, "orphan.mkv");
		const module = new URL("../../media-node/gst/pipeline.ts", import.meta.url).href;
		const text = `audiotestsrc is-live=true ! opusenc ! matroskamux ! filesink location=${file}`;
		const node = spawn(process.execPath, [
			...["--input-type=module", "-e"],
			`const { Pipeline } = await import(${JSON.stringify(module)});
			const pipeline = new Pipeline({ text: ${JSON.stringify(text)}, name: "orphan" });
			pipeline.once("playing", () => setTimeout(() => console.log(pipeline.pid), 500));`,
		]);
		const pid = Number((await once(createInterface(node.stdout), "line"))[0]);
		node.kill("SIGKILL");
		const there = () => existsSync(`/proc/${pid}/exe`);
		await vi.waitFor(() => expect(there()).toBe(false), 15_000);
		// A file that was closed has the length of its segment written into its head.
		const head = readFileSync(file).subarray(0, 200);
		const segment = head.indexOf(Buffer.from("18538067", "hex"));
		expect(head.subarray(segment + 4, segment + 12).toString("hex")).not.toMatch(/^01f+$/);
	});
});

describe("what pipelines use", () => {
	it("is counted while they run, and not any more when they are gone", async () => {
		await pipelinesUsed();
		const pipeline = start("videotestsrc pattern=snow ! vp8enc deadline=1 ! fakesink");
		await once(pipeline, "playing");
		await vi.waitFor(async () => expect(await pipelinesUsed()).toBeGreaterThan(50), 10_000);
		pipeline.kill();
		await pipeline.ended;
		expect(await pipelinesUsed()).toBe(0);
	});
});

describe("properties", () => {
	it("are set by their declared types, within their declared ranges", async () => {
		const pipeline = start(
			"audiotestsrc name=tone is-live=true ! pitch name=p ! queue name=queue ! fakesink name=sink " +
				"videotestsrc is-live=true ! videoconvert ! coloreffects name=colors ! fakesink",
			[
				{ element: "p", property: "pitch", value: 1.5 },
				{ element: "queue", property: "max-size-time", value: 1e30 },
				{ element: "colors", property: "preset", value: "xpro" },
			],
		);
		await pipeline.started;
		const shows = async (element: string, property: string) => pipeline.get(element, property);
		expect(await shows("p", "pitch")).toBe(1.5);
		expect(await shows("colors", "preset")).toBe(4);
		expect(await shows("queue", "max-size-time")).toBeGreaterThan(1e18);
		const set = (element: string, property: string, value: string | number | boolean) =>
			pipeline.set({ element, property, value });
		set("p", "pitch", 1_000);
		expect(await shows("p", "pitch")).toBe(10);
		set("p", "pitch", -1);
		expect(await shows("p", "pitch")).toBeCloseTo(0.1);
		set("p", "pitch", "0.5");
		expect(await shows("p", "pitch")).toBe(0.5);
		set("tone", "wave", 4);
		set("tone", "freq", 1_000.5);
		expect([await shows("tone", "wave"), await shows("tone", "freq")]).toEqual([4, 1_000.5]);
		set("colors", "preset", 2);
		expect(await shows("colors", "preset")).toBe(2);
		set("sink", "sync", "yes");
		expect(await shows("sink", "sync")).toBe(true);
		set("p", "name", "renamed");
		// None of these is possible, and none of them hurts.
		set("p", "pitch", Number.NaN);
		set("p", "pitch", "loud");
		set("p", "nothing", 1);
		set("nobody", "pitch", 1);
		set("colors", "preset", "nonesuch");
		expect([await shows("p", "pitch"), await shows("p", "nothing"), await shows("nobody", "x")]).toEqual([
			0.5,
			undefined,
			undefined,
		]);
		expect(await shows("colors", "preset")).toBe(2);
	});

	it("that cannot be set fail a pipeline before it plays", async () => {
		const pipeline = start(TONE, [{ element: "p", property: "volume", value: 1 }]);
		await expect(pipeline.started).rejects.toThrow("p volume: no such property");
	});

	it("that are optional and cannot be set are left out, by the rules of what plays", async () => {
		const optional = true;
		const pipeline = start("audiotestsrc is-live=true ! pitch name=p ! audioecho name=e ! fakesink", [
			{ element: "p", property: "pich", value: 2, optional },
			{ element: "e", property: "max-delay", value: 5_000, optional },
			{ element: "p", property: "pitch", value: 2, optional },
		]);
		await pipeline.started;
		expect(await pipeline.get("p", "pitch")).toBe(2);
		expect(await pipeline.get("e", "max-delay")).toBe(1);
	});

	it("that cannot be set while it plays are refused, in steps as at once", async () => {
		const pipeline = start("audiotestsrc is-live=true ! audioecho name=e ! fakesink");
		await pipeline.started;
		const setting = { element: "e", property: "max-delay", value: 5_000 };
		pipeline.set(setting);
		pipeline.set(setting, 100);
		pipeline.set({ element: "e", property: "intensity", value: 0.5 }, 200);
		await vi.waitFor(async () => expect(await pipeline.get("e", "intensity")).toBe(0.5), 10_000);
		expect(await pipeline.get("e", "max-delay")).toBe(1);
	});

	it("go to their target in steps, and from where they stand when another is set meanwhile", async () => {
		const pipeline = start(TONE);
		await pipeline.started;
		const pitch = async () => Number(await pipeline.get("p", "pitch"));
		// Long enough that several are seen on a machine that is slow to answer.
		pipeline.set({ element: "p", property: "pitch", value: 9 }, 6_000);
		const seen: number[] = [];
		while ((await pitch()) < 4) seen.push(await pitch());
		expect(seen).toEqual(seen.toSorted((a, b) => a - b));
		expect(new Set(seen).size).toBeGreaterThan(3);
		const before = await pitch();
		pipeline.set({ element: "p", property: "pitch", value: 1 }, 300);
		expect(await pitch()).toBeLessThanOrEqual(before + 1);
		while ((await pitch()) > 1);
		expect(await pitch()).toBe(1);
	});
});

describe("a probe", () => {
	it("tells which elements there are", async () => {
		const { version, elements } = (await probe(["pitch", "nothingofthekind", "srtpdec"])) ?? {};
		expect(version).toMatch(/^GStreamer 1\./);
		expect([...(elements ?? [])].toSorted()).toEqual(["pitch", "srtpdec"]);
	});
});
