import { expect, it } from "vitest";
import { readConfig } from "../../media-node/config.ts";

const REQUIRED = { EDGE_URL: "https://edge.test/", NODE_ID: "n1", NODE_TOKEN: "t" };

it("needs the edge, an id and a token, and has a default for the rest", () => {
	expect(readConfig(REQUIRED)).toMatchObject({
		...{ edge: "https://edge.test", id: "n1", token: "t", region: "local", listenAddress: "0.0.0.0" },
		...{ mediaPort: 40_000, httpAddress: "127.0.0.1", httpPort: 9_090, maxEndpoints: undefined, logLevel: "info" },
	});
	expect(readConfig(REQUIRED).workers).toBeGreaterThan(0);
	expect(readConfig(REQUIRED).announced.length).toBeGreaterThan(0);
});

it("takes several announced addresses, also by name", () => {
	const config = readConfig({ ...REQUIRED, ANNOUNCED_ADDRESS: "203.0.113.7, media.example.org" });
	expect(config.announced).toEqual(["203.0.113.7", "media.example.org"]);
});

it("takes an empty variable for an absent one", () => {
	expect(readConfig({ ...REQUIRED, MEDIA_PORT: "", WORKERS: "" }).mediaPort).toBe(40_000);
});

it.each([
	["EDGE_URL", "ftp://edge.test"],
	["NODE_ID", "no spaces"],
	["NODE_REGION", "EU"],
	["MEDIA_PORT", "65536"],
	["WORKERS", "0"],
	["SPARE_PIPELINES", "65"],
	["MAX_OUTGOING_BITRATE", "29999"],
	["MAX_ENDPOINTS", "-1"],
	["ANNOUNCED_ADDRESS", "a,,b"],
	["LOG_LEVEL", "loud"],
])("refuses %s=%s, and names it", (name, value) => {
	expect(() => readConfig({ ...REQUIRED, [name]: value })).toThrow(name);
});

it("names everything that is missing at once", () => {
	expect(() => readConfig({})).toThrow(/EDGE_URL[\s\S]*NODE_ID[\s\S]*NODE_TOKEN/);
});

it("refuses ports beyond the last for as many workers and addresses", () => {
	expect(() => readConfig({ ...REQUIRED, MEDIA_PORT: "65530", WORKERS: "8" })).toThrow("MEDIA_PORT");
});

it("takes Odoo's names for bit rates, read as there; its own go before them", () => {
	const limits = (env: Record<string, string>) => {
		const { maxIncomingBitrate, maxOutgoingBitrate } = readConfig({ ...REQUIRED, ...env });
		return [maxIncomingBitrate, maxOutgoingBitrate];
	};
	expect(limits({})).toEqual([10_000_000, undefined]);
	expect(limits({ MAX_BITRATE_IN: "8000000", MAX_BITRATE_OUT: "9000000" })).toEqual([8_000_000, 9_000_000]);
	expect(limits({ MAX_BITRATE_IN: "0", MAX_BITRATE_OUT: "much" })).toEqual([10_000_000, undefined]);
	const own = { MAX_INCOMING_BITRATE: "1000000", MAX_OUTGOING_BITRATE: "2000000" };
	expect(limits({ ...own, MAX_BITRATE_IN: "8000000", MAX_BITRATE_OUT: "9000000" })).toEqual([1_000_000, 2_000_000]);
});
