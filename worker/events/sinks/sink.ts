/** Somewhere that events go. */
import type { EventRecord } from "../../../shared/events.ts";
import type { Receiver } from "../pending.ts";

export interface Sink extends Receiver {
	/** For logs. */
	label: string;
	/** Events and bytes in one delivery. */
	most: number;
	mostBytes: number;
	/** Events older than this are given up after a failure, ms. Absent: never. */
	giveUpMs?: number;
	/**
	 * All of them, in their order; throws when they are to be tried again. `gone`: nothing more of this room, please.
	 * May be called again with events that have arrived.
	 */
	deliver(events: readonly EventRecord[]): Promise<"delivered" | "gone">;
}

/** A failure that says when to try again. */
export class RetryLater extends Error {
	override readonly name = "RetryLater";
	readonly afterMs: number;

	constructor(message: string, afterMs: number) {
		super(message);
		this.afterMs = afterMs;
	}
}
