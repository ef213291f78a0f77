/** The nodes as they are now, and how their load has been over the last two minutes. */
import type { Node } from "../../shared/rest.ts";
import type { Api, Page } from "./api.ts";
import { poll } from "./poll.ts";

/** As often as nodes report. */
const POLL_MS = 2_000;
/** As many as a plot shows. */
const SAMPLES = 60;
/** A node that is not listed any more is shown for so long. */
const MISSED_MS = 60_000;

export interface Sample {
	cpu: number;
	bitrateIn: number;
	bitrateOut: number;
}

export interface SeenNode {
	node: Node;
	/** Undefined where there is a gap. */
	samples: (Sample | undefined)[];
	/** Not listed since then. */
	goneAt?: number;
}

export class FleetStore {
	readonly nodes = new Map<string, SeenNode>();
	/** Of the latest list; undefined before the first. */
	updatedAt: number | undefined;
	/** Why there is no newer one. */
	trouble: string | undefined;
	readonly #api: Api;
	readonly #listeners = new Set<() => void>();
	readonly #stop: () => void;

	constructor(api: Api) {
		this.#api = api;
		this.#stop = poll(POLL_MS, () => this.refresh());
	}

	close(): void {
		this.#stop();
		this.#listeners.clear();
	}

	/** Called at each change, and now. Ended by what it returns. */
	watch(listener: () => void): () => void {
		this.#listeners.add(listener);
		listener();
		return () => this.#listeners.delete(listener);
	}

	async refresh(): Promise<void> {
		try {
			this.#take(await this.#all());
			this.trouble = undefined;
		} catch (error) {
			this.trouble = (error as Error).message;
		}
		for (const listener of this.#listeners) listener();
	}

	async #all(): Promise<Node[]> {
		const all: Node[] = [];
		let cursor = "";
		do {
			const page = await this.#api.get<Page<Node>>(
				`/nodes?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
			);
			all.push(...page.items);
			cursor = page.next ?? "";
		} while (cursor);
		return all;
	}

	#take(list: readonly Node[]): void {
		const now = Date.now();
		// The page was hidden, or the edge away: the line must not pretend to know.
		const missed = this.updatedAt !== undefined && now - this.updatedAt > 3 * POLL_MS;
		const listed = new Set(list.map(({ id }) => id));
		for (const [id, seen] of this.nodes) {
			if (listed.has(id)) continue;
			seen.goneAt ??= now;
			seen.samples = [...seen.samples, undefined].slice(-SAMPLES);
			if (now - seen.goneAt > MISSED_MS) this.nodes.delete(id);
		}
		for (const node of list) {
			const { cpu, bitrateIn, bitrateOut } = node.load;
			const before = this.nodes.get(node.id)?.samples ?? [];
			const samples = [...before, ...(missed ? [undefined] : []), { cpu, bitrateIn, bitrateOut }];
			this.nodes.set(node.id, { node, samples: samples.slice(-SAMPLES) });
		}
		this.updatedAt = now;
	}
}
