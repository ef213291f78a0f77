/**
 * Placement at the size it is made for, simulated: the functions that Fleet calls, with nodes and participants made up.
 * No sockets and no objects: what is measured is the choice itself, and what comes of a million of them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPORT_MS } from "../shared/fleet.ts";
import { Random } from "../test/support/random.ts";
import { HUB_NAMES, type Hub, hubOf, hubsFrom } from "../worker/fleet/hubs.ts";
import {
	type Candidate,
	isGood,
	isOverloaded,
	kilometres,
	NO_COST,
	type PlacementRequest,
	place,
	pointAt,
} from "../worker/fleet/placement.ts";
import type { Place } from "../worker/room/rpc.ts";
import { type Figures, percentile } from "./lib/figures.ts";
import { plot } from "./lib/placement-plot.ts";

const NODES = 10_000;
const PARTICIPANTS = 1_000_000;
/** All rooms begin in this time, s, and each one's people come within some time of that, s in the mean. */
const [BEGIN_S, COME_S] = [600, 60];
/** So many of those who lost their node get another between two reports of load. */
const MOVES_PER_REPORT = 10_000;
/** Of a participant's room, how many others are sent to it at most, with sound and picture. */
const SHOWN = 16;
/** Of all that nodes can hold, what the participants need. */
const DEMAND = 0.6;
/** That dies. */
const FAILED_REGION = "eu-west-2";

/** Latitude, longitude, share of the participants. Clouds' regions, populations guessed. */
const REGIONS: Readonly<Record<string, readonly [number, number, number]>> = {
	"us-east-1": [39.0, -77.5, 8],
	"us-east-2": [40.0, -83.0, 4],
	"us-central-1": [41.3, -95.9, 3],
	"us-south-1": [32.8, -96.8, 4],
	"us-west-1": [37.4, -122.1, 5],
	"us-west-2": [45.8, -119.7, 2],
	"ca-central-1": [45.5, -73.6, 2],
	"mx-central-1": [20.6, -100.4, 2],
	"sa-east-1": [-23.5, -46.6, 5],
	"sa-west-1": [-33.4, -70.7, 1],
	"sa-north-1": [4.7, -74.1, 2],
	"eu-west-1": [53.3, -6.3, 2],
	"eu-west-2": [51.5, -0.1, 6],
	"eu-west-3": [48.9, 2.4, 5],
	"eu-central-1": [50.1, 8.7, 7],
	"eu-south-1": [45.5, 9.2, 4],
	"eu-south-2": [40.4, -3.7, 3],
	"eu-north-1": [59.3, 18.1, 2],
	"eu-east-1": [52.2, 21.0, 4],
	"me-central-1": [25.2, 55.3, 3],
	"me-west-1": [32.1, 34.8, 1],
	"af-south-1": [-33.9, 18.4, 1],
	"af-west-1": [6.5, 3.4, 2],
	"ap-south-1": [19.1, 72.9, 7],
	"ap-southeast-1": [1.4, 103.8, 4],
	"ap-southeast-3": [-6.2, 106.8, 3],
	"ap-east-1": [22.3, 114.2, 2],
	"ap-northeast-1": [35.7, 139.7, 5],
	"ap-northeast-2": [37.6, 127.0, 3],
	"oc-east-1": [-33.9, 151.2, 2],
};

/** People in a room, and the share of the rooms. Guessed: most calls are of two, and some are lectures. */
const SIZES: readonly (readonly [number, number])[] = [
	[2, 45],
	[3, 15],
	[4, 12],
	[6, 12],
	[10, 9],
	[25, 4],
	[60, 2],
	[200, 0.8],
	[500, 0.2],
];
/** The share of a room's people who are where it began. */
const AT_HOME = 0.8;

interface SimNode extends Candidate {
	/** What it carries now; `load` is what it reported last. */
	consumers: number;
	capacity: number;
	members: number;
}

interface Member {
	near: Place;
	node?: SimNode;
}

interface Room {
	name: string;
	members: Member[];
}

function pick<T>(next: () => number, weighted: readonly (readonly [T, number])[]): T {
	let left = next() * weighted.reduce((sum, [, weight]) => sum + weight, 0);
	for (const [value, weight] of weighted) {
		left -= weight;
		if (left < 0) return value;
	}
	return (weighted.at(-1) as readonly [T, number])[0];
}

const REGION_WEIGHTS = Object.entries(REGIONS).map(([name, [, , weight]]) => [name, weight] as const);

