/** What only memory holds of a session: what waits for the end of a batch, and consumers being announced. */
import type { ConsumerParameters } from "../../../shared/media.ts";
import type { Envelope, StreamType } from "../../../shared/odoo.ts";
import type { Member } from "../../room/state.ts";

export type MediaConsumer = Extract<ConsumerParameters, { kind: "audio" | "video" }>;

/** A consumer that the client is to take; `asked` when it was told. */
export interface Offer {
	consumer: MediaConsumer;
	type: StreamType;
	asked: boolean;
	timer?: ReturnType<typeof setTimeout>;
}

export interface Memory {
	/** While a window is open, what goes out at its end. */
	window?: ReturnType<typeof setTimeout>;
	queue: Envelope[];
	/** By track. */
	offers: Map<string, Offer>;
}

/** Members are read anew when memory was lost. */
const memories = new WeakMap<Member, Memory>();

export function memoryOf(member: Member): Memory {
	let memory = memories.get(member);
	if (!memory) {
		memory = { queue: [], offers: new Map() };
		memories.set(member, memory);
	}
	return memory;
}

/** Its client is another from now on. */
export function forgetMemory(member: Member): void {
	const memory = memories.get(member);
	memories.delete(member);
	if (memory?.window !== undefined) clearTimeout(memory.window);
	for (const { timer } of memory?.offers.values() ?? []) if (timer !== undefined) clearTimeout(timer);
}
