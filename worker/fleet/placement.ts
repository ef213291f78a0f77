/** Which node a participant's media goes to. A pure function of what Fleet knows: distance, then load, then spread. */
import type { NodeLoad } from "../../shared/fleet.ts";
import type { Place } from "../room/rpc.ts";

/** A node as placement sees it. */
export interface Candidate {
	id: string;
	region: string;
	place: Place;
	/** Of the place, where whoever keeps the node has it ready. */
	point?: Point;
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
 * How far from ideal a node is, in any hub, lower is better: shaky before outside the region asked for, before distance
 * in steps, before new to the room. One number, as `place` compares some for each node.
 */
export type Cost = number;
export const NO_COST: Cost = Number.POSITIVE_INFINITY;
/** More steps of distance, and of load, than there are. */
const STEPS = 64;

/** From this share of its cores, or of what it can hold, on, a node gets nothing. */
const OVERLOAD = 0.85;
/** What one assignment is guessed to cost until the node reports it: of one core, and in consumers at least. */
const PENDING = { cpu: 0.02, consumers: 4 } as const;
/** From here on a node is no longer kept for being the room's: what it has of rooms must have space to grow. */
const CROWDED = 0.7;
/** What a core forwards in a second, at best (docs/bench.md). */
const PACKETS_PER_CORE = 80_000;
/** Nodes whose distance differs by less are equally near: some 5 ms of light in fibre, there and back. */
export const NEAR_KM = 500;
/** From this distance on, another hub may have a nearer one. */
const FAR_KM = 1_000;
/** Differences of load below this are noise. */
const LOAD_STEP = 0.05;

export function place<T extends Candidate>(nodes: Iterable<T>, request: PlacementRequest): Placement<T> {
	const { near, have } = request;
	const ruledOut: RuledOut = {};
	const from = pointAt(near);
	const seed = hash(request.room);
	let best: T | undefined;
	let [bestCost, bestLoad, bestHash] = [NO_COST, 0, 0];
	for (const node of nodes) {
		const reason = objectionTo(node, request);
		if (reason) {
			ruledOut[reason] = (ruledOut[reason] ?? 0) + 1;
			continue;
		}
		const km = from && node.point ? between(from, node.point) : kilometres(near, node.place);
		const elsewhere = near.region !== undefined && !isWithin(node.region, near.region);
		const steps = Math.floor(km / NEAR_KM);
		const used = utilisation(node);
		const kept = used < CROWDED && have.includes(node.id);
		const cost = ((+node.shaky * 2 + +elsewhere) * STEPS + steps) * 2 + +!kept;
		if (cost > bestCost) continue;
		const load = Math.floor(used / LOAD_STEP);
		if (cost === bestCost && load > bestLoad) continue;
		// Rendezvous hashing: of equals, each room has an order of its own, which nodes that come and go do not change.
		const own = hash(node.id, seed);
		const better =
			cost < bestCost || load < bestLoad || own > bestHash || (own === bestHash && node.id < (best?.id ?? ""));
		if (best && !better) continue;
		[best, bestCost, bestLoad, bestHash] = [node, cost, load, own];
	}
	return { node: best, cost: bestCost, ruledOut };
}

/** For the `no_node` that says why. */
export function explain(ruledOut: RuledOut): string {
	const reasons = Object.entries(ruledOut).map(([reason, count]) => `${count} ${reason}`);
	return reasons.length > 0 ? `no media node is available: ${reasons.join(", ")}` : "no media node is connected";
}

/** Nothing much better is to be hoped for elsewhere: a node in good order, where it was asked for, within 1,000 km. */
export function isGood(cost: Cost, near: Place): boolean {
	// Without knowing where the participant is, nothing is far.
	const known = near.latitude !== undefined || near.continent !== undefined;
	return cost < (known ? FAR_KM / NEAR_KM : STEPS) * 2;
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
	if (load.cpu + (pending * PENDING.cpu) / load.workers >= OVERLOAD) return true;
	return load.capacity !== undefined && consumersOf(load, pending) >= load.capacity;
}

/** With those that pending participants will have, if they are like the others there. */
function consumersOf({ consumers, endpoints }: NodeLoad, pending: number): number {
	return consumers + pending * Math.max(PENDING.consumers, endpoints > 0 ? consumers / endpoints : 0);
}

/** The scarcest of what it has, 0 to 1. */
export function utilisation({ load, maxEndpoints, pending }: Sized): number {
	const cpu = load.cpu + (pending * PENDING.cpu) / load.workers;
	const held = load.capacity ? consumersOf(load, pending) / load.capacity : 0;
	const seats = maxEndpoints ? (load.endpoints + pending) / maxEndpoints : 0;
	const packets = (load.packetsPerSecond ?? 0) / (load.workers * PACKETS_PER_CORE);
	return Math.max(cpu, held * OVERLOAD, seats, packets);
}

function objectionTo(node: Candidate, { exclude }: PlacementRequest): Reason | undefined {
	if (node.draining) return "draining";
	if (node.silent) return "silent";
	if (isFull(node)) return "full";
	if (isOverloaded(node)) return "overloaded";
	return exclude.includes(node.id) ? "excluded" : undefined;
}

/** `us-east` is within `us`. */
export function isWithin(region: string, asked: string): boolean {
	return region === asked || region.startsWith(`${asked}-`);
}

/** FNV-1a, and a last mix (of MurmurHash3): without it, ids that differ in their end hash alike. */
export function hash(text: string, seed = 0x811c9dc5): number {
	let h = seed;
	for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
	h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
	h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
	return (h ^ (h >>> 16)) >>> 0;
}

/** As well as it is known: by coordinates, else guessed from country and continent. */
export function kilometres(a: Place, b: Place): number {
	const [from, to] = [pointAt(a), pointAt(b)];
	if (from && to) return between(from, to);
	if (a.country !== undefined && a.country === b.country) return 400;
	if (a.continent === undefined || b.continent === undefined) return 5_000;
	return a.continent === b.continent ? 2_000 : 10_000;
}

const EARTH_RADIUS_KM = 6_371;

/** A place on the unit sphere: distances between such cost no trigonometry for each pair. */
export type Point = readonly [number, number, number];

export function pointAt({ latitude, longitude }: Place): Point | undefined {
	if (latitude === undefined || longitude === undefined) return undefined;
	const [phi, lambda] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180];
	return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

/** Along the great circle, from the chord. */
function between(a: Point, b: Point): number {
	const chord = Math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2);
	return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, chord / 2));
}
