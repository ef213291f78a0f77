import { h } from "./dom.ts";

/** How loud a microphone is, as a bar. */
export class LevelMeter {
	readonly element = h("div", { class: "level" }, h("i"));
	#context: AudioContext | undefined;

	listen(track: MediaStreamTrack | undefined): void {
		void this.#context?.close();
		this.#context = undefined;
		this.#show(0);
		if (!track) return;
		const context = new AudioContext();
		this.#context = context;
		const analyser = context.createAnalyser();
		analyser.fftSize = 256;
		context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
		const samples = new Float32Array(analyser.fftSize);
		const draw = () => {
			if (this.#context !== context) return;
			analyser.getFloatTimeDomainData(samples);
			const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
			// -60 dB to 0 dB over the width of the bar.
			this.#show(Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 60));
			requestAnimationFrame(draw);
		};
		draw();
	}

	#show(share: number): void {
		this.element.style.setProperty("--level", `${Math.round(share * 100)}%`);
	}
}
