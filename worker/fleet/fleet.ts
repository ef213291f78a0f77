/**
 * The Fleet Durable Object: the media nodes that are there, and which of them a room gets.
 * A node is there as long as its socket is. Its latest load is in that socket's attachment, which outlives memory.
 */
import { DurableObject } from "cloudflare:workers";
import { CLOSE, type CloseCode } from "../../shared/close-codes.ts";
import { SwitchyardError } from "../../shared/errors.ts";
import { FLEET_SUBPROTOCOL, type FleetMessage, NodeReport, REPORT_MS } from "../../shared/fleet.ts";
import { HEARTBEAT, type Limits, readLimits } from "../../shared/limits.ts";
import type { Node } from "../../shared/rest.ts";
import { ROUTER_CAPABILITIES_ID } from "../../shared/router-capabilities.ts";
import { mintAssignment } from "../auth/tokens.ts";
import type { Env } from "../env.ts";
import type { Result } from "../room/rpc.ts";
import { type Candidate, isFull, place } from "./placement.ts";
import { Registry } from "./registry.ts";
import {
	type Assigned,
	type AssignRequest,
	type DrainRequest,
	type FleetRpc,
	NODE_GRANT_HEADER,
	type NodeGrant,
} from "./rpc.ts";
import { type Seat, Seats } from "./seats.ts";

/** A node that missed this many reports is not chosen. */
const SILENT_MS = 3 * REPORT_MS;
/** And after this long its socket is given up: no close will come for a half-open one. */
const DEAD_MS = 15 * REPORT_MS;
/** Rooms remembered as waiting; more find a node by asking again. */
const MOST_WAITING = 10_000;

const NO_SUCH_NODE = { ok: false, error: new SwitchyardError("not_found", "no such node").toJSON() } as const;

type Registration = Extract<NodeReport, { type: "register" }>;

