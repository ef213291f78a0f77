/** Which node a participant's media goes to. A pure function of what Fleet knows: distance, then load, then spread. */
import type { NodeLoad } from "../../shared/fleet.ts";
import type { Place } from "../room/rpc.ts";

/** A node as placement sees it. */
export interface Candidate {
	id: string;
	region: string;
	place: Place;
	load: NodeLoad;
	maxEndpoints?: number;
	draining: boolean;
	/** Not heard from for too long. */
	silent: boolean;
	/** Failed just now, and registered anew since: only when there is no other. */
	shaky: boolean;
	/** Assignments given to it since it last reported its load, which its load does not show yet. */
	pending: number;
}

export interface PlacementRequest {
	/** Rooms that ask for the same go to different nodes by it, and one room to the same node each time. */
	room: string;
	near: Place;
	exclude: readonly string[];
	/** Nodes that the room has: kept when no other is nearer. */
	have: readonly string[];
}

/** Why a node was not considered. */
export type Reason = "excluded" | "draining" | "silent" | "full" | "overloaded";

/** How many nodes were ruled out for what. */
export type RuledOut = Partial<Record<Reason, number>>;

export interface Placement<T> {
	node?: T;
	/** Of the node, infinite without one. */
	cost: Cost;
	ruledOut: RuledOut;
}

/**
 * How far from ideal a node is, in any hub: shaky; outside the region asked for; distance in steps; new to the room.
 * Lower is better, compared from the left.
 */
export type Cost = [number, number, number, number];
export const NO_COST: Cost = [Infinity, Infinity, Infinity, Infinity];

/** From this share of its cores, or of what it can hold, on, a node gets nothing. */
const OVERLOAD = 0.85;
/** What one assignment is guessed to cost until the node reports it: of the cores, and in consumers. */
const PENDING = { cpu: 0.02, consumers: 4 } as const;
/** Nodes whose distance differs by less are equally near: some 5 ms of light in fibre, there and back. */
export const NEAR_KM = 500;
/** From this distance on, another hub may have a nearer one. */
const FAR_KM = 1_000;
/** Differences of load below this are noise. */
const LOAD_STEP = 0.05;

export function place<T extends Candidate>(nodes: Iterable<T>, request: PlacementRequest): Placement<T> {
	const ruledOut: RuledOut = {};
	let best: { node: T; rank: Rank } | undefined;
	for (const node of nodes) {
		const reason = objectionTo(node, request);
		if (reason) {
			ruledOut[reason] = (ruledOut[reason] ?? 0) + 1;
			continue;
		}
		const rank = rankOf(node, request);
		if (!best || before(node.id, rank, best.node.id, best.rank, request.room)) best = { node, rank };
	}
	if (!best) return { cost: NO_COST, ruledOut };
	const [shaky, elsewhere, steps, fresh] = best.rank;
	return { node: best.node, cost: [shaky, elsewhere, steps, fresh], ruledOut };
}

/** For the `no_node` that says why. */
export function explain(ruledOut: RuledOut): string {
	const reasons = Object.entries(ruledOut).map(([reason, count]) => `${count} ${reason}`);
	return reasons.length > 0 ? `no media node is available: ${reasons.join(", ")}` : "no media node is connected";
}

export function cheaper(a: Cost, b: Cost): boolean {
	return compare(a, b) < 0;
}

/** Nothing much better is to be hoped for elsewhere: a node in good order, where it was asked for, within 1,000 km. */
export function isGood([shaky, elsewhere, steps]: Cost, near: Place): boolean {
	if (shaky > 0 || elsewhere > 0) return false;
	// Without knowing where the participant is, nothing is far.
	return steps * NEAR_KM < FAR_KM || (near.latitude === undefined && near.continent === undefined);
}

export function addUp(sum: RuledOut, more: RuledOut): void {
	for (const [reason, count] of Object.entries(more) as [Reason, number][]) sum[reason] = (sum[reason] ?? 0) + count;
}

type Sized = Pick<Candidate, "load" | "maxEndpoints" | "pending">;

