/** Into a bucket of any store that speaks S3's API: in parts, each with its MD5, and read once more when it is there. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import {
	AbortMultipartUploadCommand,
	CompleteMultipartUploadCommand,
	CreateMultipartUploadCommand,
	DeleteObjectCommand,
	GetObjectCommand,
	HeadObjectCommand,
	S3Client,
	S3ServiceException,
	UploadPartCommand,
} from "@aws-sdk/client-s3";
import { SwitchyardError } from "../../../shared/errors.ts";
import { type RecordedFile, UPLOAD_PART_BYTES } from "../../../shared/recordings.ts";
import type { S3Config } from "../settings.ts";
import type { Upload } from "../spool.ts";
import type { Parcel, Store } from "./store.ts";

/** S3 takes no more than 10,000 parts. */
const MOST_PARTS = 10_000;
/** Larger objects are not read once more: each of their parts was checked on arrival. */
const READ_AGAIN_BYTES = 268_435_456;

export class S3Store implements Store {
	readonly keepsLocal = false;
	readonly #client: S3Client;
	readonly #bucket: string;

	constructor({ endpoint, bucket, region, credentials }: S3Config) {
		this.#bucket = bucket;
		this.#client = new S3Client({
			...{ endpoint, region, credentials },
			// Where the bucket's name is no host: most stores of one's own.
			forcePathStyle: endpoint !== undefined,
			// Not every store knows the newer ones; parts have an MD5.
			requestChecksumCalculation: "WHEN_REQUIRED",
			responseChecksumValidation: "WHEN_REQUIRED",
		});
	}

	async bring(parcel: Parcel): Promise<void> {
		const { file, save, signal: abortSignal } = parcel;
		if (await this.#isThere(file, abortSignal)) return;
		let { upload } = parcel;
		if (!upload) {
			const { UploadId: id } = await this.#client.send(
				new CreateMultipartUploadCommand({ ...this.#object(file), Metadata: { sha256: file.sha256 } }),
				{ abortSignal },
			);
			if (id === undefined) throw new Error("an upload without an id");
			upload = { id, parts: [] };
			await save(upload);
		}
		try {
			await this.#sendParts(parcel, upload);
			const Parts = upload.parts.map(({ part, etag }) => ({ PartNumber: part, ETag: etag }));
			await this.#client.send(
				new CompleteMultipartUploadCommand({
					...this.#object(file),
					UploadId: upload.id,
					MultipartUpload: { Parts },
				}),
				{ abortSignal },
			);
			await this.#check(file, abortSignal);
		} catch (error) {
			// It expired, or its parts do not fit each other: the next try begins anew.
			if (error instanceof S3ServiceException && /NoSuchUpload|InvalidPart|EntityTooSmall/.test(error.name)) {
				const abort = new AbortMultipartUploadCommand({ ...this.#object(file), UploadId: upload.id });
				await this.#client.send(abort).catch(() => {});
				await save(undefined);
			}
			throw error;
		}
	}

	#object({ path }: RecordedFile) {
		return { Bucket: this.#bucket, Key: path };
	}

	/** Throws `conflict` when something else is there. */
	async #isThere(file: RecordedFile, abortSignal: AbortSignal | undefined): Promise<boolean> {
		try {
			const head = new HeadObjectCommand(this.#object(file));
			const { Metadata, ContentLength } = await this.#client.send(head, { abortSignal });
			if (Metadata?.sha256 === file.sha256 && ContentLength === file.bytes) return true;
		} catch (error) {
			if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return false;
			throw error;
		}
		throw new SwitchyardError("conflict", `${file.path}: another file is there`);
	}

	async #sendParts({ file, local, save, signal }: Parcel, upload: Upload): Promise<void> {
		const size = Math.max(UPLOAD_PART_BYTES, Math.ceil(file.bytes / MOST_PARTS));
		const count = Math.max(1, Math.ceil(file.bytes / size));
		const handle = await open(local, "r");
		try {
			for (let part = upload.parts.length + 1; part <= count; part++) {
				const from = (part - 1) * size;
				const bytes = Buffer.alloc(Math.min(size, file.bytes - from));
				const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
				if (bytesRead !== bytes.length) throw new Error(`${file.path} is shorter than it was`);
				const { ETag: etag } = await this.#client.send(
					new UploadPartCommand({
						...this.#object(file),
						...{ UploadId: upload.id, PartNumber: part, Body: bytes },
						ContentMD5: createHash("md5").update(bytes).digest("base64"),
					}),
					{ abortSignal: signal },
				);
				if (etag === undefined) throw new Error("a part without an ETag");
				upload.parts.push({ part, etag });
				await save(upload);
			}
		} finally {
			await handle.close();
		}
	}

	/** What arrived is what was recorded; if not, it is taken away again. */
	async #check(file: RecordedFile, abortSignal: AbortSignal | undefined): Promise<void> {
		const get = new GetObjectCommand(this.#object(file));
		const { ContentLength, Body } = await this.#client.send(get, { abortSignal });
		const hash = createHash("sha256");
		const stream = Body as AsyncIterable<Uint8Array> | undefined;
		let whole = ContentLength === file.bytes && stream !== undefined;
		if (stream && whole && file.bytes <= READ_AGAIN_BYTES) {
			for await (const chunk of stream) hash.update(chunk);
			whole = hash.digest("hex") === file.sha256;
		} else if (stream) for await (const _ of stream) break;
		if (whole) return;
		await this.#client.send(new DeleteObjectCommand(this.#object(file)));
		throw new S3ServiceException({
			...{ name: "InvalidPart", $fault: "server", $metadata: {} },
			message: `${file.path} differs from what was recorded`,
		});
	}
}
