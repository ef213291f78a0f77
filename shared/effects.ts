/**
 * Effects on what a participant sends: GStreamer elements, one after the other, put into the way of its audio or video.
 * The text that names them comes from anybody, so it is read here and nothing of it is handed on: elements by an
 * allow-list, properties with plain values, and nothing else.
 */
import * as z from "zod";
import { SwitchyardError } from "./errors.ts";

/** By kind, the elements that anybody may use. */
const ALLOWED: Record<"audio" | "video", ReadonlySet<string>> = {
	audio: new Set(
		(
			"audioamplify audiochebband audiocheblimit audiodynamic audioecho audioinvert audiokaraoke audiowsincband " +
			"audiowsinclimit avocoder equalizer-3bands equalizer-10bands freeverb pitch stereo volume"
		).split(" "),
	),
	video: new Set(
		(
			"agingtv bulge burn chromahold chromium circle coloreffects cvdilate cverode cvequalizehist cvlaplace cvsmooth " +
			"cvsobel diffuse dilate dodge edgedetect edgetv exclusion facedetect fisheye gamma gaussianblur kaleidoscope " +
			"marble mirror mozza optv pinch quarktv retinex revtv rippletv rotate segmentation solarize sphere square " +
			"streaktv stretch tunnel twirl vertigotv videobalance videoflip warptv waterripple"
		).split(" "),
	),
};

/** What a page puts between effects: the node does that itself. */
const CONVERTERS: ReadonlySet<string> = new Set(["audioconvert", "audioresample", "videoconvert", "videoscale"]);

/** Never, whoever allows them: what comes from or goes to files, devices and networks, and bins of elements. */
const NEVER = /src|sink|bin\d*$|file|uri|shm|ipc|pipe|udp|tcp|http|rtsp|rtmp|socket|proxy|inter(?:audio|video)/;
/** Nor properties that name any of these, or would undo what the node set. */
const NEVER_SET =
	/location|file|path|uri|url|device|host|address|port|socket|^fd$|profile|command|script|^(?:name|parent|qos)$/;

const MAX_TEXT = 2_000;
const MAX_EFFECTS = 8;
const MAX_PROPERTIES = 32;

const ElementName = z
	.string()
	.regex(/^[a-z][a-z0-9-]{0,63}$/, "not an element's name")
	.refine((name) => !NEVER.test(name), "never an effect");
const PropertyName = z
	.string()
	.regex(/^[a-z][a-z0-9-]{0,63}$/, "not a property's name")
	.refine((name) => !NEVER_SET.test(name), "never set");
/** What an effect is called in controls. */
export const EffectName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, _ or -");
const word = z.string().regex(/^[A-Za-z0-9_.+-]{1,64}$/, "letters, digits, _ . + or -");
export const EffectValue = z.union([z.number(), z.boolean(), word]);
export type EffectValue = z.infer<typeof EffectValue>;

const Properties = z
	.record(PropertyName, EffectValue)
	.refine((it) => Object.keys(it).length <= MAX_PROPERTIES, "too many properties");

export const Effect = z.object({
	element: ElementName,
	name: EffectName.optional(),
	properties: Properties,
	/** What controls have set since: nobody knows whether it can be, and what cannot be fails nothing. */
	controlled: Properties.optional(),
});
export type Effect = z.infer<typeof Effect>;

export const EffectChain = z.array(Effect).min(1).max(MAX_EFFECTS);
export type EffectChain = z.infer<typeof EffectChain>;

export const EffectOptions = z.object({
	/** What the altered video is encoded as. */
	codec: z.enum(["H264", "VP8"]),
	/** The altered video has this many frames per second; absent: as many as it comes with. */
	framerate: z.number().int().min(1).max(60).optional(),
	/** The stream's time is written over the altered video. */
	overlay: z.boolean(),
	/** By the graphics card, where the node has one that can. */
	hardware: z.boolean(),
});
export type EffectOptions = z.infer<typeof EffectOptions>;

export const EffectsWish = z.object({
	audio: EffectChain.optional(),
	video: EffectChain.optional(),
	options: EffectOptions,
});
export type EffectsWish = z.infer<typeof EffectsWish>;

/** Effects as anybody asks for them: as text. Without either, there are none any more. */
export const EffectsRequest = z.object({
	audio: z.string().max(MAX_TEXT).optional(),
	video: z.string().max(MAX_TEXT).optional(),
	codec: EffectOptions.shape.codec.default("VP8"),
	framerate: EffectOptions.shape.framerate,
	overlay: z.boolean().default(false),
	hardware: z.boolean().default(false),
});
export type EffectsRequest = z.infer<typeof EffectsRequest>;

