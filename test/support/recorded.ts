/** Recordings over REST, with their files fetched from where they are kept. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Recording, RecordingCreate } from "../../shared/recordings.ts";
import { beeps, flashes } from "./media-file.ts";
import type { Stack } from "./stack.ts";

const soon = { timeout: 60_000, interval: 200 };

export class RecordedRoom {
	readonly room: string;
	readonly #stack: Stack;
	readonly #dir: string;

	/** `dir`: where files are fetched to. */
	constructor(stack: Stack, room: string, dir: string) {
		this.#stack = stack;
		this.room = room;
		this.#dir = dir;
	}

	/** Of alice, unless said otherwise; resolves when it is being written. */
	async record(wish: Partial<RecordingCreate> = {}): Promise<string> {
		const { id } = await this.start(wish);
		await this.reaches(id, ({ state }) => state === "recording");
		return id;
	}

	start(wish: Partial<RecordingCreate> = {}): Promise<Recording> {
		return this.#call("POST", "", { participant: "alice", sources: ["audio", "camera"], ...wish });
	}

	read(id: string): Promise<Recording> {
		return this.#call("GET", `/${id}`);
	}

	stop(id: string): Promise<Recording> {
		return this.#call("POST", `/${id}/stop`);
	}

	async reaches(id: string, fits: (recording: Recording) => boolean): Promise<Recording> {
		let seen: Recording | undefined;
		await expect
			.poll(async () => {
				seen = await this.read(id);
				return fits(seen) || seen;
			}, soon)
			.toBe(true);
		if (!seen) throw new Error("not seen");
		return seen;
	}

	/** Waits until all of a stopped recording has arrived. */
	async arrived(id: string): Promise<{ recording: Recording; files: string[] }> {
		const recording = await this.reaches(id, ({ state, files }) => {
			return state === "ended" && files.every((file) => file.state === "stored");
		});
		return { recording, files: await Promise.all(recording.files.map((_, i) => this.fetch(recording, i))) };
	}

	/** One of its files that has been stored. */
	async fetch({ id, files }: Recording, i: number): Promise<string> {
		const response = await this.#stack.rest(`/v1/rooms/${this.room}/recordings/${id}/files/${i}`);
		if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
		const file = join(this.#dir, `fetched-${files[i]?.path.replaceAll("/", "_")}`);
		writeFileSync(file, Buffer.from(await response.arrayBuffer()));
		return file;
	}

	async #call(method: string, path: string, body?: object): Promise<Recording> {
		const init = { method, body: body && JSON.stringify(body) };
		const response = await this.#stack.rest(`/v1/rooms/${this.room}/recordings${path}`, init);
		if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
		return (await response.json()) as Recording;
	}
}

/** By how much the last file, written to until its recording was stopped, is longer than that took, ms. */
export function excess({ files, stoppedAt = 0 }: Recording): number {
	const { durationMs = 0, startedAt = 0 } = files.at(-1) ?? {};
	return durationMs - (stoppedAt - startedAt);
}

/** By how much each flash is later than its beep, ms. */
export async function skews(file: string): Promise<number[]> {
	const heard = await beeps(file);
	return (await flashes(file)).flatMap((seen) => {
		const beep = heard.find((at) => Math.abs(at - seen) < 0.4);
		return beep === undefined ? [] : [Math.round((seen - beep) * 1_000)];
	});
}

export function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
