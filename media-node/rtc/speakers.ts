/** Who speaks: audio levels and the active speaker of one router, as mediasoup finds them, told when they change. */
import type { ActiveSpeakerObserver, AudioLevelObserver, Producer, Router } from "mediasoup/types";
import type { Speaker } from "../../shared/media.ts";
import type { Speakers } from "../../shared/speakers.ts";

/** How often levels are looked at, ms. */
const INTERVAL_MS = 400;
/** Quieter than this is silence, dBov. */
const THRESHOLD = -66;
const MOST = 8;
/** A level that moves less than this is the same, dB. */
const STEP = 3;

export class SpeakerObserver {
	readonly #levels: AudioLevelObserver;
	readonly #active: ActiveSpeakerObserver;
	readonly #tell: (news: Speakers) => void;
	#last: Speakers = { speakers: [] };
	/** Who spoke most lately. mediasoup tells it only when it changes, so it is kept over a silence. */
	#dominant: Producer | undefined;

	private constructor(levels: AudioLevelObserver, active: ActiveSpeakerObserver, tell: (news: Speakers) => void) {
		this.#levels = levels;
		this.#active = active;
		this.#tell = tell;
		levels.on("volumes", (volumes) => {
			this.#update(
				volumes.map(({ producer, volume }) => ({
					participant: participantOf(producer),
					track: String(producer.appData.track),
					volume,
				})),
			);
		});
		levels.on("silence", () => this.#update([]));
		active.on("dominantspeaker", ({ producer }) => {
			this.#dominant = producer;
			this.#update(this.#last.speakers);
		});
	}

	static async on(router: Router, tell: (news: Speakers) => void): Promise<SpeakerObserver> {
		const [levels, active] = await Promise.all([
			router.createAudioLevelObserver({ maxEntries: MOST, threshold: THRESHOLD, interval: INTERVAL_MS }),
			router.createActiveSpeakerObserver({ interval: INTERVAL_MS }),
		]);
		return new SpeakerObserver(levels, active, tell);
	}

	/** Listens to a microphone. It is forgotten by itself when the producer closes. */
	async add(producer: Producer): Promise<void> {
		await Promise.all([
			this.#levels.addProducer({ producerId: producer.id }),
			this.#active.addProducer({ producerId: producer.id }),
		]);
	}

	#update(speakers: Speaker[]): void {
		const before = this.#last;
		const speaker = speakers.length > 0 && !this.#dominant?.closed ? this.#dominant : undefined;
		const dominant = speaker && participantOf(speaker);
		this.#last = { speakers, dominant };
		const same =
			before.dominant === dominant &&
			before.speakers.length === speakers.length &&
			speakers.every((speaker, i) => {
				const old = before.speakers[i];
				return old?.track === speaker.track && Math.abs(old.volume - speaker.volume) < STEP;
			});
		if (!same) this.#tell(this.#last);
	}
}

function participantOf(producer: Producer): string {
	return String(producer.appData.participant);
}
