/**
 * A Fleet Durable Object, one per hub: the media nodes that are there, and which rooms must hear of their end; which of
 * them a room gets is in assigning.ts. A node is there as long as its socket is. Its latest load is in that socket's
 * attachment, which outlives memory.
 */
import { DurableObject } from "cloudflare:workers";
import { CLOSE, type CloseCode } from "../../shared/close-codes.ts";
import { SwitchyardError } from "../../shared/errors.ts";
import {
	FLEET_SUBPROTOCOL,
	NODE_RETURN_MS,
	NODE_SILENT_MS,
	type NodeLoad,
	NodeReport,
	REPORT_MS,
} from "../../shared/fleet.ts";
import { HEARTBEAT, type Limits, readLimits } from "../../shared/limits.ts";
import type { Node } from "../../shared/rest.ts";
import { ROUTER_CAPABILITIES_ID } from "../../shared/router-capabilities.ts";
import type { Env } from "../env.ts";
import { turnSecretOf } from "../ice/credentials.ts";
import type { Relay } from "../ice/relays.ts";
import type { Result } from "../room/rpc.ts";
import { Assigning } from "./assigning.ts";
import { HubRelays } from "./hub-relays.ts";
import type { Hub } from "./hubs.ts";
import { Notices } from "./notices.ts";
import type { Cost } from "./placement.ts";
import { deadlineOf, Registry, type Row } from "./registry.ts";
import {
	type Answer,
	type Assigned,
	type AssignRequest,
	type DrainRequest,
	type HubRpc,
	NODE_GRANT_HEADER,
	type NodeGrant,
	type Relays,
} from "./rpc.ts";
import { close, mayTake, type RegisteredSeat, type Seat, Seats, send, viewOf } from "./seats.ts";
import { Served } from "./served.ts";

/** After this object began, nodes get so long to be back before any has failed: it was away, not they. */
const BEGIN_GRACE_MS = 5_000;
/** For this long a node that failed is only chosen when there is no other. */
const SHAKY_MS = 30_000;
/** What a node that stops by itself and does not say when is granted. */
const STOP_MS = 30_000;
/** Between two looks at the nodes, at least, ms. */
const LOOK_MS = 100;

const NO_SUCH_NODE = { ok: false, error: new SwitchyardError("not_found", "no such node").toJSON() } as const;

type Registration = Extract<NodeReport, { type: "register" }>;

