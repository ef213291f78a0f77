import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HUB_NAMES, HUBS, hubOf, hubsFrom } from "../../worker/fleet/hubs.ts";

const anyPlace = fc.record(
	{
		region: fc.constantFrom("local", "us-east-1", "eu", "nowhere", "apac"),
		continent: fc.constantFrom("EU", "NA", "AN", "XX"),
		latitude: fc.double({ min: -90, max: 90, noNaN: true }),
		longitude: fc.double({ min: -180, max: 180, noNaN: true }),
	},
	{ requiredKeys: [] },
);

describe("hubs", () => {
	it.each([
		["us-east-1", "enam"],
		["us-west-2", "wnam"],
		["us", "enam"],
		["ca-central-1", "enam"],
		["sa-east-1", "sam"],
		["eu-west-1", "weur"],
		["eu-central-1", "weur"],
		["europe-west4", "weur"],
		["eu-east", "eeur"],
		["eeur", "eeur"],
		["ap-southeast-1", "apac"],
		["ap-southeast-2", "oc"],
		["asia-northeast1", "apac"],
		["af-south-1", "afr"],
		["me-central-1", "me"],
	])("has the region %s at %s", (region, hub) => {
		expect(hubOf({ region })).toBe(hub);
	});

	it("takes a region's name for no more than it is", () => {
		for (const region of ["local", "usual", "mercury", "december"]) expect(hubOf({ region })).toBe("weur");
	});

	it("goes by the region given, then by coordinates, then by continent", () => {
		const tokyo = { latitude: 35.7, longitude: 139.7, continent: "AS" };
		expect(hubOf({ ...tokyo, region: "us-west" })).toBe("wnam");
		expect(hubOf({ ...tokyo, region: "local" })).toBe("apac");
		expect(hubOf({ continent: "SA" })).toBe("sam");
		expect(hubOf({})).toBe("weur");
	});

	it("has each hub at home", () => {
		for (const hub of HUB_NAMES) {
			expect(hubOf(HUBS[hub])).toBe(hub);
			expect(hubOf({ region: hub })).toBe(hub);
		}
	});

	it("orders all of them from any place, its own first", () => {
		fc.assert(
			fc.property(anyPlace, (place) => {
				const order = hubsFrom(place);
				expect(order[0]).toBe(hubOf(place));
				expect([...order].sort()).toEqual([...HUB_NAMES].sort());
			}),
		);
		expect(hubsFrom({ region: "eu-west" }).slice(0, 2)).toEqual(["weur", "eeur"]);
		expect(hubsFrom({ latitude: 50, longitude: 14 })[1]).toBe("weur");
	});
});
