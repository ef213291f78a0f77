/** The REST API, with every answer checked against the schemas it is made with. */
import * as z from "zod";
import { ErrorBody } from "../../shared/errors.ts";
import { page } from "../../shared/rest.ts";
import { Failure } from "./errors.ts";

const TIMEOUT_MS = 20_000;
const Refusal = z.object({ error: ErrorBody });

type Method = "GET" | "POST" | "DELETE";

export class Api {
	/** Without a trailing slash. */
	readonly url: string;
	readonly #key: string;

	constructor(url: string, key: string) {
		this.url = url.replace(/\/+$/, "");
		this.#key = key;
	}

	get<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>> {
		return this.#ask("GET", path, schema);
	}

	post<S extends z.ZodType>(path: string, body: unknown, schema: S): Promise<z.infer<S>> {
		return this.#ask("POST", path, schema, body);
	}

	delete(path: string): Promise<unknown> {
		return this.#ask("DELETE", path, z.unknown());
	}

	/** All pages of a list, or at most `limit` of its items. */
	async list<S extends z.ZodType>(path: string, item: S, limit = Number.POSITIVE_INFINITY): Promise<z.infer<S>[]> {
		const schema = page(item);
		const items: z.infer<S>[] = [];
		let cursor: string | undefined;
		do {
			const query = new URLSearchParams({ limit: String(Math.min(500, limit - items.length)) });
			if (cursor) query.set("cursor", cursor);
			const { items: some, next } = await this.get(`${path}?${query}`, schema);
			items.push(...some);
			cursor = next;
		} while (cursor !== undefined && items.length < limit);
		return items;
	}

	async #ask<S extends z.ZodType>(method: Method, path: string, schema: S, body?: unknown): Promise<z.infer<S>> {
		const response = await this.#send(method, path, body);
		const text = await response.text();
		const answer = text === "" ? undefined : readJson(text);
		if (!response.ok) throw this.#refusal(response.status, answer);
		const checked = schema.safeParse(answer);
		if (checked.success) return checked.data;
		const [issue] = checked.error.issues;
		throw new Failure(
			`${this.url} gave an answer that this CLI does not know: ${issue?.path.join(".")}: ${issue?.message}`,
			"is it a Switchyard edge of the same version?",
		);
	}

	async #send(method: Method, path: string, body: unknown): Promise<Response> {
		try {
			return await fetch(`${this.url}${path}`, {
				method,
				headers: {
					authorization: `Bearer ${this.#key}`,
					...(body !== undefined && { "content-type": "application/json" }),
				},
				body: body === undefined ? undefined : JSON.stringify(body),
				signal: AbortSignal.timeout(TIMEOUT_MS),
			});
		} catch (error) {
			// fetch says no more than that it failed; its cause knows why.
			const { cause = error } = error as Error;
			const { code, message } = cause as NodeJS.ErrnoException;
			const why = typeof code === "string" ? code : message;
			throw new Failure(
				`cannot reach ${this.url}: ${why}`,
				"start one with `npm start`, or say where it is with --url or SWITCHYARD_URL",
			);
		}
	}

	#refusal(status: number, answer: unknown): Failure {
		const known = Refusal.safeParse(answer);
		if (!known.success) {
			return new Failure(`${this.url} answered ${status}, and not as a Switchyard edge does`, "check --url");
		}
		const { code, message } = known.data.error;
		const next = code === "unauthorized" ? "give the edge's AUTH_KEY with --key, or in the environment" : undefined;
		return new Failure(message, next, code);
	}
}

function readJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
