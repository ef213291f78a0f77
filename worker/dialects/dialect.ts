/**
 * A wire protocol that clients speak to a room. It turns frames into calls on the room's rules and the room's events
 * into frames; it holds no state of its own that a lost memory would miss.
 */
import type { Answer, Core } from "../room/core.ts";
import type { RoomEvent, RoomNews } from "../room/outbox.ts";
import type { Grant } from "../room/rpc.ts";

export interface Dialect {
	/** Kept with each socket, to find the dialect again after hibernation. */
	readonly name: string;
	/** A socket was accepted. */
	greet(core: Core, ws: WebSocket, grant: Grant): void;
	/** A frame came on a socket of this dialect. Never throws. */
	receive(core: Core, ws: WebSocket, data: string | ArrayBuffer): void;
	event(seq: number, event: RoomEvent): string;
	/** Several events in one frame, where the protocol has a form for that. */
	batch?(events: readonly string[]): string;
	news(news: RoomNews): string;
	answer(request: number, answer: Answer): string;
}
