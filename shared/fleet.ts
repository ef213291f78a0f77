/** Node ↔ Fleet, on the node's socket to `/v1/fleet` (subprotocol below, `Authorization: Bearer <node token>`). */
import * as z from "zod";
import { ErrorBody } from "./errors.ts";
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
});
export type NodeLoad = z.infer<typeof NodeLoad>;

export const NodeReport = z.discriminatedUnion("type", [
	z.object({
		type: z.literal("register"),
		node: NodeId,
		region: Region,
		version: z.string().max(64),
		/** Of the router's RTP capabilities; must be the fleet's own (`shared/router-capabilities.ts`). */
		capabilities: z.string().max(64),
		/** Most participants it takes; absent: as its load allows. */
		maxEndpoints: z.number().int().positive().optional(),
		/** What clients are told to send media to. */
		addresses: z.array(z.string().max(256)).max(64),
		load: NodeLoad,
	}),
	z.object({ type: z.literal("load"), load: NodeLoad }),
	/** No new assignments from now on. */
	z.object({ type: z.literal("draining") }),
]);
export type NodeReport = z.infer<typeof NodeReport>;

export const FleetMessage = z.discriminatedUnion("type", [
	z.object({ type: z.literal("registered"), node: NodeId, reportMs: z.number().int().positive() }),
	z.object({ type: z.literal("assignment"), room: RoomName, token: z.string() }),
	z.object({ type: z.literal("refused"), error: ErrorBody }),
]);
export type FleetMessage = z.infer<typeof FleetMessage>;

/** How often a node reports its load, ms. */
export const REPORT_MS = 2_000;
