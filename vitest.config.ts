import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Real processes on the machine's own ports and cores: one file at a time, and time to start them. */
const outside = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
	test: {
		projects: [
			{ test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
			{
				plugins: [
					cloudflareTest({
						wrangler: { configPath: "./wrangler.toml" },
						miniflare: { bindings: { AUTH_KEY: "c3dpdGNoeWFyZCB0ZXN0IGtleSwgMzIgYnl0ZXMgb2s=", DEMO: "true" } },
					}),
				],
				test: { name: "edge", include: ["test/edge/**/*.test.ts"] },
			},
			{ test: { name: "integration", include: ["test/integration/**/*.test.ts"], ...outside } },
			{ test: { name: "browser", include: ["test/browser/**/*.test.ts"], ...outside } },
			{ test: { name: "chaos", include: ["test/chaos/**/*.test.ts"], ...outside } },
		],
	},
});
