/** What a Room and the REST API ask of the Fleet, and what Fleet tells rooms. */
import type { IceServers } from "../../shared/ice.ts";
import type { Node } from "../../shared/rest.ts";
import type { Relay } from "../ice/relays.ts";
import type { Place, Result } from "../room/rpc.ts";
import type { Hub } from "./hubs.ts";
import type { Cost, RuledOut } from "./placement.ts";

export interface AssignRequest {
	room: string;
	/** The room's next epoch; fences every earlier assignment. */
	epoch: number;
	/** Identifies the assignment; the node can use it once. */
	jti: string;
	/** Where the node dials the room. */
	origin: string;
	near: Place;
	/** Nodes not to choose: they just failed this room. */
	exclude: string[];
	/** Nodes that serve this room already and still take people of it. */
	have: string[];
}

export interface Assigned {
	node: string;
	region: string;
	/** The node is one of `have`: nothing was signed or sent. */
	held: boolean;
}

export interface FleetRpc {
	/**
	 * Chooses a node, signs the assignment for it and sends it there, in one call: this is on the join path.
	 * A node that the room has already is kept when no other is much nearer and it can take more: then nothing is sent.
	 * `no_node` when there is none.
	 */
	assign(request: AssignRequest): Promise<Result<Assigned>>;
	/** The room let go of the node: it is not told of that node's end any more. */
	release(input: { room: string; node: string; epoch: number }): Promise<void>;
	/** No new assignments for the node; its rooms are told to move within that time. `not_found`: it is not here. */
	drain(node: string, input: DrainRequest): Promise<Result<Node>>;
	/** Ends a drain; rooms that have not moved yet stay. */
	undrain(node: string): Promise<Result<Node>>;
	/** Nodes that are connected and were heard from just now, by id. */
	listNodes(): Promise<Node[]>;
	/** What helps clients near here on their way to others. */
	relays(): Promise<Relays>;
}

export interface Relays {
	/** Nodes of the nearest hub that has some whose TURN server answers. */
	nodes: Relay[];
	/** Of Cloudflare's service, where that is configured and answers. */
	cloudflare?: Required<IceServers>;
}

/** What hubs ask of each other, and locate.ts of them. What `FleetRpc` has too is here of the hub's own nodes only. */
export interface HubRpc extends Pick<FleetRpc, "drain" | "undrain" | "listNodes"> {
	/** As `assign`, with the other hubs by their distance, to be asked when there is nothing good enough here. */
	assignFrom(request: AssignRequest, others: Hub[]): Promise<Result<Assigned>>;
	/** A node of this hub, if it is better than what the asking hub has. */
	assignBelow(request: AssignRequest, cost: Cost): Promise<Answer>;
	/** As `relays`, with the other hubs by their distance. */
	relaysFrom(others: Hub[]): Promise<Relays>;
	relaysHere(): Promise<Relay[]>;
	/** False: it is not known here. */
	releaseHere(service: { room: string; node: string; epoch: number }): Promise<boolean>;
}

export interface Answer {
	assigned?: Assigned;
	/** Registered here. */
	nodes: number;
	/** By reason, of those. */
	ruledOut: RuledOut;
}

export interface DrainRequest {
	/** From now, ms. */
	deadlineMs: number;
	/** The node exits when it serves nothing any more, or at the deadline. */
	exit?: boolean;
}

/**
 * What Fleet tells a room of the nodes it serves it with. `epoch` is that of the assignment; a room that does not know it
 * any more ignores the call. Calls may come twice.
 */
export interface RoomNotices {
	/** There is a node again, after there was none for this room. */
	nodeAvailable(): Promise<void>;
	/** The node is gone or does not answer: nothing comes from it any more. */
	nodeFailed(input: { node: string; epoch: number }): Promise<void>;
	/** The node stops at `deadline` (ms since 1970): move before. */
	nodeDraining(input: { node: string; epoch: number; deadline: number }): Promise<void>;
	/** The drain was called off. */
	nodeStays(input: { node: string; epoch: number }): Promise<void>;
}

/** Header that carries a `NodeGrant`, as `encodeURIComponent(JSON)`. The Worker deletes it from what comes in. */
export const NODE_GRANT_HEADER = "x-switchyard-node";

/** A node's socket, verified by the Worker. */
export interface NodeGrant {
	node: string;
	/** The only region that its token lets it register for. */
	region?: string;
	/** Where it dials from. */
	place: Place;
	/** The object that it is handed to. */
	hub: Hub;
}
