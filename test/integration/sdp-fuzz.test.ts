import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { log } from "../../media-node/observability/logger.ts";
import { RoomMedia } from "../../media-node/rtc/room-media.ts";
import type { Workers } from "../../media-node/rtc/workers.ts";
import { readDescription } from "../../media-node/sdp/read.ts";
import { type LinkReport, LinkReport as Report } from "../../shared/link.ts";
import { SdpSettings } from "../../shared/sdp.ts";
import { Random } from "../support/random.ts";
import { startWorkers } from "../support/sdp-room.ts";

/** More on demand: `FUZZ=100000 SEED=3`. */
const ROUNDS = Number(process.env.FUZZ ?? 10_000);
const SEED = Number(process.env.SEED ?? 1);
/** Descriptions that one endpoint is given. */
const EACH = 10;

const folder = new URL("../vectors/", import.meta.url);
const vectors = readdirSync(folder).flatMap((file) =>
	file.endsWith(".sdp") ? [readFileSync(new URL(file, folder), "utf8")] : [],
);

let workers: Workers;
beforeAll(async () => {
	log.level = "silent";
	workers = await startWorkers(0);
});
afterAll(() => workers?.close());

describe("descriptions as an attacker or a broken client writes them", () => {
	it(`${ROUNDS} of them: each gets an answer or an error that says why, and nothing is left behind`, async () => {
		const numbers = new Random(SEED);
		const random = () => numbers.next();
		const waiting = new Map<number, (report: LinkReport) => void>();
		const limits = {
			...{ maxIncomingBitrate: 10_000_000, initialOutgoingBitrate: 1_000_000 },
			...{ maxOutgoingBitrate: 0, listenAddress: "127.0.0.1", pipeAddress: "127.0.0.1" },
			effectsLatencyMs: 150,
		};
		const media = new RoomMedia("fuzz", workers, limits, (input) => {
			// The room reads reports by this schema: one that it could not read would leave a client without an answer.
			const report = Report.parse(JSON.parse(JSON.stringify(input)));
			if ("cause" in report && report.cause) waiting.get(report.cause.request)?.(report);
		});
		const codes = new Map<string, number>();
		for (let round = 0, request = 0; round < ROUNDS; round += EACH) {
			const endpoint = `e${round + 1}`;
			const participant = "fuzz";
			const sdp = SdpSettings.parse({ fill: random() < 0.3, renumber: random() < 0.7, polite: random() < 0.5 });
			media.execute({ type: "open", endpoint, participant, send: true, recv: true, data: false, sdp });
			const answers = Array.from({ length: EACH }, async () => {
				const description = { type: random() < 0.8 ? "offer" : "answer", sdp: mutated(random) } as const;
				const cause = { participant, request: ++request };
				const answered = new Promise<LinkReport>((resolve) => waiting.set(cause.request, resolve));
				media.execute({ type: "description", endpoint, connection: "", description, cause });
				const report = await answered;
				waiting.delete(cause.request);
				return { report, description };
			});
			for (const { report, description } of await Promise.all(answers)) {
				const key = report.type === "failed" ? report.error.code : report.type;
				codes.set(key, (codes.get(key) ?? 0) + 1);
				expect(key, JSON.stringify([report, description, SEED])).not.toBe("internal");
				if (report.type === "failed") expect(report.error.message).not.toBe("");
				if (report.type === "description") readDescription(report.description.sdp);
			}
			media.execute({ type: "close", endpoint });
		}
		expect([...codes.keys()]).toEqual(expect.arrayContaining(["description", "bad_request"]));
		const [worker] = workers.all;
		media.close();
		const { channelMessageHandlers } = (await worker?.worker.dump()) ?? {};
		expect(JSON.stringify(channelMessageHandlers)).not.toContain("ransport");
	}, 280_000);
});

/** One of the vectors with a few changes of the kinds that break parsers. */
function mutated(random: () => number): string {
	const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
	let lines = pick(vectors).split("\r\n");
	const changes = Math.floor(random() * 4);
	for (let i = 0; i < changes; i++) {
		const at = Math.floor(random() * lines.length);
		const line = lines[at] ?? "";
		switch (Math.floor(random() * 10)) {
			case 0:
				lines.splice(at, 1);
				break;
			case 1:
				lines.splice(at, 0, line);
				break;
			case 2:
				lines.splice(at, 0, pick(pick(vectors).split("\r\n")));
				break;
			case 3:
				lines = lines.slice(0, at);
				break;
			case 4:
				lines[at] = line.replace(/\d+/, () => pick(["-1", "0", "256", "65536", "4294967296", "1e99", "NaN"]));
				break;
			case 5:
				lines[at] = `${line}${"x".repeat(Math.floor(random() * 5_000))}`;
				break;
			case 6:
				lines[at] = line.slice(0, Math.floor(random() * line.length));
				break;
			case 7: {
				const to = Math.floor(random() * line.length);
				lines[at] = line.slice(0, to) + pick(["\0", "\r", "💥", ":", " ", ";", "=", "__proto__", "/"]) + line.slice(to);
				break;
			}
			case 8:
				lines[at] = pick([
					"a=rid:x send",
					"a=simulcast:send a;b;c",
					"a=ssrc:0 x",
					"m=audio 0 RTP/AVP 0",
					"a=mid:",
					"a=inactive",
				]);
				break;
			default:
				lines = lines.toSorted(() => random() - 0.5);
		}
	}
	return lines.join("\r\n");
}
