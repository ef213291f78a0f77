/**
 * Pictures of an interaction's bit rates, drawn from its log when it is over: whatever becomes of the room's memory
 * meanwhile, the log has it all, and nothing is kept for them until then.
 */
import { archiveOf } from "../../../archive/locate.ts";
import type { Core } from "../../../room/core.ts";
import type { Interaction } from "../interaction.ts";
import { logWritten } from "../log.ts";
import { folderOf, plotName } from "../names.ts";
import { Courses } from "./courses.ts";
import { pictureOf } from "./picture.ts";

const TRIES = 3;

/** Nothing waits for it. Begun when the last line is logged. */
export function makePlots(core: Core, interaction: Interaction): void {
	if (core.env.DUCKSOUP_GENERATE_PLOTS === "true") core.ctx.waitUntil(make(core, interaction));
}

async function make(core: Core, interaction: Interaction): Promise<void> {
	await logWritten(core);
	for (let tried = 1; ; tried++) {
		try {
			return await plot(core, interaction);
		} catch (error) {
			if (tried < TRIES) continue;
			console.error({ event: "plots not made", log: interaction.log, error: String(error) });
			return;
		}
	}
}

async function plot(core: Core, interaction: Interaction): Promise<void> {
	const archive = archiveOf(core.env, folderOf(interaction));
	const log = await archive.read(interaction.log);
	if (!log) return;
	const courses = new Courses();
	for await (const line of linesOf(log)) courses.add(line);
	const { namespace, name, createdAt } = interaction;
	const about = { namespace, interaction: name, createdAt, started: courses.started };
	for (const course of courses.all()) {
		await archive.write(plotName(course.kind, course.user), pictureOf(course, about));
	}
}

async function* linesOf(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string> {
	let rest = "";
	for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
		const lines = (rest + text).split("\n");
		rest = lines.pop() ?? "";
		yield* lines;
	}
}
