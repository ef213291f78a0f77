/** One command from its words to its exit code. */
import { COMMANDS } from "./commands/index.ts";
import type { Command } from "./lib/command.ts";
import { Failure, UsageError } from "./lib/errors.ts";
import { helpOf, helpOfAll, usage } from "./lib/help.ts";
import { Output, type Streams } from "./lib/output.ts";
import { connectTo } from "./lib/where.ts";

export interface Surroundings extends Streams {
	env: NodeJS.ProcessEnv;
	/** Aborted by Ctrl-C. */
	stop: AbortSignal;
}

export async function run(args: readonly string[], { env, stop, ...streams }: Surroundings): Promise<number> {
	const command = find(args);
	try {
		if (!command) return guide(args, streams);
		const { globals, run } = command.prepare(args.slice(command.words.length));
		if (globals.help) {
			streams.stdout.write(`${helpOf(command)}\n`);
			return 0;
		}
		const out = new Output(streams, globals.json);
		return await run({ api: connectTo(globals, env), out, stop });
	} catch (error) {
		return tell(error, command, args.includes("--json"), streams);
	}
}

function find(args: readonly string[]): Command | undefined {
	return COMMANDS.find(({ words }) => words.every((word, i) => args[i] === word));
}

/** No command: help when asked for, or with nothing said; else what there is that begins alike. */
function guide(args: readonly string[], { stdout, stderr }: Streams): number {
	const words = args.filter((word) => !word.startsWith("-"));
	const alike = COMMANDS.filter((it) => words.length > 0 && it.words[0] === words[0]);
	const asked = args.includes("--help") || args.includes("-h") || words[0] === "help" || args.length === 0;
	if (asked && (words.length <= 1 || words[0] === "help")) {
		stdout.write(`${helpOfAll(alike.length > 0 ? alike : COMMANDS)}\n`);
		return 0;
	}
	stderr.write(`switchyard: no command ${words.join(" ") || args.join(" ")}\n`);
	stderr.write(`${helpOfAll(alike.length > 0 ? alike : COMMANDS)}\n`);
	return 2;
}

function tell(error: unknown, command: Command | undefined, json: boolean, { stdout, stderr }: Streams): number {
	if (error instanceof UsageError) {
		stderr.write(`switchyard: ${error.message}\n`);
		if (command) stderr.write(`Usage: ${usage(command)}; --help says more\n`);
		return 2;
	}
	if (!(error instanceof Failure)) throw error;
	if (json) stdout.write(`${JSON.stringify({ error: { code: error.code ?? "failed", message: error.message } })}\n`);
	stderr.write(`switchyard: ${error.message}\n`);
	if (error.next) stderr.write(`  ${error.next}\n`);
	return 1;
}
