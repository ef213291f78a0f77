/** Own microphone, camera and screen during a call: one press each. */
import { type CapturedTracks, createLocalTracks, type Room } from "../sdk/index.ts";
import { device } from "./preferences.ts";
import { toast } from "./toast.ts";
import { explain, explainDevices } from "./words.ts";

export type Device = "audio" | "camera";

export class OwnMedia {
	/** Something is on or off now, or on its way. */
	onChange: () => void = () => {};
	readonly #room: Room;
	readonly #busy = new Set<Device | "screen">();

	constructor(room: Room) {
		this.#room = room;
	}

	/** Sends what the lobby has opened already, and opens what is wanted besides. */
	async begin(wanted: Record<Device, boolean>, opened: CapturedTracks): Promise<void> {
		for (const source of ["audio", "camera"] as const) {
			const track = opened[source];
			if (track && track.readyState === "live") this.#publish(source, track);
		}
		const missing = (["audio", "camera"] as const).filter((source) => wanted[source] && !this.#room.me.track(source));
		if (missing.length > 0) await this.#open(missing);
	}

	on(source: Device): boolean {
		return this.#room.me.track(source)?.muted === false;
	}

	get sharing(): boolean {
		return this.#room.me.track("screen") !== undefined;
	}

	busy(source: Device | "screen"): boolean {
		return this.#busy.has(source);
	}

	async toggle(source: Device): Promise<void> {
		if (this.#busy.has(source)) return;
		const track = this.#room.me.track(source);
		if (!track) return this.#open([source]);
		await this.#while([source], () => (track.muted ? track.unmute() : track.mute()));
	}

	async toggleScreen(): Promise<void> {
		if (this.#busy.has("screen")) return;
		const { me } = this.#room;
		if (this.sharing) {
			me.track("screen")?.stop();
			me.track("screenAudio")?.stop();
			this.onChange();
			return;
		}
		// Resolves when the node has it; it is to be seen here as soon as it is chosen.
		await this.#while(["screen"], async () => {
			try {
				await me.shareScreen();
			} catch (error) {
				// The user closed the browser's own dialog.
				if ((error as { code?: string }).code !== "permission_denied") throw error;
			}
		});
	}

	async switchTo(source: Device, id: string): Promise<void> {
		await this.#while([source], async () => this.#room.me.track(source)?.switchDevice(id));
	}

	/** Both at once, so that the browser asks once. */
	async #open(sources: readonly Device[]): Promise<void> {
		await this.#while(sources, async () => {
			const failed = new Map<Device, unknown>();
			const opened = await openDevices(sources, (source, error) => failed.set(source, error));
			for (const text of explainDevices(failed)) toast(text);
			for (const source of sources) {
				const track = opened[source];
				if (track && this.#room.state === "closed") track.stop();
				else if (track) this.#publish(source, track);
			}
		});
	}

	/** Waits for a media node where there is none; the picture is there at once. */
	#publish(source: Device, track: MediaStreamTrack): void {
		this.#room.me.publish(track, { source }).catch((error: unknown) => {
			track.stop();
			if (this.#room.state !== "closed") toast(explain(error));
			this.onChange();
		});
		this.onChange();
	}

	async #while(sources: readonly (Device | "screen")[], work: () => Promise<unknown>): Promise<void> {
		for (const source of sources) this.#busy.add(source);
		this.onChange();
		try {
			await work();
		} catch (error) {
			toast(explain(error));
		} finally {
			for (const source of sources) this.#busy.delete(source);
			this.onChange();
		}
	}
}

/** One that fails does not keep the other from opening. */
export async function openDevices(
	sources: readonly Device[],
	onFailed: (source: Device, error: unknown) => unknown,
): Promise<CapturedTracks> {
	try {
		return await createLocalTracks({
			audio: sources.includes("audio") && device("audioDevice"),
			camera: sources.includes("camera") && device("videoDevice"),
		});
	} catch (error) {
		const [only] = sources;
		if (sources.length > 1) {
			const each = await Promise.all(sources.map((source) => openDevices([source], onFailed)));
			return Object.assign({}, ...each);
		}
		if (only) onFailed(only, error);
		return {};
	}
}
