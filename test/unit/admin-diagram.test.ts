import { describe, expect, it } from "vitest";
import { type Box, type DiagramNode, layOut } from "../../client/admin/diagram-layout.ts";
import { placementOf } from "../../client/admin/placement.ts";
import type { Participant, RoomNode } from "../../shared/rest.ts";

const person = (id: string, node?: string): Participant => ({
	...{ id, state: "joined", joinedAt: 0, tracks: [], node },
	rights: { publish: [], subscribe: true, send: true, moderate: false },
});
const node = (id: string, region: string, people = 2): DiagramNode => ({
	...{ id, region, state: "ready" },
	people: Array.from({ length: people }, (_, i) => ({ id: `${id}-${i}`, name: "", publishes: true, away: false })),
});
const overlap = (a: Box, b: Box) =>
	a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe("the picture of a room", () => {
	const nodes = [node("a", "eu"), node("b", "eu", 12), node("c", "us"), node("d", "us"), node("e", "asia", 0)];
	const pipes = [
		{ from: "a", to: "b", tracks: 3 },
		{ from: "b", to: "a", tracks: 1 },
		{ from: "c", to: "a", tracks: 2 },
		{ from: "a", to: "gone", tracks: 9 },
	];

	it.each([1160, 700, 330])("fits into %i px, and nothing lies on anything else", (width) => {
		const { regions, nodes: boxes, height } = layOut(nodes, pipes, width);
		for (const boxesOf of [regions, boxes]) {
			for (const box of boxesOf) {
				expect(box.x + box.width).toBeLessThanOrEqual(width);
				expect(box.y + box.height).toBeLessThanOrEqual(height);
				for (const other of boxesOf) if (other !== box) expect(overlap(box, other)).toBe(false);
			}
		}
		expect(boxes).toHaveLength(5);
		expect(regions.map(({ name }) => name)).toEqual(["asia", "eu", "us"]);
	});

	it("has one line for both directions, and none to what is not in it", () => {
		const lines = layOut(nodes, pipes, 1160).pipes.map(({ a, b, there, back }) => ({ a, b, there, back }));
		expect(lines).toEqual([
			{ a: "a", b: "b", there: 3, back: 1 },
			{ a: "a", b: "c", there: 0, back: 2 },
		]);
	});

	it("shows some of many", () => {
		const [, many] = layOut([node("a", "eu", 8), node("b", "eu", 9)], [], 1160).nodes;
		expect(many).toMatchObject({ more: 2 });
	});
});

describe("who is where", () => {
	it("comes from the participants where the room does not name them", () => {
		const n1 = { id: "n1", region: "eu", state: "linked" as const, participants: [], pipes: [] };
		const { nodes, pipes } = placementOf({ nodes: [n1] }, [person("ada", "n1"), person("bo")], () => undefined);
		expect(nodes.map(({ id, region, people }) => [id, region, people.map(({ id }) => id)])).toEqual([
			["n1", "eu", ["ada"]],
			["no node yet", "waiting", ["bo"]],
		]);
		expect(pipes).toEqual([]);
	});

	it("comes from the room when it tells more", () => {
		const told: RoomNode[] = [
			{ id: "n1", region: "eu", state: "draining", participants: ["ada"], pipes: [{ to: "n2", tracks: 2 }] },
			{ id: "n2", region: "us", state: "linked", participants: ["bo"], pipes: [] },
		];
		const { nodes, pipes } = placementOf({ nodes: told }, [person("ada"), person("bo", "n1")], () => undefined);
		expect(nodes.map(({ id, state, people }) => [id, state, people.map(({ id }) => id)])).toEqual([
			["n1", "draining", ["ada"]],
			["n2", "linked", ["bo"]],
		]);
		expect(pipes).toEqual([{ from: "n1", to: "n2", tracks: 2 }]);
	});
});
