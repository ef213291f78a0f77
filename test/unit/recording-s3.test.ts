import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Upload } from "../../media-node/recording/spool.ts";
import { S3Store } from "../../media-node/recording/stores/s3.ts";
import { type RecordedFile, UPLOAD_PART_BYTES } from "../../shared/recordings.ts";
import { S3Server } from "../support/s3-server.ts";

let server: S3Server;
let store: S3Store;
const dir = mkdtempSync(join(tmpdir(), "switchyard-s3-"));
let files = 0;

beforeAll(async () => {
	server = await S3Server.start();
	const credentials = { accessKeyId: "id", secretAccessKey: "secret" };
	// The client tries again by itself, and tells the last failure.
	process.env.AWS_MAX_ATTEMPTS = "1";
	store = new S3Store({ endpoint: server.endpoint, bucket: "bucket", region: "auto", credentials });
});
afterAll(() => {
	server.stop();
	rmSync(dir, { recursive: true, force: true });
});

/** A file of so many bytes, and a way to bring it that remembers how far it is. */
function parcelOf(size: number) {
	const path = `there/file ${++files}.mkv`;
	const local = join(dir, `${files}.mkv`);
	const bytes = randomBytes(size);
	writeFileSync(local, bytes);
	const sha256 = createHash("sha256").update(bytes).digest("hex");
	const file: RecordedFile = { path, part: 1, bytes: size, sha256, durationMs: 1_000, state: "written" };
	const memory: { upload: Upload | undefined } = { upload: undefined };
	const bring = (as = file) =>
		store.bring({
			...{ part: { room: "room", recording: "it", part: 1 }, file: as, local, upload: memory.upload },
			save: async (upload) => {
				memory.upload = structuredClone(upload);
			},
		});
	return { file, bytes, memory, bring };
}

describe("a file on its way to an S3 bucket", () => {
	it("arrives whole, in parts", async () => {
		const { file, bytes, bring } = parcelOf(UPLOAD_PART_BYTES + 1_000);
		await bring();
		expect(server.objects.get(file.path)?.bytes.equals(bytes)).toBe(true);
	});

	it("goes on after a break where it was", async () => {
		const { file, bytes, memory, bring } = parcelOf(2 * UPLOAD_PART_BYTES + 1);
		server.refuse = (asked) => (asked.includes("partNumber=2") ? 503 : undefined);
		await expect(bring()).rejects.toThrow();
		expect(memory.upload?.parts.map(({ part }) => part)).toEqual([1]);
		server.refuse = () => undefined;
		server.asked.length = 0;
		await bring();
		expect(server.asked.some((asked) => asked.includes("partNumber=1"))).toBe(false);
		expect(server.objects.get(file.path)?.bytes.equals(bytes)).toBe(true);
	});

	it("begins anew when its upload is not known any more", async () => {
		const { file, memory, bring } = parcelOf(1_000);
		memory.upload = { id: "gone", parts: [] };
		await expect(bring()).rejects.toThrow();
		expect(memory.upload).toBeUndefined();
		await bring();
		expect(server.objects.has(file.path)).toBe(true);
	});

	it("is there already when its answer was lost, and never takes the place of another", async () => {
		const { file, bring } = parcelOf(1_000);
		await bring();
		server.asked.length = 0;
		await bring();
		expect(server.asked).toEqual([expect.stringContaining("HEAD")]);
		await expect(bring({ ...file, sha256: "0".repeat(64) })).rejects.toMatchObject({ code: "conflict" });
	});

	it("that is not what was recorded does not stay", async () => {
		const { file, memory, bring } = parcelOf(1_000);
		await expect(bring({ ...file, sha256: "0".repeat(64) })).rejects.toThrow("differs");
		expect(server.objects.has(file.path)).toBe(false);
		expect(memory.upload).toBeUndefined();
	});
});
