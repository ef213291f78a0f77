/** `play.json`: what effects there are to choose from, and the text that a choice of them is. */
export type EffectType = "audio" | "video";
export type PropertyKind = "float" | "double" | "int" | "uint64" | "string";

export interface Control {
	/** The property. */
	gst: string;
	/** What it is called where that is not the property's name. */
	display?: string;
	kind: PropertyKind;
	default: number;
	min: number;
	max: number;
	step: number;
	/** Of the value, before it is shown. */
	displayDivider?: number;
	displayDigits?: number;
	/** Words for the values 0, 1, 2 …: of an enumeration. */
	choices?: string[];
}

export interface Effect {
	/** The element. */
	gst: string;
	type: EffectType;
	category: string;
	/** Unique among those of its type. */
	display: string;
	/** Where the element is described. */
	url?: string;
	/** Properties that are always set. */
	fixed?: { gst: string; value: number | string | boolean }[];
	controls?: Control[];
}

/** An effect with the values of its knobs. */
export interface Chosen {
	effect: Effect;
	/** What controls of it are addressed to. */
	name: string;
	values: Record<string, number>;
}

export function choose(effect: Effect, taken: readonly Chosen[]): Chosen {
	const names = new Set(taken.map(({ name }) => name));
	let n = 1;
	while (names.has(`${effect.type}_${n}`)) n++;
	const values = Object.fromEntries((effect.controls ?? []).map((control) => [control.gst, control.default]));
	return { effect, name: `${effect.type}_${n}`, values };
}

/** One effect after another, each under its own name. */
export function chainText(chosen: readonly Chosen[], type: EffectType): string {
	const those = chosen.filter(({ effect }) => effect.type === type);
	return those.map(elementText).join(" ! ");
}

function elementText({ effect, name, values }: Chosen): string {
	const fixed = (effect.fixed ?? []).map(({ gst, value }) => `${gst}=${value}`);
	const set = (effect.controls ?? []).map(({ gst, default: usual }) => `${gst}=${values[gst] ?? usual}`);
	return [effect.gst, ...fixed, ...set, `name=${name}`].join(" ");
}

/** A value as its knob shows it. */
export function shownValue(control: Control, value: number): string {
	const { displayDivider = 1, displayDigits = 0, choices } = control;
	return choices?.[value] ?? (value / displayDivider).toFixed(displayDigits);
}

/** The nearest value that a control may have. */
export function stepped({ min, max, step }: Control, value: number): number {
	const near = min + Math.round((value - min) / step) * step;
	// A step of 0.1 is none in binary.
	return Math.min(max, Math.max(min, Number(near.toFixed(6))));
}

/** Gradual changes exist of numbers with a fraction. */
export const isGradual = ({ kind }: Control) => kind === "float" || kind === "double";

/** Throws, in words for whoever writes the file, where it is no catalogue. */
export function parseCatalogue(json: unknown): Effect[] {
	if (!Array.isArray(json)) throw new Error("it must be a list of effects");
	return json.map((entry: Partial<Effect>, i) => {
		const { gst, type, display } = entry;
		if (typeof gst !== "string" || typeof display !== "string" || (type !== "audio" && type !== "video")) {
			throw new Error(`effect ${i + 1} needs gst, display, and a type that is audio or video`);
		}
		for (const { gst: property, min, max, step, default: usual } of entry.controls ?? []) {
			const numbers = [min, max, step, usual].every((value) => typeof value === "number");
			if (!numbers || min >= max || step <= 0) throw new Error(`${display}: ${property} has no range`);
		}
		return { category: "Other", ...entry } as Effect;
	});
}
