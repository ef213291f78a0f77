/** Who speaks: audio levels and the active speaker of one router, as mediasoup finds them, told when they change. */
import type { ActiveSpeakerObserver, AudioLevelObserver, Producer, Router } from "mediasoup/types";
import type { Speaker } from "../../shared/media.ts";

/** How often levels are looked at, ms. */
const INTERVAL_MS = 400;
/** Quieter than this is silence, dBov. */
const THRESHOLD = -60;
const MOST = 8;
/** A level that moves less than this is the same, dB. */
const STEP = 3;

export interface Speakers {
	speakers: Speaker[];
	dominant?: string;
}

export class SpeakerObserver {
	readonly #levels: AudioLevelObserver;
	readonly #active: ActiveSpeakerObserver;
	readonly #tell: (news: Speakers) => void;
	#last: Speakers = { speakers: [] };

	private constructor(levels: AudioLevelObserver, active: ActiveSpeakerObserver, tell: (news: Speakers) => void) {
		this.#levels = levels;
		this.#active = active;
		this.#tell = tell;
		levels.on("volumes", (volumes) => {
			this.#update(
				volumes.map(({ producer, volume }) => ({ participant: participantOf(producer), track: producer.id, volume })),
				this.#last.dominant,
			);
		});
		levels.on("silence", () => this.#update([], undefined));
		active.on("dominantspeaker", ({ producer }) => this.#update(this.#last.speakers, participantOf(producer)));
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

	#update(speakers: Speaker[], dominant: string | undefined): void {
		const before = this.#last;
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
