/**
 * A wire protocol that clients speak to a room. It turns frames into calls on the room's rules and the room's events
 * into frames. What it must remember of a member or of the room is in their rows (`own`): memory may be lost.
 */
import type { IceServers } from "../../shared/ice.ts";
import type { Recording } from "../../shared/recordings.ts";
import type { Answer, Core } from "../room/core.ts";
import type { RoomEvent, RoomNews } from "../room/outbox.ts";
import type { Grant } from "../room/rpc.ts";
import type { Member } from "../room/state.ts";

interface Spoken {
	/** Kept with each socket, to find the dialect again after hibernation. */
	readonly name: string;
	/** Named in the answer to the upgrade. */
	readonly subprotocol?: string;
	/** Its clients resume a session whose socket dropped. */
	readonly resumes: boolean;
	/** Its clients send heartbeats: one that is silent for long is gone. */
	readonly heartbeats: boolean;
	/**
	 * Its members are there without a socket, for as long as the dialect says; one that they have only listens. Nothing
	 * can be asked of their clients, so their media stays on the node where it is.
	 */
	readonly socketless?: true;
	/** A client's only way to another media side is a new connection: it is let go of, and has to come back. */
	readonly beginsAnew?: true;
	/** A grant is proven when the socket opens, and the room may prepare for whom it names. */
	readonly proven: boolean;
	/** Joining makes a room that is not there. */
	mayCreate(core: Core): boolean;
	/** A socket was accepted. */
	greet(core: Core, ws: WebSocket, grant: Grant): void;
	/** The socket is on its way to its client, who joins by that alone. */
	arrive?(core: Core, ws: WebSocket): void;
	/** A frame came on a socket of this dialect. Never throws. */
	receive(core: Core, ws: WebSocket, data: string | ArrayBuffer): void;
	/** All ICE servers are known, after `greet` told of some. */
	giveIceServers?(core: Core, ws: WebSocket, servers: IceServers): void;
	/** Its own close code for one of ours. */
	closeCode?(code: number): number;
	/** A member's `dueAt` has come. */
	due?(core: Core, member: Member, now: number): void;
	/** The `due` of the room's own record has come; it is to be set anew. */
	roomDue?(core: Core, now: number): void;
	/** A member is none any more, whatever the reason; the others were told. */
	gone?(core: Core, member: Member): void;
	/** Back ends are told who is in the room, once a minute: what the dialect tells of each of its members then. */
	live?(core: Core, member: Member): void;
	/** The node of a member that cannot be moved is to stop by the deadline, ms. */
	stranded?(core: Core, member: Member, deadline: number): void;
	/** A recording that it asked for, or that is of somebody who speaks it, has changed. */
	recorded?(core: Core, recording: Recording): void;
	/** A question of the edge's API for this dialect. What comes back crosses an RPC. */
	consult?(core: Core, question: unknown): unknown;
}

/** What is told does not depend on who hears it, and is made once for all. */
export interface Framed extends Spoken {
	event(seq: number, event: RoomEvent): string;
	/** Several events in one frame, where the protocol has a form for that. */
	batch?(events: readonly string[]): string;
	news(news: RoomNews): string;
	answer(request: number, answer: Answer): string;
}

/** What is told depends on who hears it: the dialect is called for each member, and does the sending. */
export interface Personal extends Spoken {
	hear(core: Core, member: Member, event: RoomEvent): void;
	/** The latest of something; a lost one is made good by the next. */
	news?(core: Core, member: Member, news: RoomNews): void;
	/** A request that this dialect numbered was carried out or failed. */
	answered(core: Core, member: Member, request: number, answer: Answer): void;
}

export type Dialect = Framed | Personal;

export function isPersonal(dialect: Dialect): dialect is Personal {
	return "hear" in dialect;
}
