/** Effects of a connection's media: what its join asked for, and what is altered of them while it runs. */
import type { JoinOptions } from "../../../shared/ducksoup.ts";
import type { Env } from "../../env.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";

export function readEffects(_env: Env, _options: JoinOptions): void {}

export function applyEffects(_core: Core, _member: Member): void {}

export interface Alteration {
	name: string;
	property: string;
	value: number | string;
	/** Of a ramp, ms. */
	duration?: number;
}

export function alterEffect(_core: Core, _member: Member, _alteration: Alteration): void {}
