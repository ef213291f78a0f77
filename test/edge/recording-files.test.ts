/** The way of a recording's file from its node to the edge's bucket. */
import { beforeAll, describe, expect, it } from "vitest";
import { type RecordedFile, UPLOAD_PART_BYTES, type UploadBegun, type UploadedPart } from "../../shared/recordings.ts";
import { mintNodeToken } from "../../worker/auth/tokens.ts";
import { fetchEdge, newRoom, testEnv } from "./support/client.ts";
import { TestNode } from "./support/node.ts";
import { call, fileOf, hash, hex, scene, start, tell } from "./support/recordings.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

const encodeBase64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

async function sendPart(
	file: RecordedFile,
	upload: string,
	part: number,
	bytes: Uint8Array<ArrayBuffer>,
	digest?: string,
) {
	const { token } = await mintNodeToken(testEnv, { node: node.id });
	const query = new URLSearchParams({ path: file.path, upload });
	return fetchEdge(`/v1/recording-files/uploads/${part}?${query}`, {
		method: "PUT",
		headers: {
			Authorization: `Bearer ${token}`,
			"Content-Digest": `sha-256=:${digest ?? encodeBase64(await hash(bytes))}:`,
		},
		body: bytes,
	});
}

describe("a file", () => {
	it("whose path was taken is told of by its new one, once", async () => {
		const it = await scene(node, "audio", "camera");
		const { id, path } = (await start(it.room)).body;
		await it.link.command("record");
		const file = await fileOf(new Uint8Array(10), `${path}.mp4`);
		const report = { room: it.room, recording: id, part: 1, files: [file], over: true };
		await tell(node.id, "reports", report);
		const moved = { ...file, path: `${path}.2.mp4` };
		await tell(node.id, "reports", { ...report, files: [moved] });
		expect((await call("GET", `${it.room}/recordings/${id}`)).body.files).toEqual([moved]);
	});

	it("comes in parts that are checked, and is there when all of them are; it is never overwritten", async () => {
		const { room, link } = await scene(node, "audio", "camera");
		const { id: recording, path } = (await start(room)).body;
		await link.command("record");
		const bytes = new Uint8Array(UPLOAD_PART_BYTES + 1_000);
		for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
		const file = await fileOf(bytes, `${path}.mp4`);
		const about = { room, recording, part: 1, file };
		const begun = (await (await tell(node.id, "uploads", about)).json()) as UploadBegun;
		if (begun.state !== "open") throw new Error("there already");
		const { upload } = begun;
		const halves = [bytes.slice(0, UPLOAD_PART_BYTES), bytes.slice(UPLOAD_PART_BYTES)] as const;
		const wrong = encodeBase64(await hash(new Uint8Array(1)));
		expect((await sendPart(file, upload, 1, halves[0], wrong)).status).toBe(400);
		const parts: UploadedPart[] = [];
		for (const [i, half] of halves.entries()) {
			parts.push((await (await sendPart(file, upload, i + 1, half)).json()) as UploadedPart);
		}
		expect(await testEnv.RECORDINGS?.head(file.path)).toBeNull();
		const complete = await tell(node.id, "uploads/complete", { ...about, upload, parts });
		expect(await complete.json()).toEqual({ state: "stored" });
		expect((await call("GET", `${room}/recordings/${recording}`)).body.files).toEqual([{ ...file, state: "stored" }]);

		// Told again, since the answer was lost; and by somebody with another file of that name.
		expect(await (await tell(node.id, "uploads/complete", { ...about, upload, parts })).json()).toEqual({
			state: "stored",
		});
		expect(await (await tell(node.id, "uploads", about)).json()).toEqual({ state: "stored" });
		const other = await fileOf(new Uint8Array(5), file.path);
		expect((await tell(node.id, "uploads", { ...about, file: other })).status).toBe(409);

		const headers = { Authorization: `Bearer ${testEnv.AUTH_KEY}` };
		const whole = await fetchEdge(`/v1/rooms/${room}/recordings/${recording}/files/0`, { headers });
		expect(whole.headers.get("content-type")).toBe("video/mp4");
		expect(hex(await hash(await whole.arrayBuffer()))).toBe(file.sha256);
		const range = { ...headers, Range: "bytes=10-19" };
		const some = await fetchEdge(`/v1/rooms/${room}/recordings/${recording}/files/0`, { headers: range });
		expect({ status: some.status, range: some.headers.get("content-range") }).toEqual({
			status: 206,
			range: `bytes 10-19/${bytes.length}`,
		});
		expect(new Uint8Array(await some.arrayBuffer())).toEqual(bytes.slice(10, 20));
		for (const Range of [`bytes=${bytes.length}-`, "bytes=-0"]) {
			const none = await fetchEdge(`/v1/rooms/${room}/recordings/${recording}/files/0`, {
				headers: { ...headers, Range },
			});
			expect({ status: none.status, range: none.headers.get("content-range") }).toEqual({
				status: 416,
				range: `bytes */${bytes.length}`,
			});
		}
		const beyond = { ...headers, Range: `bytes=0-${"9".repeat(30)}` };
		const all = await fetchEdge(`/v1/rooms/${room}/recordings/${recording}/files/0`, { headers: beyond });
		expect(all.status).toBe(200);
		await all.body?.cancel();
	});

	it("that is not what its node says it is does not stay", async () => {
		const { room, link } = await scene(node, "audio", "camera");
		const { id: recording, path } = (await start(room)).body;
		await link.command("record");
		const bytes = new Uint8Array(100);
		const file = { ...(await fileOf(bytes, `${path}.mp4`)), sha256: "0".repeat(64) };
		const about = { room, recording, part: 1, file };
		const { upload } = (await (await tell(node.id, "uploads", about)).json()) as { upload: string };
		const part = (await (await sendPart(file, upload, 1, bytes)).json()) as UploadedPart;
		expect((await tell(node.id, "uploads/complete", { ...about, upload, parts: [part] })).status).toBe(410);
		expect(await testEnv.RECORDINGS?.head(file.path)).toBeNull();
	});

	it("of a room that is gone is taken as well", async () => {
		const bytes = new Uint8Array(100);
		const file = await fileOf(bytes, `recordings/${newRoom()}.mkv`);
		const about = { room: newRoom(), recording: "it", part: 1, file };
		const { upload } = (await (await tell(node.id, "uploads", about)).json()) as { upload: string };
		const part = (await (await sendPart(file, upload, 1, bytes)).json()) as UploadedPart;
		expect((await tell(node.id, "uploads/complete", { ...about, upload, parts: [part] })).status).toBe(200);
		expect((await testEnv.RECORDINGS?.head(file.path))?.size).toBe(100);
	});

	it("is taken of nodes only", async () => {
		const response = await fetchEdge("/v1/recording-files/uploads", {
			method: "POST",
			headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}` },
			body: "{}",
		});
		expect(response.status).toBe(401);
	});
});
