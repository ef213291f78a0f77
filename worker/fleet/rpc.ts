/** What a Room and the REST API ask of the Fleet. */
import type { Node } from "../../shared/rest.ts";
import type { Place, Result } from "../room/rpc.ts";

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
}

export interface FleetRpc {
	/**
	 * Chooses a node, signs the assignment for it and sends it there, in one call: this is on the join path.
	 * `no_node` when there is none.
	 */
	assign(request: AssignRequest): Promise<Result<{ node: string; region: string }>>;
	/** Nodes that are connected and were heard from just now, by id. */
	listNodes(): Promise<Node[]>;
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
}
