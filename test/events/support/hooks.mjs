/**
 * The internet as the edge under test sees it: a Worker of its own that gets every request the edge makes. Each host is
 * an object that keeps what was posted to it and answers as it was told.
 */
import { DurableObject } from "cloudflare:workers";

export class Host extends DurableObject {
	/** @type {{ at: number, headers: Record<string, string>, body: string }[]} */
	posts = [];
	/** One for each request; the last is that of all further ones. */
	answers = [{ status: 204 }];
	/** @type {(() => void)[]} */
	waiting = [];

	/** @param {Request} request */
	async fetch(request) {
		this.posts.push({ at: Date.now(), headers: Object.fromEntries(request.headers), body: await request.text() });
		for (const wake of this.waiting.splice(0)) wake();
		const { status, headers, held, thrown } = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
		if (thrown) throw new Error("connection refused");
		if (held) await new Promise((resolve) => (this.release = resolve));
		return new Response(null, { status, headers });
	}

	/** @param {unknown} message of the queue */
	take(message) {
		this.posts.push({ at: Date.now(), headers: {}, body: JSON.stringify(message) });
		for (const wake of this.waiting.splice(0)) wake();
	}

	/** Answers what is held. */
	letGo() {
		this.release?.();
	}

	/** @param {{ status: number }[]} answers */
	tell(answers) {
		this.answers = answers;
	}

	/** @param {number} count resolves when so many requests have come */
	async came(count) {
		while (this.posts.length < count) await new Promise((resolve) => this.waiting.push(resolve));
		return this.posts;
	}
}

export default {
	/**
	 * @param {Request} request
	 * @param {{ HOST: DurableObjectNamespace }} env
	 */
	fetch(request, env) {
		return env.HOST.getByName(new URL(request.url).host).fetch(request);
	},

	/**
	 * The consumer of the queue: what a room told is kept with the host of its name.
	 * @param {MessageBatch<{ room: string }>} batch
	 * @param {{ HOST: DurableObjectNamespace }} env
	 */
	async queue(batch, env) {
		for (const { body } of batch.messages) await env.HOST.getByName(body.room).take(body);
	},
};
