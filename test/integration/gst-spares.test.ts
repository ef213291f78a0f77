/** Processes that wait for a pipeline, real ones. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { WAITING } from "../../media-node/gst/messages.ts";
import { Pipeline, probe } from "../../media-node/gst/pipeline.ts";
import { spares } from "../../media-node/gst/spares.ts";
import { log } from "../../media-node/observability/logger.ts";

const SOON = 20_000;

beforeEach(async () => {
	log.level = "silent";
	spares.keep(1);
	spares.fill();
	await vi.waitFor(() => expect(spares.ready).toBe(1), SOON);
});

afterEach(() => spares.keep(0));

/** Of this process. */
function pipelines(parent = process.pid): { pid: number; waits: boolean }[] {
	const children = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(parent)])
		.toString()
		.split("\n");
	const pipelines = children.filter((line) => line.includes("gst/child.ts"));
	return pipelines.map((line) => ({ pid: Number.parseInt(line, 10), waits: line.endsWith(` ${WAITING}`) }));
}

it("one that waits is the one that plays, and another waits then", async () => {
	const [first, ...others] = pipelines();
	expect(others).toEqual([]);
	expect(first?.waits).toBe(true);
	const pipeline = new Pipeline({ text: "audiotestsrc is-live=true ! opusenc ! fakesink", name: "test" });
	await Promise.all([once(pipeline, "playing"), pipeline.started]);
	expect(pipeline.pid).toBe(first?.pid);
	expect(pipelines()).toContainEqual({ pid: pipeline.pid, waits: false });
	await vi.waitFor(() => expect(spares.ready).toBe(1), SOON);
	expect(pipelines().map(({ waits }) => waits)).toEqual([false, true]);
	pipeline.kill();
	expect(await pipeline.ended).toEqual({ cause: "finished" });
});

it("one that has looked up what there is waits then", async () => {
	spares.keep(2);
	expect((await probe(["pitch"]))?.elements).toEqual(new Set(["pitch"]));
	await vi.waitFor(() => expect(spares.ready).toBe(2), SOON);
	expect(pipelines().map(({ waits }) => waits)).toEqual([true, true]);
});

it("one that is killed is replaced, and who comes meanwhile has one of its own", async () => {
	const [first] = pipelines();
	process.kill(first?.pid ?? Number.NaN, "SIGKILL");
	await vi.waitFor(() => expect(spares.ready).toBe(0), SOON);
	const pipeline = new Pipeline({ text: "audiotestsrc is-live=true ! fakesink", name: "test" });
	await pipeline.started;
	await vi.waitFor(() => expect(spares.ready).toBe(1), SOON);
	pipeline.kill();
	await pipeline.ended;
	expect(pipelines()).toEqual([{ pid: expect.any(Number), waits: true }]);
});

it("one ends with its node, however that ends", async () => {
	const module = new URL("../../media-node/gst/spares.ts", import.meta.url).href;
	const node = spawn(process.execPath, [
		...["--input-type=module", "-e"],
		`const { spares } = await import(${JSON.stringify(module)});
		spares.keep(1);
		spares.fill();
		setInterval(() => spares.ready && console.log("waits"), 10);`,
	]);
	await once(createInterface(node.stdout), "line");
	const [waiting] = pipelines(node.pid);
	node.kill("SIGKILL");
	await vi.waitFor(() => expect(existsSync(`/proc/${waiting?.pid ?? expect.fail("none")}/exe`)).toBe(false), SOON);
});
