/**
 * The log of interactions, in the form that evaluations of experiments read: a JSON object a line, to the console and
 * into a file of the interaction's folder. Nothing waits for it.
 */
import { archiveOf } from "../../archive/locate.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { type Interaction, interactionOf, userOf } from "./interaction.ts";
import { folderOf, timestamp } from "./names.ts";

export type LogContext = "peer" | "interaction" | "track" | "pipeline" | "signaling" | "server" | "init" | "ext";
/** By the number of `DUCKSOUP_LOG_LEVEL` from which on they are written. */
const FROM = { fatal: 0, error: 1, warn: 2, info: 2, debug: 3, trace: 4 } as const;
export type LogLevel = keyof typeof FROM;
const DEFAULT_LEVEL = 3;

/** Lines that wait for the archive; more are only on the console. */
const MOST_WAITING = 5_000;
const TRIES = 3;
/** Longest value that a client may put into it. */
const MOST_TEXT = 4_096;
/** What somebody's frames put into the log of a run, characters: all eight together leave room in the file for the rest. */
export const MOST_OF_CLIENT = 3_145_728;

export interface LogFields {
	user?: string;
	toUser?: string;
	from?: string;
	value?: unknown;
	unit?: string;
	error?: string;
	cause?: string;
	source?: "client";
	[more: string]: unknown;
}

interface Settings {
	readonly DUCKSOUP_LOG_LEVEL?: string;
	readonly DUCKSOUP_LOG_STDOUT?: string;
}

export function logs(env: Settings, level: LogLevel): boolean {
	const most = env.DUCKSOUP_LOG_LEVEL ? Number(env.DUCKSOUP_LOG_LEVEL) : DEFAULT_LEVEL;
	return FROM[level] <= (Number.isNaN(most) ? DEFAULT_LEVEL : most);
}

/** Of the server, not of an interaction: to the console alone. */
export function logServer(
	env: Settings,
	level: LogLevel,
	context: LogContext,
	message: string,
	fields: LogFields = {},
): void {
	if (!logs(env, level)) return;
	print(env, JSON.stringify({ level, time: timestamp(Date.now()), message, context, ...bounded(fields) }));
}

/** Of the interaction that the room is of. */
export function log(core: Core, level: LogLevel, context: LogContext, message: string, fields: LogFields = {}): void {
	const interaction = interactionOf(core);
	if (!interaction || !logs(core.env, level)) return;
	write(core, interaction, lineOf(interaction, Date.now(), { level, context, message }, fields));
}

function write(core: Core, interaction: Interaction, line: string): void {
	print(core.env, line);
	writerOf(core).add(folderOf(interaction), interaction.log, line);
}

/**
 * What a client had written by saying something, which it may as often as it likes: no more than its share. That is
 * counted in the interaction's record, which is written when something else changes.
 */
export function logFrom(
	core: Core,
	member: Member,
	level: LogLevel,
	context: LogContext,
	message: string,
	fields: LogFields = {},
): void {
	const interaction = interactionOf(core);
	const user = interaction && userOf(interaction, member.id);
	if (!interaction || !user || !logs(core.env, level)) return;
	const line = lineOf(interaction, Date.now(), { level, context, message }, fields);
	const before = user.logged ?? 0;
	if (before > MOST_OF_CLIENT) return;
	user.logged = before + line.length;
	if (user.logged > MOST_OF_CLIENT) log(core, "warn", "peer", "client_log_full", logOf(member));
	else write(core, interaction, line);
}

/** When all that was logged so far is in its file. */
export function logWritten(core: Core): Promise<void> {
	return writerOf(core).written;
}

export function logOf(member: Member): { user: string } {
	return { user: member.id };
}

export function lineOf(
	{ namespace, name, createdAt, startedAt }: Interaction,
	now: number,
	{ level, context, message }: { level: LogLevel; context: LogContext; message: string },
	fields: LogFields,
): string {
	return JSON.stringify({
		...{ level, time: timestamp(now), message, context, namespace, interaction: name },
		sinceCreation: `${now - createdAt}ms`,
		...(startedAt !== undefined && { sinceStart: `${now - startedAt}ms` }),
		...bounded(fields),
	});
}

function bounded(fields: LogFields): LogFields {
	const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
	return Object.fromEntries(
		entries.map(([key, value]) => [key, typeof value === "string" ? value.slice(0, MOST_TEXT) : value]),
	);
}

/** Unless it is turned off there, as the original does it always. */
function print(env: Settings, line: string): void {
	if (env.DUCKSOUP_LOG_STDOUT !== "false") console.log(line);
}

/** Lines that are written while others are on their way go together with the next. */
class Writer {
	readonly #core: Core;
	#waiting: { folder: string; file: string; line: string }[] = [];
	#writing = false;
	/** What was logged so far is kept, or given up. */
	written: Promise<void> = Promise.resolve();

	constructor(core: Core) {
		this.#core = core;
	}

	add(folder: string, file: string, line: string): void {
		if (this.#waiting.length >= MOST_WAITING) return;
		this.#waiting.push({ folder, file, line });
		if (this.#writing) return;
		this.#writing = true;
		this.written = this.#write();
		this.#core.ctx.waitUntil(this.written);
	}

	async #write(): Promise<void> {
		// What is logged in the same turn goes together.
		await Promise.resolve();
		for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
			const { folder, file } = first;
			let count = this.#waiting.findIndex((it) => it.folder !== folder || it.file !== file);
			if (count < 0) count = this.#waiting.length;
			const lines = this.#waiting.splice(0, count).map(({ line }) => `${line}\n`);
			await this.#append(folder, file, lines.join(""));
		}
		this.#writing = false;
	}

	async #append(folder: string, file: string, text: string): Promise<void> {
		for (let tried = 1; ; tried++) {
			try {
				await archiveOf(this.#core.env, folder).append(file, text);
				return;
			} catch (error) {
				if (tried < TRIES) continue;
				console.error({ event: "log not kept", folder, file, error: String(error) });
				return;
			}
		}
	}
}

const writers = new WeakMap<Core, Writer>();

function writerOf(core: Core): Writer {
	let writer = writers.get(core);
	if (!writer) {
		writer = new Writer(core);
		writers.set(core, writer);
	}
	return writer;
}
