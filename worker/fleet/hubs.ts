/**
 * Where Fleet objects are: one in each of the platform's regions, by the names of its location hints. Each has the nodes
 * near it.
 */
import type { Place } from "../room/rpc.ts";
import { kilometres } from "./placement.ts";

/** Coordinates are where the most data centres of the region are. */
export const HUBS = {
	wnam: { continent: "NA", latitude: 37.4, longitude: -122.1 },
	enam: { continent: "NA", latitude: 39.0, longitude: -77.5 },
	sam: { continent: "SA", latitude: -23.5, longitude: -46.6 },
	weur: { continent: "EU", latitude: 50.1, longitude: 4.4 },
	eeur: { continent: "EU", latitude: 52.2, longitude: 21.0 },
	apac: { continent: "AS", latitude: 22.3, longitude: 114.2 },
	oc: { continent: "OC", latitude: -33.9, longitude: 151.2 },
	afr: { continent: "AF", latitude: -26.2, longitude: 28.0 },
	me: { continent: "AS", latitude: 25.2, longitude: 55.3 },
} as const satisfies Record<string, Place>;
export type Hub = keyof typeof HUBS;

export const HUB_NAMES = Object.keys(HUBS) as Hub[];

/** Where everything is of which nothing is known: a fleet without coordinates has one hub. */
const DEFAULT_HUB: Hub = "weur";

const BY_CONTINENT: Readonly<Record<string, Hub>> = {
	...{ NA: "enam", SA: "sam", EU: "weur", AS: "apac", OC: "oc", AF: "afr" },
};

/** How names of regions begin that operators and clouds use; the first that fits. */
const BY_REGION: readonly (readonly [RegExp, Hub])[] = [
	[/^(wnam|us-west|us-southwest|northamerica-west|ca-west|canada-west|westus)/, "wnam"],
	[/^(enam|us|ca|northamerica|eastus|centralus|mx)(-|\d|$)/, "enam"],
	[/^(sam|sa|southamerica|latam|br|brazil)(-|\d|$)/, "sam"],
	[/^(eeur|eu-east|europe-east|pl)(-|\d|$)/, "eeur"],
	[/^(weur|eu|europe|uk|gb|fr|de|nl)(-|\d|$)/, "weur"],
	[/^(oc|au|nz|australia|oceania|ap-southeast-2|ap-southeast-4)(-|\d|$)/, "oc"],
	[/^(apac|ap|asia|jp|sg|in|hk)(-|\d|$)/, "apac"],
	[/^(afr|af|africa|za)(-|\d|$)/, "afr"],
	[/^(me|middleeast|il|ae)(-|\d|$)/, "me"],
];

export function isHub(name: string): name is Hub {
	return Object.hasOwn(HUBS, name);
}

/** The hub that a region's name tells. */
export function hubOfRegion(region: string | undefined): Hub | undefined {
	return region === undefined ? undefined : BY_REGION.find(([begin]) => begin.test(region))?.[1];
}

/** The hub of a place: by the region given explicitly, else by coordinates, else by continent. */
export function hubOf(place: Place): Hub {
	const named = hubOfRegion(place.region);
	if (named) return named;
	if (place.latitude !== undefined && place.longitude !== undefined) return nearest(place);
	return (place.continent && BY_CONTINENT[place.continent]) || DEFAULT_HUB;
}

/** All hubs, the place's own first, then by their distance. */
export function hubsFrom(place: Place): [Hub, ...Hub[]] {
	const own = hubOf(place);
	// A region given explicitly is where distances are taken from, wherever the participant is.
	const from = place.region === undefined && place.latitude !== undefined ? place : HUBS[own];
	const distance = (hub: Hub) => kilometres(from, HUBS[hub]);
	const others = HUB_NAMES.filter((hub) => hub !== own).sort((a, b) => distance(a) - distance(b));
	return [own, ...others];
}

function nearest(place: Place): Hub {
	return HUB_NAMES.reduce((a, b) => (kilometres(place, HUBS[b]) < kilometres(place, HUBS[a]) ? b : a));
}
