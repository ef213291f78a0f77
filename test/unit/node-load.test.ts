import { describe, expect, it } from "vitest";
import { Capacity } from "../../media-node/observability/capacity.ts";
import { countDatagrams } from "../../media-node/observability/datagrams.ts";

describe("a node's capacity", () => {
	it("is not known before there is something to measure", () => {
		expect(new Capacity().estimate({ cpu: 0.5, consumers: 19 })).toBe(undefined);
	});

	it("is what the cores hold at the cost of one", () => {
		const capacity = new Capacity();
		expect(capacity.estimate({ cpu: 0.1, consumers: 100 })).toBe(850);
		expect(capacity.estimate({ cpu: 0, consumers: 3 })).toBe(850);
	});

	it("follows the cost, without jumping", () => {
		const capacity = new Capacity();
		capacity.estimate({ cpu: 0.1, consumers: 100 });
		const next = capacity.estimate({ cpu: 0.2, consumers: 100 }) ?? 0;
		expect(next).toBeLessThan(850);
		expect(next).toBeGreaterThan(425);
		for (let i = 0; i < 50; i++) capacity.estimate({ cpu: 0.2, consumers: 100 });
		expect(capacity.estimate({ cpu: 0.2, consumers: 100 })).toBe(425);
	});

	it("is never so small that a node with few participants counts as full for ever", () => {
		const capacity = new Capacity();
		for (let i = 0; i < 50; i++) capacity.estimate({ cpu: 1, consumers: 20 });
		expect(capacity.estimate({ cpu: 0, consumers: 5 })).toBe(20);
	});
});

describe("datagrams", () => {
	it("are counted in both directions", () => {
		const text = "Ip: Forwarding\nIp: 1\nUdp: InDatagrams NoPorts InErrors OutDatagrams\nUdp: 100 1 2 50\n";
		expect(countDatagrams(text)).toBe(150);
	});

	it("are not known where the system does not tell", () => {
		expect(countDatagrams("")).toBe(undefined);
		expect(countDatagrams("Udp: InDatagrams\nUdp: 1\n")).toBe(undefined);
	});
});
