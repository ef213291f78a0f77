/** What a Room asks of the Fleet. */
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
}