/** Somewhere within some hundred kilometres of a region's centre. */
function near(next: () => number, region: string): Place {
	const [latitude, longitude] = REGIONS[region] ?? [0, 0];
	const off = () => (next() + next() + next() - 1.5) * 5;
	return { latitude: latitude + off(), longitude: longitude + off() };
}

function makeRooms(next: () => number): Room[] {
	const rooms: Room[] = [];
	for (let left = PARTICIPANTS; left > 0; ) {
		const size = Math.min(left, pick(next, SIZES));
		const home = pick(next, REGION_WEIGHTS);
		const members = Array.from({ length: size }, () => ({
			near: near(next, next() < AT_HOME ? home : pick(next, REGION_WEIGHTS)),
		}));
		rooms.push({ name: `room-${rooms.length}`, members });
		left -= size;
	}
	return rooms;
}

/** What the `count`th to join brings: it is sent the others, and each of them it, if they are shown so many. */
function consumersOf(count: number): { own: number; each: number } {
	return { own: 2 * Math.min(count - 1, SHOWN), each: count - 1 <= SHOWN ? 2 : 0 };
}

function makeNodes(next: () => number, consumers: number): SimNode[] {
	const shares = REGION_WEIGHTS.map(([, weight]) => weight);
	const whole = shares.reduce((a, b) => a + b, 0);
	const nodes: SimNode[] = [];
	for (const [region, weight] of REGION_WEIGHTS) {
		// Operators do not foresee demand exactly.
		const count = Math.max(20, Math.round(((NODES * weight) / whole) * (0.75 + next() * 0.5)));
		const [latitude = 0, longitude = 0] = REGIONS[region] ?? [];
		for (let i = 0; i < count; i++) {
			const at = { latitude, longitude };
			const workers = pick(next, [
				[4, 3],
				[8, 5],
				[16, 2],
			]);
			nodes.push({
				...{
					id: `${region}-${i}`,
					region,
					place: at,
					point: pointAt(at),
					draining: false,
					silent: false,
					shaky: false,
				},
				...{ pending: 0, consumers: 0, capacity: workers, members: 0 },
				load: {
					...{ cpu: 0, rooms: 0, endpoints: 0, producers: 0, consumers: 0, bitrateIn: 0, bitrateOut: 0 },
					...{ workers, workerDeaths: 0 },
				},
			});
		}
	}
	const cores = nodes.reduce((sum, { capacity }) => sum + capacity, 0);
	for (const node of nodes) node.capacity = Math.round((node.capacity * consumers) / DEMAND / cores);
	return nodes;
}

class World {
	readonly hubs = new Map<Hub, SimNode[]>(HUB_NAMES.map((hub) => [hub, []]));
	readonly nodes: readonly SimNode[];
	assignments = 0;
	hubsAsked = 0;
	refused = 0;
	held = 0;

	constructor(nodes: readonly SimNode[]) {
		this.nodes = nodes;
		for (const node of nodes) this.hubs.get(hubOf({ ...node.place, region: node.region }))?.push(node);
	}

	/** As Fleet's `assignFrom`. */
	assign(request: PlacementRequest): SimNode | undefined {
		this.assignments++;
		const [own, ...others] = hubsFrom(request.near);
		let best = this.#ask(own, request);
		if (!isGood(best.cost, request.near)) {
			for (const hub of others) {
				const answer = this.#ask(hub, request);
				if (answer.cost >= best.cost) continue;
				// The first better one takes it.
				best = answer;
				break;
			}
		}
		if (best.cost === NO_COST) this.refused++;
		return best.node;
	}

