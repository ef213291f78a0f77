/** The part of S3's API that recordings need, in memory: uploads in parts whose MD5 is checked, and objects to read. */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Stored {
	bytes: Buffer;
	metadata: Record<string, string>;
}

export class S3Server {
	readonly objects = new Map<string, Stored>();
	readonly #uploads = new Map<string, { metadata: Record<string, string>; parts: Map<number, Buffer> }>();
	readonly #server: Server;
	/** What is asked for, as `METHOD path?query`. */
	readonly asked: string[] = [];
	/** Says no to what it returns a status for. */
	refuse: (asked: string) => number | undefined = () => undefined;

	private constructor() {
		this.#server = createServer((request, response) => void this.#answer(request, response));
	}

	static async start(): Promise<S3Server> {
		const server = new S3Server();
		await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
		return server;
	}

	get endpoint(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	stop(): void {
		this.#server.closeAllConnections();
		this.#server.close();
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { pathname, searchParams: query } = new URL(request.url ?? "/", this.endpoint);
		const asked = `${request.method} ${pathname}?${query}`;
		this.asked.push(asked);
		const chunks: Buffer[] = [];
		for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
		const body = Buffer.concat(chunks);
		const key = decodeURIComponent(pathname).replace(/^\/[^/]+\//, "");
		const refused = this.refuse(asked);
		if (refused !== undefined) return fail(response, refused, "ServiceUnavailable");
		const id = query.get("uploadId") ?? "";
		const upload = this.#uploads.get(id);
		if (request.method === "POST" && query.has("uploads")) {
			const made = randomUUID();
			const metadata = Object.fromEntries(
				Object.entries(request.headers).flatMap(([name, value]) =>
					name.startsWith("x-amz-meta-") ? [[name, String(value)]] : [],
				),
			);
			this.#uploads.set(made, { metadata, parts: new Map() });
			return xml(
				response,
				`<InitiateMultipartUploadResult><UploadId>${made}</UploadId></InitiateMultipartUploadResult>`,
			);
		}
		if (id !== "" && !upload) return fail(response, 404, "NoSuchUpload");
		if (request.method === "PUT" && upload) {
			const digest = createHash("md5").update(body);
			if (request.headers["content-md5"] !== digest.copy().digest("base64")) return fail(response, 400, "BadDigest");
			upload.parts.set(Number(query.get("partNumber")), body);
			response.setHeader("ETag", `"${digest.digest("hex")}"`).end();
			return;
		}
		if (request.method === "POST" && upload) {
			const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => Number(number));
			const bytes = Buffer.concat(numbers.flatMap((number) => upload.parts.get(number) ?? []));
			this.objects.set(key, { bytes, metadata: upload.metadata });
			this.#uploads.delete(id);
			return xml(response, "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>");
		}
		if (request.method === "DELETE") {
			this.objects.delete(key);
			response.writeHead(204).end();
			return;
		}
		const object = this.objects.get(key);
		if (!object) return fail(response, 404, "NoSuchKey");
		response.writeHead(200, { ...object.metadata, "Content-Length": object.bytes.length });
		response.end(request.method === "HEAD" ? undefined : object.bytes);
	}
}

function xml(response: ServerResponse, text: string): void {
	response.writeHead(200, { "Content-Type": "application/xml" }).end(`<?xml version="1.0"?>${text}`);
}

function fail(response: ServerResponse, status: number, code: string): void {
	response.writeHead(status, { "Content-Type": "application/xml" });
	response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
