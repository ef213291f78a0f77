/** A line of the last minute. */
import { h } from "./dom.ts";

const POINTS = 60;

export class Plot {
	readonly element: HTMLElement;
	readonly #canvas = h("canvas");
	readonly #value = h("strong", {}, "–");
	readonly #values: number[] = [];
	readonly #format: (value: number) => string;

	constructor(label: string, format: (value: number) => string) {
		this.#format = format;
		this.element = h("figure", { class: "plot" }, h("figcaption", {}, h("span", {}, label), this.#value), this.#canvas);
	}

	push(value: number | undefined): void {
		this.#value.textContent = value === undefined ? "–" : this.#format(value);
		this.#values.push(value ?? 0);
		if (this.#values.length > POINTS) this.#values.shift();
		this.#draw();
	}

	#draw(): void {
		const { clientWidth: width, clientHeight: height } = this.#canvas;
		if (width === 0) return;
		this.#canvas.width = width * devicePixelRatio;
		this.#canvas.height = height * devicePixelRatio;
		const context = this.#canvas.getContext("2d");
		if (!context) return;
		context.scale(devicePixelRatio, devicePixelRatio);
		const most = Math.max(...this.#values, 1e-9);
		const style = getComputedStyle(this.#canvas);
		context.beginPath();
		this.#values.forEach((value, i) => {
			const x = ((POINTS - this.#values.length + i) / (POINTS - 1)) * width;
			context.lineTo(x, height - 2 - (value / most) * (height - 6));
		});
		context.strokeStyle = style.color;
		context.lineWidth = 1.5;
		context.lineJoin = "round";
		context.stroke();
		context.lineTo(width, height);
		context.lineTo(((POINTS - this.#values.length) / (POINTS - 1)) * width, height);
		context.globalAlpha = 0.14;
		context.fillStyle = style.color;
		context.fill();
	}
}
