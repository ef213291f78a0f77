/** The edge's API for recordings, with the node's credential. */
import * as z from "zod";
import { ErrorBody, SwitchyardError } from "../../shared/errors.ts";

/** A part takes long where the way to the edge is thin. */
const LONGEST_MS = 300_000;
const Refusal = z.object({ error: ErrorBody });

export class EdgeApi {
	readonly #base: string;
	readonly #token: string;
	readonly #closed: AbortSignal;

	/** `closed`: what is under way then is broken off. */
	constructor(edge: string, token: string, closed: AbortSignal) {
		this.#closed = closed;
		this.#base = `${edge}/v1/recording-files/`;
		this.#token = token;
	}

	post(path: string, body: unknown): Promise<unknown> {
		return this.#call("POST", path, JSON.stringify(body), { "Content-Type": "application/json" });
	}

	put(path: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string>): Promise<unknown> {
		return this.#call("PUT", path, body, headers);
	}

	/** A refusal of the edge is a SwitchyardError; other failures are of the way there. */
	async #call(
		method: string,
		path: string,
		body: string | Uint8Array<ArrayBuffer>,
		headers: Record<string, string>,
	): Promise<unknown> {
		const response = await fetch(this.#base + path, {
			method,
			body,
			headers: { ...headers, Authorization: `Bearer ${this.#token}` },
			signal: AbortSignal.any([this.#closed, AbortSignal.timeout(LONGEST_MS)]),
		});
		const text = await response.text();
		if (response.ok) return text === "" ? undefined : JSON.parse(text);
		let answer: unknown;
		try {
			answer = JSON.parse(text);
		} catch {
			answer = undefined;
		}
		const refusal = Refusal.safeParse(answer);
		if (!refusal.success) throw new Error(`the edge answered ${response.status}`);
		throw new SwitchyardError(refusal.data.error.code, refusal.data.error.message);
	}
}
