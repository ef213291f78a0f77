/** The nodes' hibernating sockets, and what is known of each node by its socket. */
import { type FleetMessage, NODE_SILENT_MS, type NodeLoad } from "../../shared/fleet.ts";
import type { Node } from "../../shared/rest.ts";
import { isFull, isOverloaded, type Point, pointAt } from "./placement.ts";
import { deadlineOf, type Row } from "./registry.ts";
import type { NodeGrant } from "./rpc.ts";

/** Outlives memory with the socket itself. */
interface Attachment {
	/** Of this socket, among all that ever were. */
	connection: string;
	grant: NodeGrant;
	openedAt: number;
	load?: NodeLoad;
	/** When it sent that load. */
	reportedAt?: number;
}

export interface Seat {
	readonly ws: WebSocket;
	readonly connection: string;
	readonly grant: NodeGrant;
	readonly openedAt: number;
	readonly point?: Point;
	load: NodeLoad;
	reportedAt: number;
	/** Assignments sent since the load was reported. */
	pending: number;
	/** Absent until it registers. */
	row?: Row;
}
export type RegisteredSeat = Seat & { row: Row };

const NO_LOAD: NodeLoad = {
	cpu: 0,
	rooms: 0,
	endpoints: 0,
	producers: 0,
	consumers: 0,
	bitrateIn: 0,
	bitrateOut: 0,
	workers: 1,
	workerDeaths: 0,
};

export class Seats {
	readonly #ctx: DurableObjectState;
	readonly #seats = new Map<WebSocket, Seat>();
	/** By the node's id. */
	readonly #registered = new Map<string, RegisteredSeat>();

	/** Finds the sockets that hibernated. */
	constructor(ctx: DurableObjectState) {
		this.#ctx = ctx;
		for (const ws of ctx.getWebSockets()) {
			const attachment = ws.deserializeAttachment() as Attachment | null;
			if (attachment && ws.readyState === WebSocket.OPEN) this.#seats.set(ws, seatOf(ws, attachment));
		}
	}

	accept(ws: WebSocket, grant: NodeGrant): void {
		const attachment: Attachment = { connection: crypto.randomUUID(), grant, openedAt: Date.now() };
		this.#ctx.acceptWebSocket(ws);
		ws.serializeAttachment(attachment);
		this.#seats.set(ws, seatOf(ws, attachment));
	}

	/** Undefined for a socket that was removed: nothing it sends is read any more. */
	of(ws: WebSocket): Seat | undefined {
		return this.#seats.get(ws);
	}

	remove(ws: WebSocket): Seat | undefined {
		const seat = this.#seats.get(ws);
		this.#seats.delete(ws);
		if (seat?.row && this.#registered.get(seat.row.id) === seat) this.#registered.delete(seat.row.id);
		if (seat) ws.serializeAttachment(null);
		return seat;
	}

	/** Gives registrations back to the sockets that made them. Those of which the socket is gone are returned. */
	restore(rows: readonly Row[]): Row[] {
		const seats = new Map([...this.#seats.values()].map((seat) => [seat.connection, seat]));
		return rows.filter((row) => {
			const seat = seats.get(row.connection);
			if (seat) this.register(seat, row);
			return !seat;
		});
	}

	report(seat: Seat, load: NodeLoad): void {
		seat.load = load;
		seat.reportedAt = Date.now();
		seat.pending = 0;
		const { connection, grant, openedAt, reportedAt } = seat;
		seat.ws.serializeAttachment({ connection, grant, openedAt, load, reportedAt } satisfies Attachment);
	}

	/** Its row is the one that its registration made. */
	register(seat: Seat, row: Row): asserts seat is RegisteredSeat {
		seat.row = row;
		this.#registered.set(row.id, seat as RegisteredSeat);
	}

	registered(node: string): RegisteredSeat | undefined {
		return this.#registered.get(node);
	}

	get count(): number {
		return this.#registered.size;
	}

	/** Those that have registered. */
	all(): Iterable<RegisteredSeat> {
		return this.#registered.values();
	}

	/** Not heard from for too long. Reports come often enough that the platform is seldom asked. */
	silent(seat: Seat, now: number): boolean {
		return now - seat.reportedAt > NODE_SILENT_MS && now - this.lastSign(seat) > NODE_SILENT_MS;
	}

	/** When the node was last heard from: its heartbeat, which the platform answers without us, or a report. */
	lastSign(seat: Seat): number {
		const heartbeat = this.#ctx.getWebSocketAutoResponseTimestamp(seat.ws)?.getTime() ?? 0;
		return Math.max(heartbeat, seat.reportedAt, seat.openedAt);
	}
}

function seatOf(ws: WebSocket, { connection, grant, openedAt, load, reportedAt }: Attachment): Seat {
	const point = pointAt(grant.place);
	return {
		ws,
		connection,
		grant,
		openedAt,
		point,
		load: load ?? NO_LOAD,
		reportedAt: reportedAt ?? openedAt,
		pending: 0,
	};
}

/** It is not told to stop, and has room for one more. */
export function mayTake(seat: RegisteredSeat): boolean {
	return deadlineOf(seat.row) === undefined && !isFilled(seat);
}

function isFilled({ row, load, pending }: RegisteredSeat): boolean {
	const sized = { load, pending, maxEndpoints: row.maxEndpoints };
	return isFull(sized) || isOverloaded(sized);
}

/** As REST shows it. */
export function viewOf(seat: RegisteredSeat): Node {
	const { row, load, reportedAt } = seat;
	const drainDeadline = deadlineOf(row);
	return {
		...{ id: row.id, region: row.region, version: row.version },
		state: drainDeadline !== undefined ? "draining" : isFilled(seat) ? "full" : "ready",
		...(drainDeadline !== undefined && { drainDeadline }),
		...{ addresses: row.addresses, connectedAt: row.connectedAt, reportedAt, load },
		...(row.turn && { turn: row.turn }),
	};
}

/** False: its socket is closed. */
export function send(ws: WebSocket, message: FleetMessage): boolean {
	if (ws.readyState !== WebSocket.OPEN) return false;
	try {
		ws.send(JSON.stringify(message));
		return true;
	} catch {
		return false;
	}
}

export function close(ws: WebSocket, code: number, reason = ""): void {
	try {
		ws.close(code, reason);
	} catch {
		// Closed already.
	}
}