	#ask(hub: Hub, request: PlacementRequest) {
		this.hubsAsked++;
		return place(this.hubs.get(hub) ?? [], request);
	}

	/** A member who joins gets a node. */
	serve(room: Room, member: Member): void {
		const others = room.members.filter((other) => other.node);
		const have = [...new Set(others.map(({ node }) => node?.id ?? ""))];
		const node = this.assign({ room: room.name, near: member.near, exclude: [], have });
		if (!node) return;
		if (have.includes(node.id)) this.held++;
		const { own, each } = consumersOf(others.length + 1);
		member.node = node;
		node.members++;
		node.pending++;
		node.consumers += own;
		if (each > 0) for (const other of others) if (other.node) other.node.consumers += each;
	}

	/** As `serve`, of one whom the others were sent all the time: what they are sent stays theirs. */
	move(room: Room, member: Member): void {
		const others = room.members.filter((other) => other !== member && other.node);
		const have = [...new Set(others.map(({ node }) => node?.id ?? ""))];
		const node = this.assign({ room: room.name, near: member.near, exclude: [], have });
		if (!node) return;
		member.node = node;
		node.members++;
		node.pending++;
		node.consumers += consumersOf(room.members.length).own;
	}

	/** Every node reports its load. */
	report(): void {
		for (const node of this.nodes) {
			node.pending = 0;
			node.load.consumers = node.consumers;
			node.load.capacity = node.capacity;
			node.load.cpu = Math.min(1, (0.85 * node.consumers) / node.capacity);
			node.load.endpoints = node.members;
		}
	}

	/** What nodes carry of what they can hold. */
	utilisations(): number[] {
		return this.nodes.filter(({ silent }) => !silent).map((node) => node.consumers / node.capacity);
	}
}

/** 0: all alike; 1: one has everything. */
function gini(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const sum = sorted.reduce((a, b) => a + b, 0);
	return (
		sorted.reduce((total, value, i) => total + (2 * (i + 1) - sorted.length - 1) * value, 0) / (sorted.length * sum)
	);
}

function balance(world: World) {
	const all = world.utilisations();
	const byRegion = REGION_WEIGHTS.map(([region]) =>
		world.nodes.filter((node) => node.region === region && !node.silent).map((node) => node.consumers / node.capacity),
	).filter((values) => values.length > 0);
	return {
		p50: percentile(all, 0.5),
		p95: percentile(all, 0.95),
		most: all.reduce((a, b) => Math.max(a, b), 0),
		gini: gini(all),
		/** Of the nodes of one region, where load can be shared at no distance. */
		giniWithinRegion: percentile(byRegion.map(gini), 0.5),
		overloaded: world.nodes.filter((node) => !node.silent && isOverloaded(node)).length,
		values: all,
	};
}

/** How far each is from its node, and from the nearest there is. */
function distances(rooms: readonly Room[], nodes: readonly SimNode[]) {
	const places = [
		...new Map(nodes.filter(({ silent }) => !silent).map(({ region, place: at }) => [region, at])).values(),
	];
	const [chosen, beyond]: [number[], number[]] = [[], []];
	for (const { members } of rooms) {
		for (const member of members) {
			if (!member.node) continue;
			const km = kilometres(member.near, member.node.place);
			chosen.push(km);
			beyond.push(
				km - places.reduce((least, at) => Math.min(least, kilometres(member.near, at)), Number.POSITIVE_INFINITY),
			);
		}
	}
	const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
	return {
		mean: sum(chosen) / chosen.length,
		p95: percentile(chosen, 0.95),
		optimumMean: (sum(chosen) - sum(beyond)) / chosen.length,
		beyondMean: sum(beyond) / beyond.length,
		beyondP95: percentile(beyond, 0.95),
		beyond,
	};
}

