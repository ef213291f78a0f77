import { describe, expect, it } from "vitest";
import { Backoff } from "../../media-node/link/backoff.ts";
import { readCommands } from "../../media-node/link/commands.ts";
import { frames } from "../../media-node/link/report-batch.ts";
import { Unconfirmed } from "../../media-node/link/unconfirmed.ts";
import { Latest } from "../../media-node/rtc/latest.ts";
import type { LinkReport } from "../../shared/link.ts";

const cause = (request: number) => ({ participant: "alice", request });
const published = (track: string, request: number): LinkReport => ({
	...{ type: "published", endpoint: "e1", track, cause: cause(request) },
});

describe("a frame of commands", () => {
	it("is read command by command", () => {
		const good = { type: "close", endpoint: "e1" };
		const bad = { type: "publish", endpoint: "e1", track: "mic", cause: cause(1) };
		const { commands, refusals, problems } = readCommands(JSON.stringify([good, { type: "new" }, bad, good]));
		expect(commands).toEqual([good, good]);
		expect(problems).toHaveLength(2);
		expect(refusals).toEqual([
			{
				...{ type: "failed", endpoint: "e1", track: "mic", cause: cause(1) },
				error: { code: "bad_request", message: expect.any(String) },
			},
		]);
	});

	it.each(["", "null", "{}", "[", '"x"', "[null,1]"])("that is %j has no commands, and is no fault", (text) => {
		expect(readCommands(text)).toMatchObject({ commands: [], refusals: [] });
		expect(readCommands(text).problems.length).toBeGreaterThan(0);
	});
});

describe("what a room may not have heard", () => {
	const failed = (track: string, request: number): LinkReport => ({
		...{ type: "failed", endpoint: "e1", track, cause: cause(request) },
		error: { code: "unsupported", message: "" },
	});
	const subscribed: LinkReport = { type: "subscribed", endpoint: "e2", consumers: [] };

	it("is the latest answer about each track and request since shortly before the socket broke, in order", () => {
		const unconfirmed = new Unconfirmed();
		unconfirmed.note(published("old", 1), 0);
		unconfirmed.note(failed("a", 2), 10_000);
		unconfirmed.note(published("b", 3), 11_000);
		unconfirmed.note(published("a", 4), 12_000);
		unconfirmed.note(subscribed, 12_000);
		unconfirmed.note({ type: "unsubscribed", endpoint: "e1", tracks: ["a"] }, 12_000);
		unconfirmed.down(20_000);
		unconfirmed.note(published("c", 5), 21_000);
		// However long the edge was away.
		expect(unconfirmed.up(900_000)).toEqual({
			answers: [published("b", 3), published("a", 4), published("c", 5)],
			endpoints: ["e2"],
		});
	});

	it("is nothing after a quiet time", () => {
		const unconfirmed = new Unconfirmed();
		unconfirmed.note(published("a", 1), 0);
		unconfirmed.down(60_000);
		expect(unconfirmed.up(61_000)).toEqual({ answers: [], endpoints: [] });
	});
});

describe("reports of one turn", () => {
	const report = (n: number): LinkReport => ({ type: "trackEnded", endpoint: "e1", track: `t${n}` });

	it("are one frame, in order", () => {
		const all = [1, 2, 3].map(report);
		expect([...frames(all)].map((text) => JSON.parse(text))).toEqual([all]);
		expect([...frames([])]).toEqual([]);
	});

	it("are several frames when they are many, with nothing lost", () => {
		const all = Array.from({ length: 100 }, (_, n) => report(n));
		const texts = [...frames(all, 500)];
		expect(texts.length).toBeGreaterThan(5);
		for (const text of texts) expect(text.length).toBeLessThan(600);
		expect(texts.flatMap((text) => JSON.parse(text))).toEqual(all);
	});
});

describe("pauses before dialing again", () => {
	it("double up to ten seconds, with full jitter, and begin anew after a success", () => {
		const most = (backoff: Backoff) => Math.max(...Array.from({ length: 1 }, () => backoff.next()));
		const backoff = new Backoff();
		for (const limit of [250, 500, 1_000, 2_000, 3_000, 3_000]) {
			expect(most(backoff)).toBeLessThanOrEqual(limit);
		}
		backoff.reset();
		expect(backoff.next()).toBeLessThanOrEqual(250);
	});
});

describe("changes to something that answers late", () => {
	it("end as asked last, one at a time", async () => {
		let wanted = 0;
		let state = 0;
		let running = 0;
		const latest = new Latest(async () => {
			expect(++running).toBe(1);
			const asked = wanted;
			await new Promise((resolve) => setTimeout(resolve, 5));
			state = asked;
			running--;
			if (asked === 2) throw new Error("refused");
		});
		for (wanted = 1; wanted < 9; wanted++) {
			latest.request();
			if (wanted % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
		}
		latest.request();
		await expect.poll(() => state).toBe(9);
	});
});
