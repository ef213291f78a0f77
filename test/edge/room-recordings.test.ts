/** Recordings over the native protocol: who may, and what everybody is told. */
import { evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { Reply } from "../../shared/native.ts";
import { type PartReport, RECORDINGS_PAGE_BYTES, type RecordedFile } from "../../shared/recordings.ts";
import type { Rights } from "../../shared/tokens.ts";
import { mintNodeToken } from "../../worker/auth/tokens.ts";
import { fetchEdge, newRoom, TestClient, testEnv, tokenFor } from "./support/client.ts";
import { capabilities, rtpParameters, TestNode } from "./support/node.ts";

type Page = Extract<Reply, { type: "recordings" }>;

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

/** `a` publishes a voice, `b` looks on. */
async function scene(rights: Partial<Rights> = { record: true }) {
	const room = newRoom();
	const a = await TestClient.join(room, "a", { rtpCapabilities: capabilities, rights });
	const link = await node.link(room);
	await link.open();
	const { endpoint } = await a.event("endpoint");
	const asked = a.request("publish", {
		...{ endpoint, track: "voice", source: "audio", media: { kind: "audio", rtpParameters } },
	});
	await link.publish();
	await asked;
	const b = await TestClient.join(room, "b");
	return { room, a, b, link };
}

async function report(body: PartReport): Promise<void> {
	const { token } = await mintNodeToken(testEnv, { node: node.id });
	const { status } = await fetchEdge("/v1/recording-files/reports", {
		method: "POST",
		headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
		body: JSON.stringify(body),
	});
	expect(status).toBeLessThan(300);
}

const states = async (client: TestClient, count: number) => {
	const seen: string[] = [];
	while (seen.length < count) seen.push((await client.event("recordingChanged")).recording.state);
	return seen;
};

describe("a recording by somebody in the room", () => {
	it("is told to everybody, from its beginning to its files", async () => {
		const { room, a, b, link } = await scene();
		await a.do("startRecording", { recording: "r1" });
		const asked = await link.command("record");
		expect(asked).toMatchObject({ recording: "r1", part: 1, tracks: ["voice"], container: "mp4", effects: false });
		expect((await b.event("recordingChanged")).recording).toMatchObject({
			...{ id: "r1", participant: "a", state: "waiting", sources: ["audio", "camera", "screen", "screenAudio"] },
		});
		link.report({ type: "recording", recording: "r1", part: 1, state: "started" });
		expect(await states(b, 1)).toEqual(["recording"]);
		// Whoever comes meanwhile learns of it.
		const late = await TestClient.join(room, "late");
		expect(late.joined.recordings).toMatchObject([{ id: "r1", participant: "a", state: "recording" }]);

		await a.do("stopRecording", { recording: "r1" });
		expect(await link.command("stopRecord")).toMatchObject({ recording: "r1", part: 1 });
		const file: RecordedFile = {
			...{ path: `${asked.path}.ogg`, part: 1, bytes: 9, sha256: "0".repeat(64), durationMs: 1_000, state: "written" },
		};
		await report({ room, recording: "r1", part: 1, files: [file], over: true });
		expect(await states(b, 2)).toEqual(["finishing", "ended"]);
		expect(await states(a, 3)).toEqual(["waiting", "recording", "finishing"]);
		expect((await a.event("recordingChanged")).recording).toMatchObject({ state: "ended", written: 1, stored: 0 });
		expect((await TestClient.join(room, "later")).joined.recordings).toBeUndefined();

		const listed = await a.request("listRecordings", {});
		expect(listed).toMatchObject({
			type: "recordings",
			recordings: [{ id: "r1", state: "ended", files: [{ path: file.path, durationMs: 1_000 }] }],
		});
	});

	it("with more files than a frame carries is listed page by page, to its last file", async () => {
		const { room, a, link } = await scene();
		for (const recording of ["r0", "r1"]) await a.do("startRecording", { recording });
		const asked = [await link.command("record"), await link.command("record")];
		const path = asked.find(({ recording }) => recording === "r1")?.path ?? "";
		const written = (n: number, part: number): RecordedFile => ({
			...{
				path: `${path}-${"ü".repeat(200)}-${n}.ogg`,
				part,
				bytes: n,
				sha256: String(n).padStart(64, "0"),
				durationMs: 1_000,
			},
			state: "written",
		});
		const rounds = 10;
		const expected: RecordedFile[] = [];
		for (let round = 0; round < rounds; round++) {
			const files = Array.from({ length: 64 }, (_, i) => written(1_000 + round * 64 + i, 1));
			expected.push(...files);
			await report({ room, recording: "r1", part: 1, files, over: false });
		}
		await a.do("startRecording", { recording: "r2", participant: "b" });
		await evictDurableObject(testEnv.ROOM.getByName(room));

		const pages: Page[] = [];
		for (let cursor: string | undefined; pages.length === 0 || cursor !== undefined; ) {
			const reply = (await a.request("listRecordings", { cursor })) as Page;
			expect(new TextEncoder().encode(JSON.stringify(reply)).length).toBeLessThan(RECORDINGS_PAGE_BYTES + 1_000);
			pages.push(reply);
			cursor = reply.next;
		}
		expect(pages.length).toBeGreaterThan(1);
		const listed = pages.flatMap(({ recordings }) => recordings);
		expect([...new Set(listed.map(({ id }) => id))]).toEqual(["r0", "r1", "r2"]);
		expect(listed.filter(({ id }) => id === "r1").flatMap(({ files }) => files)).toEqual(expected);

		// A file that comes late makes nobody miss one, nor see one twice.
		const late = { ...written(1, 1), path: `${path}-a.ogg` };
		await report({ room, recording: "r1", part: 1, files: [late], over: false });
		const [, second] = pages;
		const again = (await a.request("listRecordings", { cursor: pages[0]?.next })) as Page;
		expect(again.recordings[0]?.files).toEqual(second?.recordings[0]?.files);

		const one = (await a.request("listRecordings", { recording: "r2" })) as Page;
		expect(one.recordings.map(({ id }) => id)).toEqual(["r2"]);
		expect(await a.refusal("listRecordings", { cursor: "nonsense" })).toBe("bad_request");
	});

	it("goes on when the object forgot, and is told no state twice", async () => {
		const { room, a, b, link } = await scene();
		await a.do("startRecording", { recording: "r1", layout: "grid" });
		await link.command("record");
		link.report({ type: "recording", recording: "r1", part: 1, state: "started" });
		expect(await states(b, 2)).toEqual(["waiting", "recording"]);
		await evictDurableObject(testEnv.ROOM.getByName(room));
		// Asked for again after its answer was lost: it is there.
		await a.do("startRecording", { recording: "r1", layout: "grid" });
		await a.do("stopRecording", { recording: "r1" });
		expect(await states(b, 1)).toEqual(["finishing"]);
	});

	it("of everybody goes on as it is while its node's link is down", async () => {
		const { room, a, b, link } = await scene();
		await a.do("startRecording", { recording: "r1", layout: "grid" });
		await link.command("record");
		link.report({ type: "recording", recording: "r1", part: 1, state: "started" });
		expect(await states(b, 2)).toEqual(["waiting", "recording"]);
		link.socket.close(1001);
		const stub = testEnv.ROOM.getByName(room);
		await expect.poll(async () => JSON.stringify(await stub.describe())).toContain("detached");
		await a.do("stopRecording", { recording: "r1" });
		expect(await states(b, 1)).toEqual(["finishing"]);
	});

	it("needs the right to it, or to moderate", async () => {
		const { a, b } = await scene({ moderate: true });
		for (const refused of [
			b.refusal("startRecording", { recording: "r1" }),
			b.refusal("stopRecording", { recording: "r1" }),
			b.refusal("listRecordings", {}),
		]) {
			expect(await refused).toBe("forbidden");
		}
		await a.do("startRecording", { recording: "r1", participant: "b", sources: ["audio"] });
		expect((await b.event("recordingChanged")).recording).toMatchObject({ participant: "b", sources: ["audio"] });
	});

	it("may be read by whoever may record, of their own room", async () => {
		const { room, a, b } = await scene();
		await a.do("startRecording", { recording: "r1" });
		const read = async (token: string, of = room) => {
			const path = `/v1/rooms/${of}/recordings/r1/files/0`;
			return (await fetchEdge(path, { headers: { Authorization: `Bearer ${token}` } })).status;
		};
		// There is none yet: so far they get.
		expect(await read(a.welcome.session.token)).toBe(404);
		expect(await read(await tokenFor(room, "c", { record: true }))).toBe(404);
		expect(await read(b.welcome.session.token)).toBe(403);
		expect(await read(await tokenFor(newRoom(), "a", { record: true }))).toBe(401);
		const list = await fetchEdge(`/v1/rooms/${room}/recordings`, {
			headers: { Authorization: `Bearer ${a.welcome.session.token}` },
		});
		expect(list.status).toBe(401);
		// Nor by who was removed, whose token is void from then on.
		const { token } = a.welcome.session;
		const removed = await fetchEdge(`/v1/rooms/${room}/participants/a`, {
			method: "DELETE",
			headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}` },
		});
		expect(removed.status).toBe(204);
		expect(await read(token)).toBe(401);
	});

	it.each([
		["both a participant and a layout", { participant: "a", layout: "grid" }, "bad_request"],
		["a layout that is split", { layout: "grid", split: true }, "bad_request"],
		["a name that cannot be in a path", { recording: "../x" }, "bad_request"],
	] as const)("is refused with %s, and the socket lives on", async (_what, wish, code) => {
		const { a } = await scene();
		expect(await a.refusal("startRecording", { recording: "r1", ...wish })).toBe(code);
		expect(await a.refusal("stopRecording", { recording: "unknown" })).toBe("not_found");
		await a.do("startRecording", { recording: "r1" });
	});
});
