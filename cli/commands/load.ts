import * as z from "zod";
import { command, wholeNumber } from "../lib/command.ts";
import { Failure, UsageError } from "../lib/errors.ts";
import { describeReport, report } from "../load/report.ts";

export const load = command({
	words: ["load"],
	about: "Fills rooms with bots that publish and watch, and tells what came of it. Ctrl-C ends it early.",
	options: {
		rooms: { value: "N", about: "1 unless given" },
		publishers: { value: "N", about: "in each room; 1 unless given" },
		watchers: { value: "N", about: "in each room, each receiving all publishers; 2 unless given" },
		seconds: { value: "S", about: "how long to measure once all are there; 10 unless given" },
		concurrency: { value: "N", about: "how many join at a time; 10 unless given" },
		"no-audio": { about: "publishers send no audio (50 packets/s, 32 kb/s)" },
		"no-video": { about: "publishers send no video (30 packets/s, 240 kb/s)" },
	},
	input: z.object({
		rooms: wholeNumber(1, 1_000).default(1),
		publishers: wholeNumber(1, 250).default(1),
		watchers: wholeNumber(0, 10_000).default(2),
		seconds: wholeNumber(1, 86_400).default(10),
		concurrency: wholeNumber(1, 1_000).default(10),
		"no-audio": z.boolean().default(false),
		"no-video": z.boolean().default(false),
	}),
	async run({ "no-audio": noAudio, "no-video": noVideo, ...rest }, context) {
		if (noAudio && noVideo) throw new UsageError("--no-audio and --no-video leave nothing to send");
		const options = { ...rest, audio: !noAudio, video: !noVideo };
		const { Load } = await loadBots();
		const result = report(options, await new Load(options, context).run());
		context.out.result(result, () => describeReport(result));
		return result.joins.failed > 0 || (result.firstPacket.missing > 0 && !result.interrupted) ? 1 : 0;
	},
});

/** Only here: they bring a WebRTC stack, which an installation without development packages does not have. */
async function loadBots() {
	try {
		return await import("../load/load.ts");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
		throw new Failure("the bots' packages are not installed", "npm run setup installs them");
	}
}
