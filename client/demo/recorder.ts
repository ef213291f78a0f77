/** The recording of the whole call: one press begins or ends it, and everybody sees that it goes on. */
import type { Recording, Room } from "../sdk/index.ts";
import { h } from "./dom.ts";
import { toast } from "./toast.ts";
import { explain } from "./words.ts";

export class Recorder {
	/** In sight of everybody while anybody is recorded. */
	readonly badge = h("span", { class: "recording", hidden: true, role: "status", data: { testid: "recording" } });
	onChange: () => void = () => {};
	readonly #room: Room;
	/** Those begun here: who began one is told what becomes of it. */
	readonly #own = new Set<string>();
	/** Everybody was told that it runs. */
	readonly #told = new Set<string>();
	#busy = false;

	constructor(room: Room) {
		this.#room = room;
		room.on("recordingChanged", (recording) => this.#onChanged(recording));
		room.on("stateChanged", () => this.#refresh());
		room.on("moved", () => this.#refresh());
		for (const { id, state } of room.recordings.values()) if (state === "recording") this.#told.add(id);
		this.#refresh();
	}

	get allowed(): boolean {
		const { record, moderate } = this.#room.me.rights;
		return Boolean(record || moderate);
	}

	/** Asked for, by whomever, and not ended. */
	get on(): boolean {
		return this.#current !== undefined;
	}

	/** It was asked for, and nothing is written yet. */
	get busy(): boolean {
		return this.#busy || this.#current?.state === "waiting";
	}

	async toggle(): Promise<void> {
		if (this.#busy) return;
		this.#busy = true;
		this.onChange();
		try {
			const current = this.#current;
			if (current) await this.#room.stopRecording(current.id);
			else {
				const id = crypto.randomUUID();
				this.#own.add(id);
				await this.#room.startRecording({ id, layout: "grid" });
			}
		} catch (error) {
			toast(explain(error));
		} finally {
			this.#busy = false;
			this.onChange();
		}
	}

	get #current(): Recording | undefined {
		for (const recording of this.#room.recordings.values()) {
			if (recording.layout && (recording.state === "waiting" || recording.state === "recording")) return recording;
		}
		return undefined;
	}

	#onChanged(recording: Recording): void {
		this.#refresh();
		const { id, state, written, stored, error } = recording;
		if (state === "recording" && !this.#told.has(id)) {
			this.#told.add(id);
			toast(this.#of(recording));
		}
		if (!this.#own.has(id)) return;
		if (state === "failed") toast("The recording has no file: there was nothing to record.");
		else if (error) toast(`Recording: ${error.message}`);
		else if (state === "finishing" && written === 0) toast("The recording has ended. Its file is being completed.");
		else if (state === "ended" && written > 0 && stored === written) {
			this.#own.delete(id);
			toast("The recording is ready.", { text: "Download", run: () => this.#download(id) });
		}
	}

	/** In people's words. */
	#of({ participant }: Recording): string {
		if (participant === undefined) return "This call is being recorded.";
		if (participant === this.#room.me.id) return "You are being recorded.";
		return `${this.#room.participants.get(participant)?.name ?? "Somebody"} is being recorded.`;
	}

	#refresh(): void {
		const running = [...this.#room.recordings.values()].filter(({ state }) => state === "recording");
		this.badge.hidden = running.length === 0;
		this.badge.textContent = "REC";
		this.badge.title = running.map((recording) => this.#of(recording)).join(" ");
		this.onChange();
	}

	/** Several files when people came or went: each is saved. */
	async #download(id: string): Promise<void> {
		try {
			const [{ files } = { files: [] }] = await this.#room.listRecordings(id);
			if (files.length === 0) toast("This room has no such recording any more.");
			for (const [n, { path }] of files.entries()) {
				const url = URL.createObjectURL(await this.#room.readRecording(id, n));
				h("a", { href: url, download: path.split("/").at(-1) ?? "recording" }).click();
				setTimeout(() => URL.revokeObjectURL(url), 60_000);
			}
		} catch (error) {
			toast(explain(error));
		}
	}
}
