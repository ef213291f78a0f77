import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Candidate, isFull, kilometres, place } from "../../worker/fleet/placement.ts";
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
		pending: 0,
		...rest,
	};
}

const choose = (nodes: Candidate[], near: Place = {}, exclude: string[] = []) => place(nodes, { near, exclude })?.id;

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
	pending: fc.nat(3),
});
const anyNodes = fc.array(anyNode, { maxLength: 12 }).map((all) => all.map((change, i) => node(`n${i}`, change)));
const anyNear = fc
	.tuple(anyPlace, fc.option(fc.constantFrom("eu", "us"), { nil: undefined }))
	.map(([p, region]) => ({ ...p, region }));
const anyExclude = fc.subarray(["n0", "n1", "n2", "n3"]);

describe("placement", () => {
	it("never chooses a node that is draining, silent, full or excluded, and chooses one whenever another is left", () => {
		fc.assert(
			fc.property(anyNodes, anyNear, anyExclude, (nodes, near, exclude) => {
				const fit = nodes.filter((n) => !n.draining && !n.silent && !isFull(n) && !exclude.includes(n.id));
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

	it("goes far rather than to a node that is busy", () => {
		const nodes = [node("a", { place: PARIS, cpu: 0.95 }), node("b", { place: NEW_YORK })];
		expect(choose(nodes, PARIS)).toBe("b");
		expect(choose([node("a", { place: PARIS, cpu: 0.95 })], PARIS)).toBe("a");
	});

	it("takes the emptier of nodes with the same CPU", () => {
		const nodes = [node("a", { endpoints: 8, maxEndpoints: 10 }), node("b", { endpoints: 8, maxEndpoints: 100 })];
		expect(choose(nodes)).toBe("b");
	});

	it("spreads rooms that come faster than nodes report", () => {
		const nodes = [node("a"), node("b"), node("c")];
		for (let i = 0; i < 30; i++) {
			const chosen = place(nodes, { near: {}, exclude: [] });
			if (chosen) chosen.pending++;
		}
		expect(nodes.map((n) => n.pending)).toEqual([10, 10, 10]);
	});

	it("knows the way from Paris to New York", () => {
		expect(kilometres(PARIS, NEW_YORK)).toBeGreaterThan(5_800);
		expect(kilometres(PARIS, NEW_YORK)).toBeLessThan(5_870);
		expect(kilometres(PARIS, PARIS)).toBe(0);
	});
});
