/** Effects of a connection's media: what its join asked for, and what is altered of them while it runs. */
import type { JoinOptions } from "../../../shared/ducksoup.ts";
import {
	type EffectChain,
	EffectControl,
	type EffectsState,
	type EffectsWish,
	EffectValue,
	parseEffects,
	widenedBy,
} from "../../../shared/effects.ts";
import type { ErrorBody } from "../../../shared/errors.ts";
import type { Env } from "../../env.ts";
import type { Core } from "../../room/core.ts";
import { controlEffect, setEffects } from "../../room/effects.ts";
import type { Member } from "../../room/state.ts";
import type { Interaction } from "./interaction.ts";
import { log, logOf } from "./log.ts";
import { altersMedia, fixesFramerate } from "./recording.ts";

/** Tells whose face it is that it sees, to an element that tracks faces. */
const TRACKER = "mozza";

/** What a join asks for; undefined: everything as it comes. Throws `bad_request` for what is not allowed. */
export function readEffects(
	env: Env,
	{ audioFx, videoFx, audioOnly, recordingMode, videoFormat, framerate, overlay, gpu }: JoinOptions,
): EffectsWish | undefined {
	const widened = widenedBy(env.EFFECTS_ALLOWED);
	const audio = audioFx === "" ? undefined : parseEffects(audioFx, "audio", widened);
	const video = videoFx === "" || audioOnly ? undefined : parseEffects(videoFx, "video", widened);
	if ((!audio && !video) || !altersMedia(recordingMode)) return undefined;
	const options = {
		codec: videoFormat,
		framerate: fixesFramerate(recordingMode) ? framerate : undefined,
		overlay: overlay || env.DUCKSOUP_FORCE_OVERLAY === "true",
		hardware: gpu && env.DUCKSOUP_NVCODEC === "true",
	};
	return { audio, video, options };
}

/** Before anything of it is published: nobody gets it as it is first. */
export function applyEffects(core: Core, member: Member, { id }: Interaction, wish: EffectsWish): void {
	setEffects(core, member, { ...wish, video: wish.video && named(wish.video, `r-${id}-u-${member.id}`) });
}

function named(chain: EffectChain, user: string): EffectChain {
	if (!EffectValue.safeParse(user).success) return chain;
	return chain.map((effect) => {
		return effect.element === TRACKER ? { ...effect, properties: { ...effect.properties, "user-id": user } } : effect;
	});
}

export interface Alteration {
	name: string;
	property: string;
	value: number | string;
	/** Of a ramp, ms. */
	duration?: number;
}

/** Of names and properties that are not there nothing becomes. */
export function alterEffect(core: Core, member: Member, alteration: Alteration): void {
	const control = EffectControl.safeParse(alteration).data;
	if (control) controlEffect(core, member, control);
}

export function onEffects(core: Core, member: Member, state: EffectsState, error: ErrorBody | undefined): void {
	const fields = { ...logOf(member), value: state, error: error?.message };
	if (state === "live") log(core, "info", "pipeline", "pipeline_initialized", fields);
	else log(core, "error", "pipeline", "gstreamer_error", fields);
}
