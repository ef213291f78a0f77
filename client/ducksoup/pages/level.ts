/** How loud a stream is: the mean magnitude over all frequencies, 0 to 255. */
export class Level {
	readonly #context = new AudioContext();
	readonly #analyser = this.#context.createAnalyser();
	readonly #bins = new Uint8Array(this.#analyser.frequencyBinCount);

	constructor(stream: MediaStream) {
		this.#context.createMediaStreamSource(stream).connect(this.#analyser);
	}

	read(): number {
		this.#analyser.getByteFrequencyData(this.#bins);
		return this.#bins.reduce((sum, bin) => sum + bin, 0) / this.#bins.length;
	}

	close(): void {
		void this.#context.close();
	}
}
