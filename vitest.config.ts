import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Real processes on the machine's own ports and cores: one file at a time, and time to start them. */
const outside = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 };
/**
 * Media is never the same twice: what fails once is tried again, and both are in the report. The second try must find
 * nothing of the first: names, nodes and people are made by the test itself, or by a story (test/support/story.ts).
 */
const media = { ...outside, retry: 1 };

export default defineConfig({
	test: {
		projects: [
			{ test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
			{
				plugins: [
					cloudflareTest({
						wrangler: { configPath: "./wrangler.toml" },
						miniflare: {
							bindings: {
								AUTH_KEY: "c3dpdGNoeWFyZCB0ZXN0IGtleSwgMzIgYnl0ZXMgb2s=",
								DEMO: "true",
								DUCKSOUP_ALLOWED_WS_ORIGINS: "https://lab.test, https://other-lab.test",
								DUCKSOUP_LOG_STDOUT: "false",
								DUCKSOUP_TEST_LOGIN: "ducksoup",
								DUCKSOUP_TEST_PASSWORD: "not the default",
								PION: "true",
								TALKSY: "true",
							},
						},
					}),
				],
				test: { name: "edge", include: ["test/edge/**/*.test.ts"] },
			},
			{
				// The edge again, with events of all rooms: going to nobody is what the tests above are under.
				plugins: [
					cloudflareTest({
						wrangler: { configPath: "./wrangler.toml" },
						miniflare: {
							bindings: {
								AUTH_KEY: "c3dpdGNoeWFyZCB0ZXN0IGtleSwgMzIgYnl0ZXMgb2s=",
								EVENT_FEED: "true",
								WEBHOOK_SECRET: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
								EVENT_RETRY_MS: "40",
								EVENT_RETRY_MOST_MS: "200",
								WEBHOOK_TIMEOUT_MS: "1500",
								MAX_PENDING_EVENTS: "20",
							},
							outboundService: "hooks",
							queueProducers: { EVENTS: "switchyard-events" },
							durableObjects: { HOSTS: { className: "Host", scriptName: "hooks" } },
							workers: [
								{
									name: "hooks",
									modules: true,
									scriptPath: "test/events/support/hooks.mjs",
									compatibilityDate: "2026-11-01",
									durableObjects: { HOST: { className: "Host", useSQLite: true } },
									queueConsumers: { "switchyard-events": { maxBatchSize: 100, maxBatchTimeout: 0 } },
								},
							],
						},
					}),
				],
				test: { name: "events", include: ["test/events/**/*.test.ts"] },
			},
			{ test: { name: "integration", include: ["test/integration/**/*.test.ts"], ...media } },
			{
				test: {
					name: "browser",
					include: ["test/browser/**/*.test.ts"],
					globalSetup: "test/support/build-client.ts",
					...media,
				},
			},
			{ test: { name: "chaos", include: ["test/chaos/**/*.test.ts"], ...outside } },
		],
	},
});
