/** Bots that publish and watch over a real edge: real ICE, DTLS and SRTP, made and counted in this process. */
import { randomBytes } from "node:crypto";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { TokenCreated } from "../../shared/rest.ts";
import type { Context } from "../lib/command.ts";
import { bitrate } from "../lib/format.ts";
import { pool, within } from "./pool.ts";
import { Progress } from "./progress.ts";
import { Publisher } from "./publisher.ts";
import type { LoadOptions, Measured } from "./report.ts";
import { Watcher } from "./watcher.ts";

const JOIN_MS = 20_000;
/** For first packets, once everybody has joined. */
const PLAY_MS = 10_000;
const LEAVE_MS = 5_000;
const TICK_MS = 500;
/** What is under way has come after so long, on any network worth measuring. */
const SETTLE_MS = 500;
const RESOLUTION_MS = 10;

interface LoadRoom {
	name: string;
	publishers: Publisher[];
	watchers: Watcher[];
}

export class Load {
	readonly #options: LoadOptions;
	readonly #context: Context;
	readonly #progress: Progress;
	readonly #rooms: LoadRoom[];
	readonly #joinMs: number[] = [];
	readonly #failures: string[] = [];

	constructor(options: LoadOptions, context: Context) {
		this.#options = options;
		this.#context = context;
		this.#progress = new Progress(context.out);
		// Of its own, so that nobody else's calls are in them.
		const name = `load-${randomBytes(4).toString("hex")}`;
		this.#rooms = Array.from({ length: options.rooms }, (_, i) => ({
			name: `${name}-${i + 1}`,
			publishers: [],
			watchers: [],
		}));
	}

	/** From creating the rooms to deleting them; a stop shortens it. */
	async run(): Promise<Measured> {
		const { api } = this.#context;
		const made: string[] = [];
		try {
			for (const { name } of this.#rooms) {
				await api.post("/v1/rooms", { name }, z.unknown());
				made.push(name);
			}
			await this.#fill("publishing", this.#options.publishers, (room, id) => this.#publish(room, id));
			await this.#fill("watching", this.#options.watchers, (room, id) => this.#watch(room, id));
			return await this.#measure();
		} finally {
			this.#progress.end();
			await this.#leave();
			await Promise.all(made.map((name) => api.delete(`/v1/rooms/${name}`).catch(() => {})));
		}
	}

	/** One whose socket is gone gets no answer any more. */
	async #leave(): Promise<void> {
		const all = this.#rooms.flatMap(({ publishers, watchers }) => [...publishers, ...watchers]);
		const { signal } = new AbortController();
		await Promise.allSettled(all.map((bot) => within(LEAVE_MS, signal, "leaving", bot.leave())));
	}

	async #fill(step: string, each: number, join: (room: LoadRoom, id: string) => Promise<void>): Promise<void> {
		const { concurrency } = this.#options;
		const all = this.#rooms.flatMap((room) =>
			Array.from({ length: each }, (_, i) => ({ room, id: `${step[0]}${i + 1}` })),
		);
		let done = 0;
		this.#progress.at(step, done, all.length);
		await pool(all, concurrency, this.#context.stop, async ({ room, id }) => {
			// A stop is no failure of a join.
			const note = (error: Error) => this.#context.stop.aborted || this.#failures.push(error.message);
			await join(room, id).catch(note);
			this.#progress.at(step, ++done, all.length);
		});
	}

	async #publish(room: LoadRoom, id: string): Promise<void> {
		const { audio, video } = this.#options;
		const publisher = await this.#join(room, id, (edge, token) => Publisher.join(edge, room.name, id, token));
		room.publishers.push(publisher);
		await within(JOIN_MS, this.#context.stop, `publishing as ${id}`, publisher.publish({ audio, video }));
	}

	async #watch(room: LoadRoom, id: string): Promise<void> {
		const tracks = room.publishers.flatMap((publisher) => publisher.tracks);
		const watcher = await this.#join(room, id, (edge, token) => Watcher.join(edge, room.name, id, token, tracks));
		room.watchers.push(watcher);
	}

	async #join<T>({ name }: LoadRoom, id: string, join: (edge: string, token: string) => Promise<T>): Promise<T> {
		const { api, stop } = this.#context;
		const { token } = await api.post(`/v1/rooms/${name}/tokens`, { identity: id }, TokenCreated);
		const began = performance.now();
		const joined = await within(JOIN_MS, stop, "joining", join(api.url, token));
		this.#joinMs.push(performance.now() - began);
		return joined;
	}

	async #measure(): Promise<Measured> {
		const { stop } = this.#context;
		const publishers = this.#rooms.flatMap((room) => room.publishers);
		const watchers = this.#rooms.flatMap((room) => room.watchers);
		const playing = Promise.all(watchers.map((watcher) => watcher.playing));
		await within(PLAY_MS, stop, "first packets", playing).catch(() => {});

		const subscriptions = watchers.flatMap((watcher) => watcher.subscriptions);
		const bytes = () => watchers.reduce((sum, watcher) => sum + watcher.bytes, 0);
		const late = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
		late.enable();
		const began = performance.now();
		const before = { cpu: process.cpuUsage(), bytes: bytes() };
		for (const subscription of subscriptions) subscription.begin(began);

		await this.#hold(began, bytes, () => subscriptions.map(({ track }) => track.sent));

		for (const publisher of publishers) publisher.stop();
		const ended = performance.now();
		for (const subscription of subscriptions) subscription.end(ended);
		const { user, system } = process.cpuUsage(before.cpu);
		late.disable();
		await delay(SETTLE_MS);
		for (const subscription of subscriptions) subscription.settle();

		const ms = ended - began;
		return {
			joinMs: this.#joinMs,
			failures: this.#failures,
			subscriptions,
			seconds: ms / 1_000,
			bytes: bytes() - before.bytes,
			cpu: (user + system) / 1_000 / ms,
			// It counts the interval that it waits too.
			lateMs: Math.max(0, late.max / 1e6 - RESOLUTION_MS),
			interrupted: stop.aborted,
		};
	}

	/** For the time that was asked for, or until a stop. */
	async #hold(began: number, bytes: () => number, keepCounting: () => unknown): Promise<void> {
		const { seconds } = this.#options;
		const { stop } = this.#context;
		let last = { at: began, bytes: bytes() };
		for (;;) {
			const left = began + seconds * 1_000 - performance.now();
			if (left <= 0 || stop.aborted) return;
			await delay(Math.min(left, TICK_MS), undefined, { signal: stop }).catch(() => {});
			keepCounting();
			const now = { at: performance.now(), bytes: bytes() };
			const done = Math.min(seconds, Math.round((now.at - began) / 1_000));
			this.#progress.at(
				"measuring",
				done,
				seconds,
				" s",
				bitrate(((now.bytes - last.bytes) * 8_000) / (now.at - last.at)),
			);
			last = now;
		}
	}
}
