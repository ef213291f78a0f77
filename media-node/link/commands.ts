/** Reads a frame of commands. One that cannot be read does not take its neighbours with it: the edge may be newer. */
import * as z from "zod";
import { SwitchyardError } from "../../shared/errors.ts";
import { EndpointId, TrackId } from "../../shared/ids.ts";
import { Cause, LinkCommand, type LinkReport } from "../../shared/link.ts";

/** Enough of a bad command to refuse the request behind it. */
const Refusable = z.object({ endpoint: EndpointId, track: TrackId.optional().catch(undefined), cause: Cause });

export interface Reading {
	commands: LinkCommand[];
	/** Answers to those that could not be read and have a cause. */
	refusals: LinkReport[];
	/** What was wrong, for the log. */
	problems: string[];
}

export function readCommands(text: string): Reading {
	const reading: Reading = { commands: [], refusals: [], problems: [] };
	let frame: unknown;
	try {
		frame = JSON.parse(text);
	} catch {
		frame = undefined;
	}
	if (!Array.isArray(frame)) {
		reading.problems.push("not a JSON array");
		return reading;
	}
	for (const item of frame) {
		const parsed = LinkCommand.safeParse(item);
		if (parsed.success) {
			reading.commands.push(parsed.data);
			continue;
		}
		const error = SwitchyardError.fromZod(parsed.error);
		reading.problems.push(error.message);
		const refusable = Refusable.safeParse(item);
		if (refusable.success) reading.refusals.push({ type: "failed", ...refusable.data, error: error.toJSON() });
	}
	return reading;
}
