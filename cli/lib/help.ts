/** `--help`, of all commands, a group of them, or one. */
import { type Command, GLOBAL_OPTIONS, type Option } from "./command.ts";

export function usage({ words, operands, options }: Command): string {
	const shown = operands.map((name) => (name.endsWith("?") ? `[${name.slice(0, -1)}]` : `<${name}>`));
	return ["switchyard", ...words, ...shown, ...(Object.keys(options).length > 0 ? ["[options]"] : [])].join(" ");
}

export function helpOf(command: Command): string {
	const own = lines(command.options);
	return [
		`Usage: ${usage(command)}`,
		"",
		command.about,
		...(own.length > 0 ? ["", "Options:", ...own] : []),
		"",
		"For every command:",
		...lines(GLOBAL_OPTIONS),
	].join("\n");
}

export function helpOfAll(commands: readonly Command[]): string {
	const shown = commands.map((it) => [usage(it).replace(/ \[options\]$/, ""), firstSentence(it.about)] as const);
	return [
		"Usage: switchyard <command> [options]",
		"",
		...columns(shown),
		"",
		"For every command:",
		...lines(GLOBAL_OPTIONS),
		"",
		"Ends with 0 when done, 1 when refused or failed, 2 when the command was not understood.",
	].join("\n");
}

function lines(options: Readonly<Record<string, Option>>): string[] {
	return columns(
		Object.entries(options).map(([name, { value, about }]) => [`--${name}${value ? ` ${value}` : ""}`, about] as const),
	);
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
	const width = Math.max(...rows.map(([first]) => first.length));
	return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`);
}

const firstSentence = (text: string) => text.split(/(?<=\.) /)[0] ?? text;
