/** The REST API of the edge that serves this page. */
export class ApiError extends Error {
	override readonly name = "ApiError";
	/** The API's code; `unreachable` when there was no answer. */
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.code = code;
	}
}

export interface Page<T> {
	items: T[];
	next?: string;
}

const TIMEOUT_MS = 10_000;

export class Api {
	/** The key is good no more. */
	onRefused: () => void = () => {};
	readonly #key: string;

	constructor(key: string) {
		this.#key = key;
	}

	get<T>(path: string): Promise<T> {
		return this.#ask("GET", path);
	}

	post<T>(path: string, body: unknown): Promise<T> {
		return this.#ask("POST", path, body);
	}

	delete(path: string): Promise<void> {
		return this.#ask("DELETE", path);
	}

	async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
		const headers: Record<string, string> = { authorization: `Bearer ${this.#key}` };
		if (body !== undefined) headers["content-type"] = "application/json";
		const sent = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
		const response = await fetch(`/v1${path}`, { ...sent, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => {
			throw new ApiError("unreachable", "the edge does not answer");
		});
		const text = await response.text();
		const answer = text === "" ? undefined : parse(text);
		if (response.ok) return answer as T;
		const { code, message } = (answer as { error?: { code?: string; message?: string } } | undefined)?.error ?? {};
		if (code === "unauthorized") this.onRefused();
		throw new ApiError(code ?? "unknown", message ?? `the edge answered ${response.status}`);
	}
}

/** What stands between may answer in its own words. */
function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

export const pathOf = (room: string, participant?: string) =>
	`/rooms/${encodeURIComponent(room)}${participant === undefined ? "" : `/participants/${encodeURIComponent(participant)}`}`;
