/** A knob that is turned by dragging up and down, by the wheel, or by keys; two clicks set it back. */
import { s } from "../../admin/svg.ts";
import { h } from "../../demo/dom.ts";
import { type Control, shownValue, stepped } from "./catalogue.ts";

const SIZE = 64;
const RADIUS = 25;
/** Degrees from the top, where a knob begins and ends. */
const TURN = 135;
/** Pixels of a drag over the whole range. */
const DRAG = 180;

export function knob(control: Control, initial: number, changed: (value: number) => void): HTMLElement {
	const { min, max, step } = control;
	const label = control.display ?? control.gst;
	let value = initial;
	const track = s("path", { d: arc(-TURN, TURN), class: "knob-track" });
	const fill = s("path", { class: "knob-fill" });
	const pointer = s("line", { class: "knob-pointer" });
	const face = s("circle", { cx: SIZE / 2, cy: SIZE / 2, r: RADIUS - 7, class: "knob-face" });
	const dial = s("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, class: "dial", tabindex: 0, role: "slider" });
	dial.append(track, fill, face, pointer);
	dial.setAttribute("aria-label", label);
	dial.setAttribute("aria-valuemin", String(min));
	dial.setAttribute("aria-valuemax", String(max));
	const readout = h("output", {});
	const element = h("div", { class: "knob" }, h("span", { class: "knob-name" }, label), readout);
	element.prepend(dial);

	const show = () => {
		const at = -TURN + ((value - min) / (max - min)) * 2 * TURN;
		// Where zero is inside, a knob fills from there.
		const zero = -TURN + ((Math.min(max, Math.max(min, 0)) - min) / (max - min)) * 2 * TURN;
		fill.setAttribute("d", arc(Math.min(zero, at), Math.max(zero, at)));
		const [x1, y1] = point(at, RADIUS - 16);
		const [x2, y2] = point(at, RADIUS - 9);
		for (const [name, to] of Object.entries({ x1, y1, x2, y2 })) pointer.setAttribute(name, to.toFixed(2));
		readout.textContent = shownValue(control, value);
		dial.setAttribute("aria-valuenow", String(value));
		dial.setAttribute("aria-valuetext", readout.textContent);
	};
	const set = (wish: number) => {
		const next = stepped(control, wish);
		if (next === value) return;
		value = next;
		show();
		changed(value);
	};

	dial.addEventListener("pointerdown", (down) => {
		dial.setPointerCapture(down.pointerId);
		const from = value;
		const drag = ({ clientY, shiftKey }: PointerEvent) => {
			set(from + ((down.clientY - clientY) / (shiftKey ? DRAG * 5 : DRAG)) * (max - min));
		};
		dial.addEventListener("pointermove", drag);
		dial.addEventListener("lostpointercapture", () => dial.removeEventListener("pointermove", drag), { once: true });
	});
	dial.addEventListener("dblclick", () => set(control.default));
	dial.addEventListener(
		"wheel",
		(event) => {
			// Only where somebody holds it: otherwise a page that is scrolled past turns its knobs.
			if (document.activeElement !== dial) return;
			event.preventDefault();
			set(value - Math.sign(event.deltaY) * Math.max(step, (max - min) / 100));
		},
		{ passive: false },
	);
	dial.addEventListener("keydown", (event) => {
		const big = Math.max(step, (max - min) / 10);
		const small = Math.max(step, (max - min) / 100);
		const to: Record<string, number> = {
			ArrowUp: value + small,
			ArrowRight: value + small,
			ArrowDown: value - small,
			ArrowLeft: value - small,
			PageUp: value + big,
			PageDown: value - big,
			Home: min,
			End: max,
			Delete: control.default,
		};
		const wish = to[event.key];
		if (wish === undefined) return;
		event.preventDefault();
		set(wish);
	});
	show();
	return element;
}

function point(degrees: number, radius: number): [x: number, y: number] {
	const angle = (degrees * Math.PI) / 180;
	return [SIZE / 2 + radius * Math.sin(angle), SIZE / 2 - radius * Math.cos(angle)];
}

function arc(from: number, to: number): string {
	const [x1, y1] = point(from, RADIUS);
	const [x2, y2] = point(to, RADIUS);
	const large = to - from > 180 ? 1 : 0;
	return `M${x1.toFixed(2)} ${y1.toFixed(2)}A${RADIUS} ${RADIUS} 0 ${large} 1 ${x2.toFixed(2)} ${y2.toFixed(2)}`;
}
