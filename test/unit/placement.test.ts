import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	type Candidate,
	explain,
	isFull,
	isOverloaded,
	kilometres,
	NEAR_KM,
	place,
	utilisation,
} from "../../worker/fleet/placement.ts";
import type { Place } from "../../worker/room/rpc.ts";

const PARIS: Place = { continent: "EU", country: "FR", latitude: 48.86, longitude: 2.35 };
const FRANKFURT: Place = { continent: "EU", country: "DE", latitude: 50.11, longitude: 8.68 };
const NEW_YORK: Place = { continent: "NA", country: "US", latitude: 40.71, longitude: -74.01 };

function node(id: string, change: Partial<Candidate> & { cpu?: number; endpoints?: number } = {}): Candidate {
	const { cpu = 0.1, endpoints = 0, ...rest } = change;
	return {
		id,
		region: "eu",
		place: {},
		load: {
			...{ cpu, endpoints, rooms: 0, producers: 0, consumers: 0, bitrateIn: 0, bitrateOut: 0, workers: 2 },
			workerDeaths: 0,
		},
		draining: false,
		silent: false,
		shaky: false,
		pending: 0,
		...rest,
	};
}

const ask = (near: Place = {}, exclude: string[] = [], have: string[] = [], room = "r") => ({
	...{ near, exclude, have, room },
});
const choose = (nodes: Candidate[], ...request: Parameters<typeof ask>) => place(nodes, ask(...request)).node?.id;

const anyPlace = fc.oneof(
	fc.constantFrom(PARIS, FRANKFURT, NEW_YORK, {}),
	fc.record({ continent: fc.constantFrom("EU", "AS") }),
);
const anyNode = fc.record({
	region: fc.constantFrom("eu", "us"),
	place: anyPlace,
	cpu: fc.double({ min: 0, max: 1, noNaN: true }),
	endpoints: fc.nat(20),
	maxEndpoints: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
	draining: fc.boolean(),
	silent: fc.boolean(),
	shaky: fc.boolean(),
	pending: fc.nat(3),
});
const anyNodes = fc.array(anyNode, { maxLength: 12 }).map((all) => all.map((change, i) => node(`n${i}`, change)));
const anyNear = fc
	.tuple(anyPlace, fc.option(fc.constantFrom("eu", "us"), { nil: undefined }))
	.map(([p, region]) => ({ ...p, region }));
const anyExclude = fc.subarray(["n0", "n1", "n2", "n3"]);