/** It has as many participants as it was configured to take, or no port left. */
export function isFull({ load, maxEndpoints, pending }: Sized): boolean {
	return load.freePorts === 0 || (maxEndpoints !== undefined && load.endpoints + pending >= maxEndpoints);
}

/** Its cores or what it can hold are used up. */
export function isOverloaded({ load, pending }: Sized): boolean {
	if (load.cpu + pending * PENDING.cpu >= OVERLOAD) return true;
	return load.capacity !== undefined && load.consumers + pending * PENDING.consumers >= load.capacity;
}

/** The scarcest of what it has, 0 to 1. */
export function utilisation({ load, maxEndpoints, pending }: Sized): number {
	const cpu = load.cpu + pending * PENDING.cpu;
	const held = load.capacity ? (load.consumers + pending * PENDING.consumers) / load.capacity : 0;
	const seats = maxEndpoints ? (load.endpoints + pending) / maxEndpoints : 0;
	return Math.max(cpu, held * OVERLOAD, seats);
}

function objectionTo(node: Candidate, { exclude }: PlacementRequest): Reason | undefined {
	if (node.draining) return "draining";
	if (node.silent) return "silent";
	if (isFull(node)) return "full";
	if (isOverloaded(node)) return "overloaded";
	return exclude.includes(node.id) ? "excluded" : undefined;
}

/** Shaky; elsewhere; distance; new to the room; load. Lower is better, compared from the left. */
type Rank = readonly [number, number, number, number, number];

function rankOf(node: Candidate, { near, have }: PlacementRequest): Rank {
	return [
		node.shaky ? 1 : 0,
		near.region === undefined || isWithin(node.region, near.region) ? 0 : 1,
		Math.floor(kilometres(near, node.place) / NEAR_KM),
		have.includes(node.id) ? 0 : 1,
		Math.floor(utilisation(node) / LOAD_STEP),
	];
}

/** `us-east` is within `us`. */
function isWithin(region: string, asked: string): boolean {
	return region === asked || region.startsWith(`${asked}-`);
}

function compare(a: readonly number[], b: readonly number[]): number {
	for (let i = 0; i < a.length; i++) {
		const [x = 0, y = 0] = [a[i], b[i]];
		if (x !== y) return x < y ? -1 : 1;
	}
	return 0;
}

function before(a: string, aRank: Rank, b: string, bRank: Rank, room: string): boolean {
	const order = compare(aRank, bRank);
	if (order !== 0) return order < 0;
	// Rendezvous hashing: of equals, each room has an order of its own, which nodes that come and go do not change.
	const [x, y] = [hash(room, a), hash(room, b)];
	return x === y ? a < b : x > y;
}

/** FNV-1a over both, and a last mix (of MurmurHash3): without it, ids that differ in their end hash alike. */
function hash(room: string, node: string): number {
	let h = 0x811c9dc5;
	for (const text of [room, "\n", node]) {
		for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
	}
	h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
	h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
	return (h ^ (h >>> 16)) >>> 0;
}

/** As well as it is known: by coordinates, else guessed from country and continent. */
export function kilometres(a: Place, b: Place): number {
	if (a.latitude !== undefined && a.longitude !== undefined && b.latitude !== undefined && b.longitude !== undefined) {
		return greatCircle(a.latitude, a.longitude, b.latitude, b.longitude);
	}
	if (a.country !== undefined && a.country === b.country) return 400;
	if (a.continent === undefined || b.continent === undefined) return 5_000;
	return a.continent === b.continent ? 2_000 : 10_000;
}

const EARTH_RADIUS_KM = 6_371;

/** Haversine. */
function greatCircle(lat1: number, lon1: number, lat2: number, lon2: number): number {
	const radians = (degrees: number) => (degrees * Math.PI) / 180;
	const h =
		Math.sin(radians(lat2 - lat1) / 2) ** 2 +
		Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * Math.sin(radians(lon2 - lon1) / 2) ** 2;
	return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(1, h)));
}