export class Fleet extends DurableObject<Env> implements FleetRpc {
	readonly #registry: Registry;
	readonly #seats: Seats;
	readonly #limits: Limits;
	/** Rooms that found no node. Memory only: they ask again by themselves as well, only later. */
	readonly #waiting = new Set<string>();

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(HEARTBEAT.ping, HEARTBEAT.pong));
		this.#limits = readLimits(env);
		this.#registry = new Registry(ctx.storage.sql);
		this.#seats = new Seats(ctx);
		this.#sweepGhosts();
	}

	// ------------------------------------------------------------ nodes

	override async fetch(request: Request): Promise<Response> {
		const grant = JSON.parse(decodeURIComponent(request.headers.get(NODE_GRANT_HEADER) ?? "null")) as NodeGrant | null;
		if (!grant) return new Response(null, { status: 404 });
		const { 0: client, 1: server } = new WebSocketPair();
		this.#seats.accept(server, grant);
		return new Response(null, {
			status: 101,
			webSocket: client,
			headers: { "Sec-WebSocket-Protocol": FLEET_SUBPROTOCOL },
		});
	}

	override webSocketMessage(ws: WebSocket, data: string | ArrayBuffer): void {
		const seat = this.#seats.of(ws);
		if (!seat) return;
		try {
			this.#receive(seat, this.#read(data));
		} catch (error) {
			const known = SwitchyardError.from(error);
			if (known.code === "internal")
				console.error({ event: "node report failed", node: seat.grant.node, error: String(error) });
			send(ws, { type: "refused", error: known.toJSON() });
		}
	}

	#read(data: string | ArrayBuffer): NodeReport {
		if (typeof data !== "string") throw new SwitchyardError("bad_json", "frames are text");
		if (data.length > this.#limits.maxMessageBytes) throw new SwitchyardError("too_large");
		let value: unknown;
		try {
			value = JSON.parse(data);
		} catch {
			throw new SwitchyardError("bad_json");
		}
		const report = NodeReport.safeParse(value);
		if (!report.success) throw SwitchyardError.fromZod(report.error);
		return report.data;
	}

	#receive(seat: Seat, report: NodeReport): void {
		switch (report.type) {
			case "register":
				this.#register(seat, report);
				break;
			case "load":
				mustBeRegistered(seat);
				this.#seats.report(seat, report.load);
				break;
			case "draining":
				mustBeRegistered(seat);
				this.#registry.drain(seat.connection);
				seat.row.draining = true;
				break;
			default:
				report satisfies never;
		}
	}

	#register(seat: Seat, report: Registration): void {
		const objection = objectionTo(report, seat);
		if (objection) {
			send(seat.ws, { type: "refused", error: objection.error.toJSON() });
			this.#end(seat.ws, objection.close, objection.error.code);
			return;
		}
		const older = this.#seats.registered(report.node);
		if (older && older !== seat) this.#end(older.ws, CLOSE.nodeReplaced);
		seat.row = this.#registry.register(seat.connection, report, Date.now());
		this.#seats.report(seat, report.load);
		send(seat.ws, { type: "registered", node: report.node, reportMs: REPORT_MS });
		this.#wakeWaiting();
	}

	/** Rooms that wait for a node ask again, now that there is one. */
	#wakeWaiting(): void {
		const rooms = [...this.#waiting];
		this.#waiting.clear();
		for (const room of rooms) {
			const woken = this.env.ROOM.getByName(room).nodeAvailable();
			this.ctx.waitUntil(
				woken.catch((error: unknown) => console.error({ event: "room not woken", room, error: String(error) })),
			);
		}
	}

	/** The close event that follows, or does not (half-open), finds nothing left to do. */
	#end(ws: WebSocket, code: CloseCode, reason = ""): void {
		this.#forget(ws);
		close(ws, code, reason);
	}

	#forget(ws: WebSocket): void {
		const seat = this.#seats.remove(ws);
		if (seat?.row) this.#registry.remove(seat.connection);
	}

	override webSocketClose(ws: WebSocket, code: number): void {
		this.#forget(ws);
		// RFC 6455 section 5.5.1: the hibernation API leaves the answer to us. 1005, 1006 and 1015 never go on a wire.
		close(ws, code === 1005 || code === 1006 || code === 1015 ? CLOSE.normal : code);
	}

	override webSocketError(ws: WebSocket): void {
		this.#end(ws, CLOSE.internal);
	}

	/** After an abort or a deploy no close event came for the sockets that are gone. */
	#sweepGhosts(): void {
		for (const row of this.#registry.all()) {
			if (!this.#seats.restore(row)) this.#registry.remove(row.connection);
		}
	}

	// ------------------------------------------------------------ rooms and REST

	async assign(request: AssignRequest): Promise<Result<Assigned>> {
		const { room, epoch, jti, origin: edge, near, exclude } = request;
		const failed = new Set<Seat>();
		for (;;) {
			const candidates = this.#candidates().filter(({ seat }) => !failed.has(seat));
			const chosen = place(candidates, { near, exclude });
			if (!chosen) {
				if (this.#waiting.size < MOST_WAITING) this.#waiting.add(room);
				return { ok: false, error: new SwitchyardError("no_node").toJSON() };
			}
			const { seat, id: node, region } = chosen;
			// Counted before the signature is awaited: other rooms may ask meanwhile.
			seat.pending++;
			const token = await mintAssignment(this.env, { node, room, epoch, jti, edge });
			const current = this.#seats.registered(node) === seat && !seat.row?.draining;
			if (current && send(seat.ws, { type: "assignment", room, token }))
				return { ok: true, value: { node, region, held: false } };
			failed.add(seat);
		}
	}

	async release(_input: { room: string; node: string; epoch: number }): Promise<void> {}

	async drain(_node: string, _input: DrainRequest): Promise<Result<Node>> {
		return NO_SUCH_NODE;
	}

	async undrain(_node: string): Promise<Result<Node>> {
		return NO_SUCH_NODE;
	}

	async listNodes(): Promise<Node[]> {
		return this.#candidates()
			.filter((node) => !node.silent)
			.map(({ seat, ...node }) => ({
				id: node.id,
				region: node.region,
				version: seat.row.version,
				state: node.draining ? "draining" : isFull(node) ? "full" : "ready",
				addresses: seat.row.addresses,
				connectedAt: seat.row.connectedAt,
				reportedAt: seat.reportedAt,
				load: node.load,
			}));
	}

	/** Registered nodes, by id, as placement sees them. Those that are dead are given up on the way. */
	#candidates() {
		const now = Date.now();
		return this.#seats.all().flatMap((seat) => {
			const silence = now - this.#seats.lastSign(seat);
			if (silence > DEAD_MS) {
				this.#end(seat.ws, CLOSE.silent);
				return [];
			}
			const { id, region, maxEndpoints, draining } = seat.row;
			const candidate: Candidate & { seat: typeof seat } = {
				...{ seat, id, region, maxEndpoints, draining },
				place: seat.grant.place,
				load: seat.load,
				silent: silence > SILENT_MS,
				pending: seat.pending,
			};
			return [candidate];
		});
	}
}

/** Why this socket may not register so, and how it is closed for that. */
function objectionTo(report: Registration, { grant }: Seat): { close: CloseCode; error: SwitchyardError } | undefined {
	const foreign = (what: string) => ({ close: CLOSE.unauthorized, error: new SwitchyardError("unauthorized", what) });
	if (report.node !== grant.node) return foreign(`the token is for node ${grant.node}`);
	if (grant.region !== undefined && report.region !== grant.region) {
		return foreign(`the token is for region ${grant.region}`);
	}
	if (report.capabilities === ROUTER_CAPABILITIES_ID) return undefined;
	const message = `router capabilities are ${report.capabilities}, the fleet's ${ROUTER_CAPABILITIES_ID}: run its version`;
	return { close: CLOSE.incompatible, error: new SwitchyardError("unsupported", message) };
}

function mustBeRegistered(seat: Seat): asserts seat is Seat & { row: NonNullable<Seat["row"]> } {
	if (!seat.row) throw new SwitchyardError("bad_request", "register first");
}

function send(ws: WebSocket, message: FleetMessage): boolean {
	if (ws.readyState !== WebSocket.OPEN) return false;
	try {
		ws.send(JSON.stringify(message));
		return true;
	} catch {
		return false;
	}
}

function close(ws: WebSocket, code: number, reason = ""): void {
	try {
		ws.close(code, reason);
	} catch {
		// Closed already.
	}
}