/** A property of a running effect set anew: at once, or in steps over `duration` ms (5,000 at most). */
export const EffectControl = z.object({
	name: EffectName,
	property: PropertyName,
	value: EffectValue,
	duration: z.number().min(0).optional(),
});
export type EffectControl = z.infer<typeof EffectControl>;

/**
 * Has a wish's effects of that name begin with what a control set, wherever they begin anew. What is more than an
 * effect may have is set now, and forgotten then.
 * @returns whether there is such an effect
 */
export function keepControl({ audio, video }: EffectsWish, { name, property, value }: EffectControl): boolean {
	const named = [audio, video].flatMap((chain) => chain ?? []).filter((effect) => effect.name === name);
	for (const effect of named) {
		const controlled = { ...effect.controlled, [property]: value };
		if (Object.keys(controlled).length <= MAX_PROPERTIES) effect.controlled = controlled;
	}
	return named.length > 0;
}

/** `live`: others get it altered. `dry`: they get it as it is, for now. `failed`: for good. */
export const EffectsState = z.enum(["live", "dry", "failed"]);
export type EffectsState = z.infer<typeof EffectsState>;

/**
 * Reads `element property=value … name=NAME ! element …`. Throws `bad_request` for anything else.
 * @param kind what it is put into the way of; absent: either
 * @param widened elements that an operator allows as well
 */
export function parseEffects(text: string, kind?: "audio" | "video", widened: readonly string[] = []): EffectChain {
	if (text.length > MAX_TEXT) throw refusal("too long");
	const names = new Set<string>();
	const chain: EffectChain = [];
	for (const part of text.split("!")) {
		const effect = parseEffect(part);
		if (effect.name !== undefined) {
			if (names.has(effect.name)) throw refusal(`two effects are called ${effect.name}`);
			names.add(effect.name);
		}
		if (CONVERTERS.has(effect.element)) continue;
		if (!isAllowed(effect.element, kind, widened)) throw refusal(`${effect.element} is not allowed`);
		chain.push(effect);
	}
	const parsed = EffectChain.safeParse(chain);
	if (!parsed.success) throw refusal(SwitchyardError.fromZod(parsed.error).message);
	return parsed.data;
}

/** What is asked for; undefined: nothing. Throws `bad_request` for what is not allowed. */
export function readEffects(request: EffectsRequest, widened: readonly string[]): EffectsWish | undefined {
	const { audio, video, codec, framerate, overlay, hardware } = request;
	if (!audio && !video) return undefined;
	return {
		audio: audio ? parseEffects(audio, "audio", widened) : undefined,
		video: video ? parseEffects(video, "video", widened) : undefined,
		options: { codec, framerate, overlay, hardware },
	};
}

/** What an operator's comma list widens the allowed elements by. */
export function widenedBy(list: string | undefined): string[] {
	return (list ?? "").split(",").flatMap((name) => name.trim() || []);
}

function parseEffect(text: string): Effect {
	// GStreamer lets spaces stand around an equals sign.
	const [element = "", ...settings] = text
		.trim()
		.replace(/[ \t]*=[ \t]*/g, "=")
		.split(/[ \t\r\n]+/);
	const properties = new Map<string, EffectValue>();
	let name: string | undefined;
	for (const setting of settings) {
		const [, property, value] = /^([^=]+)=([^=]+)$/.exec(setting) ?? [];
		if (property === undefined || value === undefined) throw refusal(`not property=value: ${setting.slice(0, 64)}`);
		if (property === "name" && name === undefined) name = value;
		else if (properties.has(property) || property === "name") throw refusal(`${property} is set twice`);
		else properties.set(property, readValue(value));
	}
	const parsed = Effect.safeParse({ element, name, properties: Object.fromEntries(properties) });
	if (!parsed.success) throw refusal(SwitchyardError.fromZod(parsed.error).message);
	return parsed.data;
}

function readValue(text: string): EffectValue {
	if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text)) return Number(text);
	if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
	return text;
}

function isAllowed(element: string, kind: "audio" | "video" | undefined, widened: readonly string[]): boolean {
	if (widened.includes(element)) return true;
	if (kind) return ALLOWED[kind].has(element);
	return ALLOWED.audio.has(element) || ALLOWED.video.has(element);
}

function refusal(why: string): SwitchyardError {
	return new SwitchyardError("bad_request", `effects: ${why}`);
}
