/** Which node a room's media goes to. A pure function of what Fleet knows. */
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
	/** Assignments given to it since it last reported its load, which its load does not show yet. */
	pending: number;
}

export interface PlacementRequest {
	near: Place;
	exclude: readonly string[];
}

/** From this share of its cores on, a node only gets what no other can take, however near it is. */
const BUSY_CPU = 0.85;
/** What one assignment is guessed to cost until the node reports it. */
const PENDING_CPU = 0.02;
/** Nodes whose distance differs by less are equally near: some 5 ms of light in fibre, there and back. */
const NEAR_KM = 500;
/** Differences of load below this are noise. */
const CPU_STEP = 0.05;

export function place<T extends Candidate>(nodes: readonly T[], request: PlacementRequest): T | undefined {
	let best: { node: T; rank: number[] } | undefined;
	for (const node of nodes) {
		if (!eligible(node, request)) continue;
		const rank = rankOf(node, request.near);
		if (!best || before(rank, node.id, best.rank, best.node.id)) best = { node, rank };
	}
	return best?.node;
}

export function isFull(node: Pick<Candidate, "load" | "maxEndpoints" | "pending">): boolean {
	return node.maxEndpoints !== undefined && node.load.endpoints + node.pending >= node.maxEndpoints;
}

function eligible(node: Candidate, request: PlacementRequest): boolean {
	return !node.draining && !node.silent && !isFull(node) && !request.exclude.includes(node.id);
}

/** Compared from the left, lower is better. */
function rankOf(node: Candidate, near: Place): number[] {
	const cpu = node.load.cpu + node.pending * PENDING_CPU;
	const fill = node.maxEndpoints === undefined ? 0 : (node.load.endpoints + node.pending) / node.maxEndpoints;
	return [
		cpu >= BUSY_CPU ? 1 : 0,
		near.region === undefined || near.region === node.region ? 0 : 1,
		Math.floor(kilometres(near, node.place) / NEAR_KM),
		Math.floor(cpu / CPU_STEP),
		fill,
		node.load.endpoints + node.pending,
	];
}

function before(a: readonly number[], aId: string, b: readonly number[], bId: string): boolean {
	for (const [i, value] of a.entries()) {
		const other = b[i] ?? 0;
		if (value !== other) return value < other;
	}
	return aId < bId;
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