export async function placement(): Promise<Figures> {
	const random = new Random(1);
	const next = () => random.next();
	const rooms = makeRooms(next);
	let consumers = 0;
	for (const { members } of rooms) {
		for (let count = 1; count <= members.length; count++) {
			const { own, each } = consumersOf(count);
			consumers += own + each * (count - 1);
		}
	}
	const world = new World(makeNodes(next, consumers));

	// ---- everybody joins.
	const arrivals = rooms
		.flatMap((room) => {
			const begin = next() * BEGIN_S;
			return room.members.map((member) => ({ room, member, at: begin - Math.log(1 - next()) * COME_S }));
		})
		.sort((a, b) => a.at - b.at);
	const began = performance.now();
	world.report();
	let reported = 0;
	for (const { room, member, at } of arrivals) {
		for (; reported + REPORT_MS / 1_000 <= at; reported += REPORT_MS / 1_000) world.report();
		world.serve(room, member);
	}
	const joinSeconds = (performance.now() - began) / 1_000;
	world.report();
	const before = balance(world);
	const apart = distances(rooms, world.nodes);
	const { assignments, hubsAsked, refused, held } = world;
	const perRoom = rooms.map(({ members }) => new Set(members.map(({ node }) => node)).size);

	// ---- a region dies: its nodes are silent, and whoever was on them needs another.
	const dead = new Set(world.nodes.filter(({ region }) => region === FAILED_REGION));
	for (const node of dead) {
		node.silent = true;
		node.consumers = 0;
	}
	const kept = new Map<Member, SimNode | undefined>();
	const lost: [Room, Member][] = [];
	for (const room of rooms) {
		for (const member of room.members) {
			if (member.node && dead.has(member.node)) lost.push([room, member]);
			else kept.set(member, member.node);
		}
	}
	for (const [, member] of lost) member.node = undefined;
	const failedAt = performance.now();
	let moved = 0;
	for (const [room, member] of lost) {
		world.move(room, member);
		if (++moved % MOVES_PER_REPORT === 0) world.report();
	}
	const failSeconds = (performance.now() - failedAt) / 1_000;
	world.report();
	const after = balance(world);
	const stranded = lost.filter(([, member]) => !member.node).length;
	const bystanders = [...kept].filter(([member, node]) => member.node !== node).length;
	const apartAfter = distances(
		lost.map(([room, member]) => ({ ...room, members: [member] })),
		world.nodes,
	);

	const images = join(import.meta.dirname, "../docs/images");
	mkdirSync(images, { recursive: true });
	writeFileSync(join(images, "placement.svg"), plot(before.values, after.values, apart.beyond));

	const perSecond = assignments / joinSeconds;
	const show = ({ p50, p95, most, gini: all, giniWithinRegion }: typeof before) =>
		[p50, p95, most, all, giniWithinRegion].map((value) => value.toFixed(3));
	const { values: _before, ...balanceBefore } = before;
	const { values: _after, ...balanceAfter } = after;
	const { beyond: _beyond, ...distance } = apart;
	const { beyond: _beyondAfter, ...distanceAfter } = apartAfter;
	return {
		name: "placement",
		what: `${world.nodes.length} nodes in ${REGION_WEIGHTS.length} regions, ${PARTICIPANTS} participants in ${rooms.length} rooms, simulated`,
		head: ["utilisation", "p50", "p95", "most", "Gini", "Gini within a region"],
		rows: [
			["all joined", ...show(before)],
			[`${FAILED_REGION} failed`, ...show(after)],
			["", "", "", "", "", ""],
			["distance, km", "mean", "p95", "optimum's mean", "beyond it, mean", "beyond it, p95"],
			[
				"all joined",
				...[apart.mean, apart.p95, apart.optimumMean, apart.beyondMean, apart.beyondP95].map((km) => km.toFixed(0)),
			],
			[
				"who moved",
				...[apartAfter.mean, apartAfter.p95, apartAfter.optimumMean, apartAfter.beyondMean, apartAfter.beyondP95].map(
					(km) => km.toFixed(0),
				),
			],
			["", "", "", "", "", ""],
			["assignments", "per second", "hubs asked each", "kept the room's node", "refused", ""],
			[
				"joining",
				perSecond.toFixed(0),
				(hubsAsked / assignments).toFixed(3),
				(held / assignments).toFixed(3),
				String(refused),
				"",
			],
			["", "", "", "", "", ""],
			["failure", "nodes", "moved", "others moved", "stranded", "choices took, s"],
			[
				FAILED_REGION,
				String(dead.size),
				String(lost.length),
				String(bystanders),
				String(stranded),
				failSeconds.toFixed(1),
			],
		],
		json: {
			...{ nodes: world.nodes.length, participants: PARTICIPANTS, rooms: rooms.length, consumers },
			balance: { before: balanceBefore, after: balanceAfter },
			distance: { before: distance, moved: distanceAfter },
			assignments: { count: assignments, perSecond, hubsAsked: hubsAsked / assignments, held, refused },
			nodesPerRoom: { mean: perRoom.reduce((a, b) => a + b, 0) / rooms.length, p95: percentile(perRoom, 0.95) },
			failure: { nodes: dead.size, moved: lost.length, bystanders, stranded, seconds: failSeconds },
		},
		bars: [
			{
				bar: "p95 of the distance beyond the optimum at most 500 km",
				value: apart.beyondP95,
				held: apart.beyondP95 <= 500,
			},
			{
				bar: "no node over its cores (1.18 of what it is to hold)",
				value: Math.max(before.most, after.most),
				held: Math.max(before.most, after.most) <= 1.18,
			},
			{ bar: "nobody refused", value: refused + stranded, held: refused + stranded === 0 },
			{
				bar: "Gini within a region at most 0.15",
				value: before.giniWithinRegion,
				held: before.giniWithinRegion <= 0.15,
			},
			{ bar: "nobody moved whose node lived", value: bystanders, held: bystanders === 0 },
		],
	};
}
