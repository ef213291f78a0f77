import { expect, it } from "vitest";
import { bitrateLimits } from "../../worker/dialects/odoo/bitrate-limits.ts";
import type { Env } from "../../worker/env.ts";

const limits = (env: Partial<Env>) => {
	const { maxIncomingBitrate, maxOutgoingBitrate } = bitrateLimits(env as Env);
	return [maxIncomingBitrate, maxOutgoingBitrate];
};

it("a session may send 8 and be sent 10 Mbit/s, or as the settings have it", () => {
	expect(limits({})).toEqual([8_000_000, 10_000_000]);
	expect(limits({ MAX_BITRATE_IN: "500000", MAX_BITRATE_OUT: "600000.5" })).toEqual([500_000, 600_000]);
});

it.each(["", "0", "-5", "unlimited", "Infinity", "0.5"])("%j is no bit rate: the default holds", (text) => {
	expect(limits({ MAX_BITRATE_IN: text, MAX_BITRATE_OUT: text })).toEqual([8_000_000, 10_000_000]);
});
