import { expect, it } from "vitest";
import type { RecordingDetails } from "../../client/sdk/api.ts";
import { type RecordingsPage, wholeList } from "../../client/sdk/recording-list.ts";

const file = (part: number): RecordingDetails["files"][number] => ({
	...{ path: `r-p${part}.ogg`, part, bytes: 1, sha256: "0".repeat(64), durationMs: 1, state: "stored" },
});
const recording = (id: string, ...parts: number[]): RecordingDetails => ({
	...{ id, participant: "a", state: "ended", files: parts.map(file), sources: ["audio"], effects: false },
	...{ split: false, container: "ogg", path: id, createdAt: 1 },
});

it("recordings are listed to the last page, each once with all its files in order", async () => {
	const pages: Record<string, RecordingsPage> = {
		first: { recordings: [recording("r1", 1), recording("r2", 1, 2)], next: "second" },
		second: { recordings: [recording("r2", 3, 4)], next: "third" },
		third: { recordings: [recording("r2", 5), recording("r3")] },
	};
	const listed = await wholeList(async (cursor = "first") => pages[cursor] ?? { recordings: [] });
	expect(listed).toEqual([recording("r1", 1), recording("r2", 1, 2, 3, 4, 5), recording("r3")]);
});
