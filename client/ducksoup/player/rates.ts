/** Bit rates of what is sent. All in bits a second, but for the limit that a page gives. */
const RAMP = { steps: 8, stepMs: 375, most: 1_500_000 };
const AUDIO = 64_000;

export class Rates {
	readonly #connection: RTCPeerConnection;
	#ramped = Number.POSITIVE_INFINITY;
	#limit = Number.POSITIVE_INFINITY;
	#timer: ReturnType<typeof setInterval> | undefined;
	#last: Promise<void> = Promise.resolve();

	constructor(connection: RTCPeerConnection) {
		this.#connection = connection;
	}

	/** Video begins low and rises, so that a start of many at once is not a burst. */
	start(): void {
		if (this.#ramped !== Number.POSITIVE_INFINITY) return;
		this.#set("audio", AUDIO);
		let step = 0;
		const next = () => {
			this.#ramped = (RAMP.most * ++step) / RAMP.steps;
			this.#setVideo();
			if (step === RAMP.steps) clearInterval(this.#timer);
		};
		next();
		this.#timer = setInterval(next, RAMP.stepMs);
	}

	limit(kilobits: number): void {
		this.#limit = kilobits * 1_000;
		this.#setVideo();
	}

	stop(): void {
		clearInterval(this.#timer);
	}

	#setVideo(): void {
		const rate = Math.min(this.#ramped, this.#limit);
		if (Number.isFinite(rate)) this.#set("video", Math.round(rate));
	}

	/** One after another: parameters that were read before another call wrote are refused. */
	#set(kind: "audio" | "video", maxBitrate: number): void {
		this.#last = this.#last.then(async () => {
			const sender = this.#connection.getSenders().find(({ track }) => track?.kind === kind);
			const parameters = sender?.getParameters();
			if (!sender || !parameters?.encodings?.length) return;
			for (const encoding of parameters.encodings) encoding.maxBitrate = maxBitrate;
			// The connection may have closed, or another offer been applied: the next step sets it.
			await sender.setParameters(parameters).catch(() => {});
		});
	}
}
