import { EventEmitter } from "node:events";
import { beforeEach, describe, expect, it, vi } from "vitest";

/** A pipeline's process that says what a test has it say. */
class Process extends EventEmitter {
	connected = true;
	stderr = null;
	killed: string | undefined;
	send(): void {}
	kill(signal: string): void {
		this.killed = signal;
		this.emit("close", null, signal);
	}
}

let forked: Process;
vi.mock("node:child_process", () => ({ fork: () => forked }));
const { Pipeline, probe } = await import("../../media-node/gst/pipeline.ts");
const { log } = await import("../../media-node/observability/logger.ts");

beforeEach(() => {
	log.level = "silent";
	forked = new Process();
});

describe("a pipeline's process that says what nobody understands", () => {
	it.each([undefined, "started", { type: "nonsense" }, { type: "value", id: "1" }])("is given up: %o", async (said) => {
		const pipeline = new Pipeline({ text: "", name: "test" });
		forked.emit("message", said);
		expect(await pipeline.ended).toEqual({ cause: "failed", message: expect.stringContaining("not understood") });
		await expect(pipeline.started).rejects.toThrow("not understood");
		expect(forked.killed).toBe("SIGKILL");
	});

	it("has nothing when it is asked what there is", async () => {
		const found = probe(["pitch"]);
		forked.emit("message", { type: "elements" });
		expect(await found).toBeUndefined();
	});
});
