/** Processes that wait for a pipeline, by what becomes of them. */
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

class Process extends EventEmitter {
	connected = true;
	stderr = null;
	killed = false;
	readonly said: string[] = [];
	send({ type }: { type: string }): void {
		this.said.push(type);
	}
	kill(): void {
		this.killed = true;
		this.die();
	}
	die(): void {
		this.connected = false;
		this.emit("close", 1, null);
	}
	load(): void {
		this.emit("message", { type: "ready" });
	}
}

const forked: Process[] = [];
vi.mock("node:child_process", () => ({
	fork: () => {
		const process = new Process();
		forked.push(process);
		return process;
	},
}));
const { Pipeline, probe } = await import("../../media-node/gst/pipeline.ts");
const { spares } = await import("../../media-node/gst/spares.ts");
const { log } = await import("../../media-node/observability/logger.ts");

const last = () => forked.at(-1) ?? expect.fail("none was begun");

beforeEach(() => {
	log.level = "silent";
	vi.useFakeTimers();
	spares.keep(1);
});

afterEach(() => {
	spares.keep(0);
	// Whatever was paused begins anew.
	spares.keep(1);
	spares.fill();
	last().load();
	spares.take();
	spares.keep(0);
	forked.length = 0;
	vi.useRealTimers();
});

describe("a process that waits", () => {
	it("is loaded at once, and begun only where it is to be", () => {
		spares.keep(0);
		spares.fill();
		expect(forked).toEqual([]);
		spares.keep(2);
		spares.fill();
		spares.fill();
		expect(forked.map(({ said }) => said)).toEqual([["prepare"], ["prepare"]]);
	});

	it("is used when it is loaded, and another takes its place when its pipeline has started", async () => {
		spares.fill();
		const [waiting] = forked;
		const early = new Pipeline({ text: "", name: "early" });
		expect(forked).toHaveLength(2);
		expect(last().said).toEqual(["start"]);
		waiting?.load();
		const pipeline = new Pipeline({ text: "", name: "test" });
		expect(waiting?.said).toEqual(["prepare", "start"]);
		expect(forked).toHaveLength(2);
		waiting?.emit("message", { type: "started" });
		await pipeline.started;
		expect(forked).toHaveLength(3);
		expect(spares.ready).toBe(0);
		for (const it of [early, pipeline]) it.kill();
	});

	it("is not used when it is gone", () => {
		spares.fill();
		last().load();
		last().connected = false;
		expect(spares.take()).toBeUndefined();
	});

	it("is replaced when it dies, later each time that none was used in between", () => {
		spares.fill();
		for (const pause of [1_000, 2_000, 4_000]) {
			const before = forked.length;
			last().die();
			// Whatever else starts or ends.
			spares.fill();
			vi.advanceTimersByTime(pause - 1);
			expect(forked).toHaveLength(before);
			vi.advanceTimersByTime(1);
			expect(forked).toHaveLength(before + 1);
		}
		last().load();
		expect(spares.take()).toBeDefined();
		spares.fill();
		last().die();
		const before = forked.length;
		vi.advanceTimersByTime(1_000);
		expect(forked).toHaveLength(before + 1);
	});

	it("that does not get loaded is killed, and one that is may wait for ever", () => {
		spares.fill();
		const [first] = forked;
		vi.advanceTimersByTime(60_000);
		expect(first?.killed).toBe(true);
		vi.advanceTimersByTime(1_000);
		last().load();
		vi.advanceTimersByTime(600_000);
		expect(last().killed).toBe(false);
	});

	it("ends when the node stops, and none comes after it", () => {
		spares.keep(2);
		spares.fill();
		forked[0]?.load();
		forked[1]?.die();
		spares.keep(0);
		vi.advanceTimersByTime(600_000);
		expect(forked).toHaveLength(2);
		expect(forked[0]?.killed).toBe(true);
		expect(spares.take()).toBeUndefined();
	});
});

describe("a process that looked up what there is", () => {
	it("waits then", async () => {
		const found = probe(["pitch"]);
		last().emit("message", { type: "elements", version: "1", there: ["pitch"] });
		await found;
		spares.fill();
		expect(forked).toHaveLength(1);
		last().load();
		expect(spares.take()?.process).toBe(forked[0]);
	});

	it("ends where none is to wait", async () => {
		spares.keep(0);
		const found = probe(["pitch"]);
		last().emit("message", { type: "elements", version: "1", there: [] });
		await found;
		expect(last().killed).toBe(true);
	});
});