export class Fleet extends DurableObject<Env> implements HubRpc {
	readonly #registry: Registry;
	readonly #seats: Seats;
	readonly #served: Served;
	readonly #notices: Notices;
	readonly #assigning: Assigning;
	readonly #relays: HubRelays;
	readonly #limits: Limits;
	readonly #beganAt = Date.now();
	/** Nodes whose socket was lost, and until when they may be back. */
	readonly #lost = new Map<string, number>();
	/** When each failed that did so lately. */
	#failed: Map<string, number>;
	/** Nodes whose rooms are told in several goes of a drain. */
	readonly #drainsUntold = new Set<string>();
	#alarmAt = Number.POSITIVE_INFINITY;

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(HEARTBEAT.ping, HEARTBEAT.pong));
		this.#limits = readLimits(env);
		this.#registry = new Registry(ctx.storage.sql);
		this.#served = new Served(ctx.storage.sql);
		this.#seats = new Seats(ctx);
		this.#notices = new Notices(
			this.#served,
			(name) => env.ROOM.getByName(name),
			(node) => this.#deadlineOf(node),
		);
		this.#failed = this.#registry.failedSince(Date.now() - SHAKY_MS);
		const isShaky = (node: string) => (this.#failed.get(node) ?? 0) > Date.now() - SHAKY_MS;
		this.#assigning = new Assigning(env, this.#seats, this.#served, isShaky);
		this.#relays = new HubRelays(env, this.#seats);
		this.#resume();
	}

	/** After an abort or a deploy no close event came for the sockets that are gone. */
	#resume(): void {
		const returnBy = this.#beganAt + BEGIN_GRACE_MS;
		const rows = this.#registry.all();
		for (const { id } of this.#seats.restore(rows)) this.#lost.set(id, returnBy);
		if (rows.length > 0) this.#lookAt(returnBy);
		for (const row of rows) if (deadlineOf(row) !== undefined) this.#tellDraining(row.id);
		for (const node of this.#served.told()) this.#tellDraining(node);
		this.#tellFailed();
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
				this.#onLoad(seat, report.load);
				break;
			case "draining":
				mustBeRegistered(seat);
				this.#registry.stops(seat.row, report.deadline ?? Date.now() + STOP_MS);
				this.#tellDraining(seat.row.id);
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
		const before = this.#registry.get(report.node);
		const older = this.#seats.registered(report.node);
		if (older && older !== seat) this.#end(older.ws, CLOSE.nodeReplaced);
		if (before && before.instance !== report.instance) this.#gone(before, "replaced by another process");
		this.#lost.delete(report.node);
		const row = this.#registry.register(seat.connection, report, Date.now());
		this.#seats.register(seat, row);
		this.#seats.report(seat, report.load);
		if (row.turn) this.#tellTurnSecret(seat, row.id);
		send(seat.ws, { type: "registered", node: report.node, reportMs: REPORT_MS, hub: seat.grant.hub });
		if (row.drain) send(seat.ws, { type: "drain", ...row.drain });
		this.#lookAt(Date.now() + NODE_SILENT_MS);
		if (mayTake(seat)) this.#onAvailable();
	}

	/** Rooms that wait could not be placed on nodes that took people before: those wake nobody by saying so again. */
	#onLoad(seat: RegisteredSeat, load: NodeLoad): void {
		const before = mayTake(seat) && !this.#seats.silent(seat, Date.now());
		this.#seats.report(seat, load);
		if (!before && mayTake(seat)) this.#onAvailable();
	}

	#tellTurnSecret(seat: Seat, node: string): void {
		const told = turnSecretOf(this.env, node).then((secret) => send(seat.ws, { type: "turn", secret }));
		this.ctx.waitUntil(told);
	}

	/** Rooms that wait for a node ask again, now that there is one. */
	#onAvailable(): void {
		const rooms = this.#assigning.arrived();
		if (rooms.length > 0) this.ctx.waitUntil(this.#notices.wake(rooms));
	}

	override webSocketClose(ws: WebSocket, code: number): void {
		const seat = this.#seats.remove(ws);
		// RFC 6455 section 5.5.1: the hibernation API leaves the answer to us. 1005, 1006 and 1015 never go on a wire.
		close(ws, code === 1005 || code === 1006 || code === 1015 ? CLOSE.normal : code);
		if (!seat?.row) return;
		// It said before that it would stop, and closed the socket itself.
		const goodbye = seat.row.stopsAt !== undefined && (code === CLOSE.normal || code === CLOSE.goingAway);
		if (goodbye) this.#gone(seat.row, "stopped");
		else this.#lose(seat.row);
	}

	override webSocketError(ws: WebSocket): void {
		const seat = this.#seats.remove(ws);
		close(ws, CLOSE.internal);
		if (seat?.row) this.#lose(seat.row);
	}

	/** The close event that follows, or does not (half-open), finds nothing left to do. */
	#end(ws: WebSocket, code: CloseCode, reason = ""): void {
		const seat = this.#seats.remove(ws);
		close(ws, code, reason);
		if (seat?.row && code !== CLOSE.nodeReplaced) this.#lose(seat.row);
	}

	// ------------------------------------------------------------ nodes that fail

	/** Its socket is gone; the node may be back on another at once. */
	#lose(row: Row): void {
		const until = Math.max(Date.now() + NODE_RETURN_MS, this.#beganAt + BEGIN_GRACE_MS);
		this.#lost.set(row.id, until);
		this.#lookAt(until);
	}

	#fail(row: Row, why: string): void {
		const seat = this.#seats.registered(row.id);
		if (seat) {
			this.#seats.remove(seat.ws);
			close(seat.ws, CLOSE.silent);
		}
		const now = Date.now();
		this.#registry.failed(row.id, now);
		this.#failed.set(row.id, now);
		this.#gone(row, why);
	}

	/** The process that registered so is no more; its rooms must know. */
	#gone(row: Row, why: string): void {
		this.#lost.delete(row.id);
		this.#registry.remove(row.id);
		const rooms = this.#served.gone(row.id, Date.now());
		console.warn({ event: "node gone", node: row.id, why, rooms });
		if (rooms > 0) this.#tellFailed();
	}

	/** Looks at the nodes then, or earlier. */
	#lookAt(time: number): void {
		const at = Math.max(time, Date.now() + LOOK_MS);
		if (this.#alarmAt <= at) return;
		this.#alarmAt = at;
		this.ctx.waitUntil(this.ctx.storage.setAlarm(at));
	}

	override async alarm(): Promise<void> {
		this.#alarmAt = Number.POSITIVE_INFINITY;
		const now = Date.now();
		for (const [node, until] of [...this.#lost]) {
			const row = this.#registry.get(node);
			if (!row) this.#lost.delete(node);
			else if (until > now) this.#lookAt(until);
			else this.#fail(row, "its socket was lost");
		}
		for (const seat of [...this.#seats.all()]) {
			// The next time at which it could have failed: while all are well, no more is looked at than that.
			const failsAt = Math.max(this.#seats.lastSign(seat) + NODE_SILENT_MS, this.#beganAt + BEGIN_GRACE_MS);
			if (failsAt > now) this.#lookAt(failsAt);
			else this.#fail(seat.row, "silent");
		}
		if (this.#failed.size > 0) this.#failed = this.#registry.failedSince(now - SHAKY_MS);
		this.#tellFailed();
		for (const node of [...this.#drainsUntold]) {
			this.#drainsUntold.delete(node);
			this.#tellDraining(node);
		}
	}

	#tellFailed(): void {
		if (this.#served.ofGone(1).length > 0) this.#tell(this.#notices.tellFailed());
	}

	#tellDraining(node: string): void {
		this.#tell(this.#notices.tellDraining(node), node);
	}

	/** What could not be told in one go is told in the alarm's: an event may make so many calls only. */
	#tell(telling: Promise<boolean>, node?: string): void {
		const told = telling.then((more) => {
			if (!more) return;
			if (node !== undefined) this.#drainsUntold.add(node);
			this.#lookAt(Date.now() + NODE_RETURN_MS);
		});
		this.ctx.waitUntil(
			told.catch((error: unknown) => console.error({ event: "rooms not told", error: String(error) })),
		);
	}

	#deadlineOf(node: string): number | undefined {
		const row = this.#seats.registered(node)?.row ?? this.#registry.get(node);
		return row && deadlineOf(row);
	}

	// ------------------------------------------------------------ rooms

	assignFrom(request: AssignRequest, others: Hub[]): Promise<Result<Assigned>> {
		return this.#assigning.from(request, others);
	}

	assignBelow(request: AssignRequest, cost: Cost): Promise<Answer> {
		return this.#assigning.below(request, cost);
	}

	async releaseHere(service: { room: string; node: string; epoch: number }): Promise<boolean> {
		return this.#served.remove(service);
	}

	// ------------------------------------------------------------ TURN

	relaysFrom(others: Hub[]): Promise<Relays> {
		return this.#relays.from(others);
	}

	async relaysHere(): Promise<Relay[]> {
		return this.#relays.here();
	}

	// ------------------------------------------------------------ REST

	async listNodes(): Promise<Node[]> {
		const now = Date.now();
		return [...this.#seats.all()]
			.filter((seat) => !this.#seats.silent(seat, now))
			.map(viewOf)
			.sort((a, b) => (a.id < b.id ? -1 : 1));
	}

	async drain(node: string, { deadlineMs, exit = false }: DrainRequest): Promise<Result<Node>> {
		const seat = this.#seats.registered(node);
		if (!seat) return NO_SUCH_NODE;
		const drain = { deadline: Date.now() + deadlineMs, exit };
		this.#registry.drain(node, drain);
		seat.row.drain = drain;
		send(seat.ws, { type: "drain", ...drain });
		this.#tellDraining(node);
		return { ok: true, value: viewOf(seat) };
	}

	async undrain(node: string): Promise<Result<Node>> {
		// Also of a node that is away now.
		this.#registry.undrain(node);
		const seat = this.#seats.registered(node);
		if (!seat) return NO_SUCH_NODE;
		const drained = seat.row.drain !== undefined;
		seat.row.drain = undefined;
		if (drained) {
			send(seat.ws, { type: "undrain" });
			this.#tellDraining(node);
			if (mayTake(seat)) this.#onAvailable();
		}
		if (seat.row.stopsAt !== undefined) {
			return { ok: false, error: new SwitchyardError("conflict", "the node was told to stop").toJSON() };
		}
		return { ok: true, value: viewOf(seat) };
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

function mustBeRegistered(seat: Seat): asserts seat is RegisteredSeat {
	if (!seat.row) throw new SwitchyardError("bad_request", "register first");
}
