import { h } from "./dom.ts";

/** How loud a microphone is, as a bar. */
export class LevelMeter {
	readonly element = h("div", { class: "level", aria: { hidden: "true" } }, h("i"));
	#context: AudioContext | undefined;
	#shown = 0;

	listen(track: MediaStreamTrack | undefined): void {
		void this.#context?.close();
		this.#context = undefined;
		this.#show(0);
		if (!track) return;
		const context = new AudioContext();
		this.#context = context;
		// Browsers keep it asleep until the page is touched.
		const wake = () => {
			if (this.#context === context) void context.resume();
		};
		for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, wake, { once: true });
		const analyser = context.createAnalyser();
		analyser.fftSize = 256;
		context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
		const samples = new Float32Array(analyser.fftSize);
		const draw = () => {
			if (this.#context !== context) return;
			analyser.getFloatTimeDomainData(samples);
			const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
			// -60 dB to 0 dB over the width of the bar; up at once, down slowly.
			const level = Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 60);
			this.#show(Math.max(level, this.#shown * 0.92));
			requestAnimationFrame(draw);
		};
		draw();
	}

	#show(share: number): void {
		this.#shown = share;
		this.element.style.setProperty("--level", share.toFixed(3));
	}
}
