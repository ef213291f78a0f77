/** The operator's server that webhooks are posted to: a Worker of its own (hooks.mjs). */
import type { EventRecord } from "../../../shared/events.ts";
import { testEnv } from "../../edge/support/client.ts";

export interface Post {
	event: EventRecord;
	body: string;
	headers: Record<string, string>;
	/** ms */
	at: number;
}

/** `held`: until it is let go. `thrown`: there is no answer at all. */
export interface Answer {
	status: number;
	headers?: Record<string, string>;
	held?: true;
	thrown?: true;
}

interface Host {
	tell(answers: Answer[]): Promise<void>;
	letGo(): Promise<void>;
	came(count: number): Promise<Omit<Post, "event">[]>;
}

export const OK: Answer = { status: 204 };
export const FAILING: Answer = { status: 503 };

export class Receiver {
	readonly #host: string;

	/** `room`: what the consumer of the queue got of that room. */
	constructor(room?: string) {
		this.#host = room ?? `hooks-${crypto.randomUUID()}.example.com`;
	}

	get url(): string {
		return `https://${this.#host}/events`;
	}

	/** What it answers, one for each request and the last to all further ones. */
	answer(...answers: Answer[]): Promise<void> {
		return this.#rpc.tell(answers);
	}

	/** Answers the request that is held. */
	letGo(): Promise<void> {
		return this.#rpc.letGo();
	}

	/** Every request, also those that were refused, when so many have come. */
	async came(count: number): Promise<Post[]> {
		const posts = await this.#rpc.came(count);
		return posts.map((post) => ({ ...post, event: JSON.parse(post.body) as EventRecord }));
	}

	/** Kinds and people of every request. */
	async heard(count: number): Promise<string[]> {
		return (await this.came(count)).map(({ event }) => label(event));
	}

	/** The same of different events, in the order in which they first came, when so many have. */
	async learned(count: number): Promise<string[]> {
		for (let requests = count; ; requests++) {
			const posts = await this.came(requests);
			const events = new Map(posts.map(({ event }) => [event.id, label(event)]));
			if (events.size >= count) return [...events.values()];
		}
	}

	get #rpc(): Host {
		return (testEnv.HOSTS as DurableObjectNamespace).getByName(this.#host) as unknown as Host;
	}
}

function label({ type, data }: EventRecord): string {
	return `${type} ${data.participant ?? ""}`.trim();
}