describe("placement", () => {
	it("never chooses a node that is draining, silent, full, overloaded or excluded, and chooses one whenever another is left", () => {
		fc.assert(
			fc.property(anyNodes, anyNear, anyExclude, (nodes, near, exclude) => {
				const fit = nodes.filter(
					(n) => !n.draining && !n.silent && !isFull(n) && !isOverloaded(n) && !exclude.includes(n.id),
				);
				const chosen = choose(nodes, near, exclude);
				expect(fit.some(({ id }) => id === chosen)).toBe(fit.length > 0);
			}),
		);
	});

	it("does not depend on the order in which nodes registered", () => {
		fc.assert(
			fc.property(
				anyNodes.chain((nodes) =>
					fc.tuple(fc.constant(nodes), fc.shuffledSubarray(nodes, { minLength: nodes.length })),
				),
				anyNear,
				([nodes, shuffled], near) => {
					expect(choose(shuffled, near)).toBe(choose(nodes, near));
				},
			),
		);
	});

	it("does not change its choice when a node it did not choose goes", () => {
		fc.assert(
			fc.property(anyNodes, anyNear, fc.nat(11), (nodes, near, at) => {
				const chosen = choose(nodes, near);
				const rest = nodes.filter((n, i) => i !== at || n.id === chosen);
				expect(choose(rest, near)).toBe(chosen);
			}),
		);
	});

	it("goes no step further than the nearest that is fit, whatever the load, and stays with the room's node there", () => {
		fc.assert(
			fc.property(anyNodes, anyPlace, fc.subarray(["n0", "n1", "n2", "n3"]), (nodes, near, have) => {
				const { node: chosen } = place(nodes, ask(near, [], have));
				const rivals = nodes.filter((n) => !n.draining && !n.silent && !isFull(n) && !isOverloaded(n));
				const steady = rivals.some((n) => !n.shaky) ? rivals.filter((n) => !n.shaky) : rivals;
				const steps = (n: Candidate) => Math.floor(kilometres(near, n.place) / NEAR_KM);
				const nearest = steady.filter((n) => steps(n) === Math.min(...steady.map(steps)));
				expect(nearest.includes(chosen as Candidate)).toBe(nearest.length > 0);
				const held = nearest.filter((n) => have.includes(n.id) && utilisation(n) < 0.7);
				if (held.length > 0) expect(held).toContain(chosen);
			}),
		);
	});

	it("takes the region asked for before the nearest", () => {
		const nodes = [node("near", { place: PARIS }), node("there", { region: "us", place: NEW_YORK })];
		expect(choose(nodes, { ...PARIS, region: "us" })).toBe("there");
	});

	it("takes another region when there is nothing in the one asked for", () => {
		expect(choose([node("only")], { region: "mars" })).toBe("only");
	});

	it("takes the nearest, by coordinates or else by continent", () => {
		const nodes = [node("a", { place: NEW_YORK }), node("b", { place: FRANKFURT })];
		expect(choose(nodes, PARIS)).toBe("b");
		expect(choose(nodes, { continent: "NA" })).toBe("a");
		expect(choose(nodes, { country: "DE" })).toBe("b");
	});

	it("takes the less loaded of nodes that are equally near", () => {
		const nodes = [node("a", { place: PARIS, cpu: 0.6 }), node("b", { place: FRANKFURT, cpu: 0.2 })];
		expect(choose(nodes, PARIS)).toBe("b");
	});

	it("goes far rather than to a node that is overloaded, by its cores or by what it can hold", () => {
		const nodes = [node("a", { place: PARIS, cpu: 0.95 }), node("b", { place: NEW_YORK })];
		expect(choose(nodes, PARIS)).toBe("b");
		expect(choose([node("a", { place: PARIS, cpu: 0.95 })], PARIS)).toBe(undefined);
		const full = node("c", { place: PARIS });
		full.load = { ...full.load, consumers: 500, capacity: 500 };
		expect(choose([full, ...nodes], PARIS)).toBe("b");
	});

	it("takes no node without a port left", () => {
		const full = node("a");
		full.load = { ...full.load, freePorts: 0 };
		expect(choose([full])).toBe(undefined);
	});

	it("takes a node that failed just now when there is no other only", () => {
		const nodes = [node("a", { place: PARIS, shaky: true }), node("b", { place: NEW_YORK, cpu: 0.8 })];
		expect(choose(nodes, PARIS)).toBe("b");
		expect(choose(nodes.slice(0, 1), PARIS)).toBe("a");
	});

	it("keeps a node that the room has among those that are equally near, until it is crowded", () => {
		const nodes = [node("a", { place: PARIS, cpu: 0.65 }), node("b", { place: FRANKFURT })];
		const crowded = node("a", { place: PARIS, cpu: 0.75 });
		expect(choose(nodes, PARIS, [], ["a"])).toBe("a");
		expect(choose([crowded, node("b", { place: FRANKFURT })], PARIS, [], ["a"])).toBe("b");
		expect(choose([crowded, node("b", { place: NEW_YORK })], PARIS, [], ["a"])).toBe("a");
		expect(choose(nodes, PARIS)).toBe("b");
	});

	it("takes a new node for somebody far from what the room has", () => {
		const nodes = [node("a", { place: PARIS }), node("b", { place: NEW_YORK })];
		expect(choose(nodes, NEW_YORK, [], ["a"])).toBe("b");
		expect(choose(nodes, PARIS, [], ["b", "a"])).toBe("a");
	});

	it("gives a room one node of equals, and different rooms different ones", () => {
		const nodes = Array.from({ length: 10 }, (_, i) => node(`node-${i}`));
		const counts = new Map<string, number>();
		for (let i = 0; i < 5_000; i++) {
			const id = choose(nodes, {}, [], [], `room-${i}`) ?? "";
			expect(choose([...nodes].reverse(), {}, [], [], `room-${i}`)).toBe(id);
			counts.set(id, (counts.get(id) ?? 0) + 1);
		}
		expect([...counts.values()].every((n) => n > 400 && n < 600)).toBe(true);
	});

	it("says how many were ruled out for what", () => {
		const nodes = [node("a", { draining: true }), node("b", { cpu: 1 }), node("c", { cpu: 0.9 }), node("d")];
		expect(explain(place(nodes, ask({}, ["d"])).ruledOut)).toBe(
			"no media node is available: 1 draining, 2 overloaded, 1 excluded",
		);
		expect(explain(place([], ask()).ruledOut)).toBe("no media node is connected");
	});

	it("chooses among 10,000 in a few milliseconds", () => {
		const nodes = Array.from({ length: 10_000 }, (_, i) => node(`n${i}`, { place: i % 2 ? PARIS : FRANKFURT }));
		place(nodes, ask(PARIS));
		const began = performance.now();
		for (let i = 0; i < 10; i++) place(nodes, ask(PARIS, [], [], `r${i}`));
		expect((performance.now() - began) / 10).toBeLessThan(50);
	});

	it("takes the emptier of nodes with the same CPU", () => {
		const nodes = [node("a", { endpoints: 8, maxEndpoints: 10 }), node("b", { endpoints: 8, maxEndpoints: 100 })];
		expect(choose(nodes)).toBe("b");
	});

	it("spreads rooms that come faster than nodes report", () => {
		const nodes = [node("a"), node("b"), node("c")];
		for (let i = 0; i < 30; i++) {
			const { node: chosen } = place(nodes, ask({}, [], [], `room-${i}`));
			if (chosen) chosen.pending++;
		}
		for (const { pending } of nodes) expect(Math.abs(pending - 10)).toBeLessThan(6);
	});

	it("knows the way from Paris to New York", () => {
		expect(kilometres(PARIS, NEW_YORK)).toBeGreaterThan(5_800);
		expect(kilometres(PARIS, NEW_YORK)).toBeLessThan(5_870);
		expect(kilometres(PARIS, PARIS)).toBe(0);
	});
});
