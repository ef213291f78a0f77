/** Node ↔ Fleet, on the node's socket to `/v1/fleet` (subprotocol below, `Authorization: Bearer <node token>`). */
import * as z from "zod";
import { ErrorBody } from "./errors.ts";
import { TurnUrl } from "./ice.ts";
import { NodeId, Region, RoomName } from "./ids.ts";

export const FLEET_SUBPROTOCOL = "switchyard.fleet.v1";

/** What a node can carry and carries now. Fractions are of the whole node. */
export const NodeLoad = z.object({
	/** Busy share of the media workers' cores, 0 to 1. */
	cpu: z.number().min(0).max(1),
	rooms: z.number().int().nonnegative(),
	endpoints: z.number().int().nonnegative(),
	producers: z.number().int().nonnegative(),
	consumers: z.number().int().nonnegative(),
	/** Bits per second in and out. */
	bitrateIn: z.number().nonnegative(),
	bitrateOut: z.number().nonnegative(),
	workers: z.number().int().positive(),
	/** Workers restarted after a crash since start. */
	workerDeaths: z.number().int().nonnegative(),
	/** UDP packets per second in and out, where the node can tell. */
	packetsPerSecond: z.number().nonnegative().optional(),
	/** Media ports left, on a node that takes one per transport. */
	freePorts: z.number().int().nonnegative().optional(),
	/** Consumers that it can hold by its own estimate, from what each cost lately; absent before it knows. */
	capacity: z.number().int().positive().optional(),
	/** Its TURN server answers; absent where it has none. */
	turn: z.boolean().optional(),
});
export type NodeLoad = z.infer<typeof NodeLoad>;

export const NodeReport = z.discriminatedUnion("type", [
	z.object({
		type: z.literal("register"),
		node: NodeId,
		region: Region,
		/** Of the process: another one with the same node has none of its rooms. */
		instance: z.string().max(64).optional(),
		version: z.string().max(64),
		/** Of the router's RTP capabilities; must be the fleet's own (`shared/router-capabilities.ts`). */
		capabilities: z.string().max(64),
		/** Most participants it takes; absent: as its load allows. */
		maxEndpoints: z.number().int().positive().optional(),
		/** What clients are told to send media to. */
		addresses: z.array(z.string().max(256)).max(64),
		/** Where clients reach the TURN server beside it (RFC 7065); the answer is a `turn` message. */
		turn: z.array(TurnUrl).max(8).optional(),
		load: NodeLoad,
	}),
	z.object({ type: z.literal("load"), load: NodeLoad }),
	/** It was told to stop: no new assignments, and it ends at `deadline` (ms since 1970) with what it still carries. */
	z.object({ type: z.literal("draining"), deadline: z.number().int().positive().optional() }),
]);
export type NodeReport = z.infer<typeof NodeReport>;

export const FleetMessage = z.discriminatedUnion("type", [
	z.object({
		type: z.literal("registered"),
		node: NodeId,
		reportMs: z.number().int().positive(),
		/** To be named when it dials again (`?hub=`): it comes back to the object that knows its rooms. */
		hub: z.string().max(32).optional(),
	}),
	/** What its TURN server checks credentials with. Only to nodes that registered one. */
	z.object({ type: z.literal("turn"), secret: z.string() }),
	z.object({ type: z.literal("assignment"), room: RoomName, token: z.string() }),
	/** Its rooms are moved away until `deadline`. `exit`: then it ends, or as soon as it serves nothing any more. */
	z.object({ type: z.literal("drain"), deadline: z.number().int().positive(), exit: z.boolean() }),
	z.object({ type: z.literal("undrain") }),
	z.object({ type: z.literal("refused"), error: ErrorBody }),
]);
export type FleetMessage = z.infer<typeof FleetMessage>;

/** How often a node reports its load, ms. */
export const REPORT_MS = 2_000;
/** How often a node sends the heartbeat, ms. */
export const NODE_HEARTBEAT_MS = 1_000;
/** A node that was not heard from for this long has failed, ms. */
export const NODE_SILENT_MS = 3_000;
/** How long a node whose socket was lost may take to be back, ms. */
export const NODE_RETURN_MS = 1_000;
