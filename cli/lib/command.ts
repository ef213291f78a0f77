/**
 * How a command is described, and how its words are read: node:util's parseArgs for the syntax (it is in Node, and
 * all that is needed), zod for the values.
 */
import { type ParseArgsOptionDescriptor, parseArgs } from "node:util";
import * as z from "zod";
import type { Api } from "./api.ts";
import { UsageError } from "./errors.ts";
import type { Output } from "./output.ts";

export interface Option {
	/** What its value is called in the help; without one it is a switch. */
	value?: string;
	/** May be given several times. */
	multiple?: boolean;
	about: string;
}

export interface Context {
	api: Api;
	out: Output;
	/** Aborted by Ctrl-C. */
	stop: AbortSignal;
}

export interface Command {
	/** `["room", "list"]` */
	readonly words: readonly string[];
	/** Names of what follows, in the input too; one that ends with `?` may be left out. */
	readonly operands: readonly string[];
	readonly about: string;
	readonly options: Readonly<Record<string, Option>>;
	/** Checks the words and gives what runs them. */
	prepare(args: readonly string[]): { globals: Globals; run(context: Context): Promise<number> };
}

export const GLOBAL_OPTIONS = {
	url: { value: "URL", about: "the edge; else SWITCHYARD_URL, else http://127.0.0.1:8787" },
	key: { value: "KEY", about: "an API key, or a JWT signed with one; else AUTH_KEY" },
	json: { about: "print the result as JSON" },
	help: { about: "show this" },
} as const satisfies Record<string, Option>;

export interface Globals {
	url?: string;
	key?: string;
	json: boolean;
	help: boolean;
}

interface Described<S extends z.ZodObject> {
	words: readonly string[];
	operands?: readonly string[];
	about: string;
	options?: Record<string, Option>;
	/** Of operands and options, by name; an option's dashes stay. */
	input: S;
	/** Gives the exit code; 0 when it gives none. */
	run(input: z.infer<S>, context: Context): Promise<number | undefined>;
}

export function command<S extends z.ZodObject>(described: Described<S>): Command {
	const { words, operands = [], about, options = {}, input, run } = described;
	return {
		words,
		operands,
		about,
		options,
		prepare(args) {
			const { values, positionals } = parse(args, { ...GLOBAL_OPTIONS, ...options });
			const globals = { ...values, json: values.json === true, help: values.help === true } as Globals;
			if (globals.help) return { globals, run: async () => 0 };
			const named = nameOperands(operands, positionals);
			const checked = input.safeParse({ ...pick(values, Object.keys(options)), ...named });
			if (!checked.success) throw new UsageError(explain(checked.error, operands));
			return { globals, run: async (context) => (await run(checked.data, context)) ?? 0 };
		},
	};
}

type Value = string | boolean | (string | boolean)[] | undefined;

function parse(args: readonly string[], options: Record<string, Option>) {
	const described = Object.entries(options).map(([name, { value, multiple = false }]) => {
		const descriptor: ParseArgsOptionDescriptor = { type: value ? "string" : "boolean", multiple };
		return [name, name === "help" ? { ...descriptor, short: "h" } : descriptor] as const;
	});
	try {
		const parsed = parseArgs({ args: [...args], options: Object.fromEntries(described), allowPositionals: true });
		return { values: parsed.values as Record<string, Value>, positionals: parsed.positionals };
	} catch (error) {
		throw new UsageError(error instanceof Error ? error.message : String(error));
	}
}

function nameOperands(names: readonly string[], given: readonly string[]): Record<string, string> {
	const missing = names.slice(given.length).find((name) => !name.endsWith("?"));
	if (missing) throw new UsageError(`<${missing}> is missing`);
	if (given.length > names.length) throw new UsageError(`one word too many: ${given[names.length]}`);
	return Object.fromEntries(given.map((word, i) => [plain(names[i] ?? ""), word]));
}

const plain = (name: string) => name.replace(/\?$/, "");

function pick(values: Record<string, Value>, names: readonly string[]): Record<string, Value> {
	return Object.fromEntries(names.filter((name) => values[name] !== undefined).map((name) => [name, values[name]]));
}

/** The first thing that does not fit, by the name it was given under. */
function explain(error: z.ZodError, operands: readonly string[]): string {
	const issue = error.issues[0];
	const name = String(issue?.path[0] ?? "");
	const shown = operands.map(plain).includes(name) ? `<${name}>` : `--${name}`;
	return `${shown}: ${issue?.message ?? "does not fit"}`;
}

/** Numbers as they are typed. */
export function wholeNumber(least: number, most: number) {
	return z
		.string()
		.regex(/^\d+$/, "not a whole number")
		.transform(Number)
		.pipe(z.number().min(least, `at least ${least}`).max(most, `at most ${most}`));
}

/** JSON as it is typed. */
export const JsonText = z.string().transform((text, context) => {
	try {
		return JSON.parse(text) as unknown;
	} catch {
		context.addIssue({ code: "custom", message: 'not JSON; quote it for the shell, as in \'{"team":"blue"}\'' });
		return z.NEVER;
	}
});
