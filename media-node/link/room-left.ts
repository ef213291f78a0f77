/** Whether a node takes more people of the rooms that it serves. It says no before it is full, and yes well below that. */
import type { NodeLoad } from "../../shared/fleet.ts";

/** Shares of CPU and of what the node estimates it can hold. */
const FULL = 0.85;
const ROOM_AGAIN = 0.7;

export class RoomLeft {
	readonly #maxEndpoints: number;
	#accepting = true;

	constructor(maxEndpoints = Number.POSITIVE_INFINITY) {
		this.#maxEndpoints = maxEndpoints;
	}

	/** As of this load. */
	look({ cpu, consumers, capacity = Number.POSITIVE_INFINITY, endpoints }: NodeLoad): boolean {
		const used = Math.max(cpu, consumers / capacity);
		if (used >= FULL || endpoints >= this.#maxEndpoints) this.#accepting = false;
		else if (used < ROOM_AGAIN && endpoints < this.#maxEndpoints * FULL) this.#accepting = true;
		return this.#accepting;
	}
}
