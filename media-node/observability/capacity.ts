/** How many consumers this node can hold, by what each has cost lately. */

/** With fewer, what else a node does would be taken for their cost. */
const FEWEST = 20;
/** Of the cores; above it a node is overloaded (worker/fleet/placement.ts). */
const FULL_CPU = 0.85;
/** An idle room's consumers cost nothing that could be measured. */
const LEAST_CPU = 0.01;
/** Weight of the latest measure. */
const LATEST = 0.2;

export class Capacity {
	/** Share of the cores. */
	#perConsumer: number | undefined;

	/** Undefined until there was something to measure. */
	estimate({ cpu, consumers }: { cpu: number; consumers: number }): number | undefined {
		if (consumers >= FEWEST) {
			const cost = Math.max(cpu, LEAST_CPU) / consumers;
			this.#perConsumer = this.#perConsumer === undefined ? cost : this.#perConsumer * (1 - LATEST) + cost * LATEST;
		}
		if (this.#perConsumer === undefined) return undefined;
		return Math.max(FEWEST, Math.floor(FULL_CPU / this.#perConsumer));
	}
}
