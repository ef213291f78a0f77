/** This participant: its name, its rights, its tracks. */
import type { LocalParticipant, LocalTrack, PublishOptions, Rights, Source } from "./api.ts";
import { CAMERA, constraints, MICROPHONE, openDevices, openScreen } from "./capture.ts";
import { SwitchyardError } from "./error.ts";
import type { LocalTrackImpl } from "./local-track.ts";
import { Signs } from "./participants.ts";
import type { Publisher } from "./publisher.ts";

export class LocalParticipantImpl extends Signs implements LocalParticipant {
	id = "";
	name: string | undefined;
	metadata: unknown;
	presence: unknown;
	rights: Rights = { publish: [], subscribe: false, send: false, moderate: false };
	readonly #publisher: Publisher | undefined;
	/** Opening a device takes a while, and a second press of the button means the same. */
	readonly #opening = new Map<Source, Promise<LocalTrack>>();

	constructor(publisher: Publisher | undefined) {
		super();
		this.#publisher = publisher;
	}

	get tracks(): ReadonlyMap<string, LocalTrackImpl> {
		return this.#publisher?.tracks ?? new Map();
	}

	track(source: Source): LocalTrackImpl | undefined {
		for (const track of this.tracks.values()) if (track.source === source) return track;
		return undefined;
	}

	enableMicrophone(wish: MediaTrackConstraints = {}): Promise<LocalTrack> {
		return this.#enable("audio", () => openDevices({ audio: constraints(MICROPHONE, wish) }));
	}

	enableCamera(wish: MediaTrackConstraints = {}): Promise<LocalTrack> {
		return this.#enable("camera", () => openDevices({ video: constraints(CAMERA, wish) }));
	}

	async shareScreen(options: DisplayMediaStreamOptions = { video: true, audio: true }): Promise<LocalTrack[]> {
		this.#check("screen");
		const captured = await openScreen(options);
		const tracks = await Promise.allSettled(
			captured.map((media) => {
				// Text wants sharpness more than motion (W3C MediaStreamTrack Content Hints).
				if (media.kind === "video" && media.contentHint === "") media.contentHint = "detail";
				return this.publish(media, { source: media.kind === "video" ? "screen" : "screenAudio" });
			}),
		);
		const failed = tracks.find((result) => result.status === "rejected");
		const shared = tracks.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
		if (failed && !shared.some((track) => track.source === "screen")) {
			for (const track of shared) track.stop();
			throw failed.reason;
		}
		return shared;
	}

	publish(track: MediaStreamTrack, options: PublishOptions): Promise<LocalTrack> {
		try {
			this.#check(options.source);
		} catch (error) {
			return Promise.reject(error);
		}
		return this.#publisher ? this.#publisher.publish(track, options) : Promise.reject(noMedia());
	}

	#enable(source: "audio" | "camera", open: () => Promise<MediaStreamTrack[]>): Promise<LocalTrack> {
		const opening = this.#opening.get(source);
		if (opening !== undefined) return opening;
		const enabling = this.#openAndPublish(source, open).finally(() => this.#opening.delete(source));
		this.#opening.set(source, enabling);
		return enabling;
	}

	async #openAndPublish(source: "audio" | "camera", open: () => Promise<MediaStreamTrack[]>): Promise<LocalTrack> {
		this.#check(source);
		const there = this.track(source);
		if (there) {
			await there.unmute();
			return there;
		}
		const [media] = await open();
		if (!media) throw new SwitchyardError("device_not_found", `no ${source === "audio" ? "microphone" : "camera"}`);
		return this.publish(media, { source });
	}

	/** Before the user is asked for a device that could not be used. */
	#check(source: PublishOptions["source"]): void {
		if (!this.#publisher) throw noMedia();
		const { publish } = this.rights;
		if (publish.includes(source) || (source === "screenAudio" && publish.includes("screen"))) return;
		throw new SwitchyardError("forbidden", `no right to publish ${source}`);
	}
}

function noMedia(): SwitchyardError {
	return new SwitchyardError("not_supported", "connected without media");
}
