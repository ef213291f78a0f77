import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SwitchyardError } from "../../client/sdk/error.ts";
import { Latest } from "../../client/sdk/latest.ts";
import { Subscriptions } from "../../client/sdk/subscriptions.ts";
import type { RequestInput } from "../../client/sdk/wire.ts";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

function make(answer: (body: RequestInput<"subscribe">) => Promise<unknown> = async () => {}) {
	const sent: RequestInput<"subscribe">[] = [];
	const there = new Set(["a", "b", "c"]);
	const subscriptions = new Subscriptions(
		"all",
		(body) => {
			sent.push(body);
			return answer(body);
		},
		(track) => there.has(track),
	);
	return { subscriptions, sent, there };
}

describe("wishes about tracks", () => {
	it("of one moment travel in one request", async () => {
		const { subscriptions, sent } = make();
		const asked = ["a", "b", "c"].map((track) => subscriptions.choose(track, { size: { width: 1, height: 1 } }));
		await vi.advanceTimersByTimeAsync(0);
		await Promise.all(asked);
		expect(sent).toHaveLength(1);
		expect(sent[0]?.tracks).toHaveLength(3);
	});

	it("that follow soon wait for a tenth of a second, and only the latest counts", async () => {
		const { subscriptions, sent } = make();
		void subscriptions.choose("a", { paused: true });
		await vi.advanceTimersByTimeAsync(0);
		void subscriptions.choose("a", { size: { width: 1, height: 1 } });
		void subscriptions.choose("a", { size: { width: 2, height: 2 } });
		await vi.advanceTimersByTimeAsync(99);
		expect(sent).toHaveLength(1);
		await vi.advanceTimersByTimeAsync(1);
		expect(sent[1]).toEqual({ tracks: [{ track: "a", size: { width: 2, height: 2 } }] });
	});

	it("about a track that goes meanwhile do not cost the others theirs", async () => {
		const world = make(async ({ tracks }) => {
			if (tracks?.some(({ track }) => track === "a")) {
				world.there.delete("a");
				throw new SwitchyardError("not_found", "no track a");
			}
		});
		const asked = [
			world.subscriptions.choose("a", { paused: true }),
			world.subscriptions.choose("b", { paused: true }),
		];
		await vi.advanceTimersByTimeAsync(0);
		await Promise.all(asked);
		expect(world.sent.at(-1)).toEqual({ tracks: [{ track: "b", paused: true }] });
	});

	it("are told in full to a room that knows none of them", async () => {
		const { subscriptions, sent, there } = make();
		void subscriptions.choose("a", { paused: true });
		void subscriptions.choose("a", { priority: 9 });
		void subscriptions.choose("b", { on: false });
		await vi.advanceTimersByTimeAsync(0);
		there.delete("b");
		subscriptions.repeat();
		await vi.advanceTimersByTimeAsync(0);
		expect(sent[1]).toEqual({ tracks: [{ track: "a", paused: true, priority: 9 }] });
	});

	it("decide what is wanted, before the default does", () => {
		const { subscriptions } = make();
		expect(subscriptions.wants("a")).toBe(true);
		subscriptions.choose("a", { on: false }).catch(() => {});
		expect(subscriptions.wants("a")).toBe(false);
		subscriptions.close();
	});
});

describe("the latest of something", () => {
	it("is sent one at a time, without what was overtaken", async () => {
		const sent: number[] = [];
		const done: (() => void)[] = [];
		const latest = new Latest<number>((value) => {
			sent.push(value);
			return new Promise<void>((resolve) => done.push(resolve));
		});
		const all = [1, 2, 3].map((value) => latest.set(value));
		expect(sent).toEqual([1]);
		done[0]?.();
		await vi.advanceTimersByTimeAsync(0);
		expect(sent).toEqual([1, 3]);
		done[1]?.();
		await Promise.all(all);
	});
});
