/** Into the edge's bucket, by its API, in parts with digests. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { SwitchyardError } from "../../../shared/errors.ts";
import { UPLOAD_PART_BYTES, UploadBegun, UploadedPart } from "../../../shared/recordings.ts";
import type { EdgeApi } from "../edge-api.ts";
import type { Upload } from "../spool.ts";
import type { Parcel, Store } from "./store.ts";

export class EdgeStore implements Store {
	readonly keepsLocal = false;
	readonly #api: EdgeApi;

	constructor(api: EdgeApi) {
		this.#api = api;
	}

	async bring(parcel: Parcel): Promise<void> {
		const { part, file, save } = parcel;
		const about = { ...part, file };
		let { upload } = parcel;
		if (!upload) {
			const begun = UploadBegun.parse(await this.#api.post("uploads", about));
			if (begun.state === "stored") return;
			upload = { id: begun.upload, parts: [] };
			await save(upload);
		}
		try {
			await this.#sendParts(parcel, upload);
			await this.#api.post("uploads/complete", { ...about, upload: upload.id, parts: upload.parts });
		} catch (error) {
			if (error instanceof SwitchyardError && error.code === "session_gone") await save(undefined);
			throw error;
		}
	}

	async #sendParts({ file, local, save }: Parcel, upload: Upload): Promise<void> {
		const handle = await open(local, "r");
		try {
			// An empty file is one empty part.
			const count = Math.max(1, Math.ceil(file.bytes / UPLOAD_PART_BYTES));
			for (let part = upload.parts.length + 1; part <= count; part++) {
				const from = (part - 1) * UPLOAD_PART_BYTES;
				const bytes = Buffer.alloc(Math.min(UPLOAD_PART_BYTES, file.bytes - from));
				const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
				if (bytesRead !== bytes.length) throw new Error(`${file.path} is shorter than it was`);
				const query = new URLSearchParams({ path: file.path, upload: upload.id });
				const digest = createHash("sha256").update(bytes).digest("base64");
				const sent = await this.#api.put(`uploads/${part}?${query}`, bytes, {
					"Content-Digest": `sha-256=:${digest}:`,
				});
				upload.parts.push(UploadedPart.parse(sent));
				await save(upload);
			}
		} finally {
			await handle.close();
		}
	}
}
