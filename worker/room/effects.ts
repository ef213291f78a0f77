/** Effects on what members send: carried out by their nodes, and by those that they move to. */
import { type EffectControl, type EffectsWish, keepControl } from "../../shared/effects.ts";
import { SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand, LinkReport } from "../../shared/link.ts";
import type { ParticipantEffects } from "../../shared/rest.ts";
import type { Core } from "./core.ts";
import { command } from "./links.ts";
import type { Endpoint, Member } from "./state.ts";

/** What is done to what a member sends, from now on; undefined: nothing any more. A node is needed for it. */
export function setEffects(core: Core, member: Member, wish: EffectsWish | undefined): void {
	if (!wish && !member.effects) return;
	if (wish && core.topologySetting === "mesh") {
		throw new SwitchyardError("unsupported", "no node carries the media of a mesh");
	}
	const before = JSON.stringify(member.effects);
	// An empty one is kept: a node that is away for the moment is told of it when it is back.
	member.effects = wish ?? NONE;
	// Its node goes on with the same, and says nothing of it.
	if (JSON.stringify(member.effects) !== before) member.effectsState = undefined;
	core.members.touch(member.id);
	toNodes(core, member, (endpoint) => effectsOn(member, endpoint));
	// The room turns after this event, and until it has, the others get everything directly.
	if (wish && core.topology === "mesh") core.emit({ type: "effects", state: "dry" }, { to: [member.id] });
}

const NONE: EffectsWish = { options: { codec: "VP8", overlay: false, hardware: false } };

/** What there is of them now. */
export function effectsView(core: Core, member: Member): ParticipantEffects {
	const { effects = NONE, effectsState, endpoint } = member;
	if (!hasEffects(member)) return effects;
	if (core.topology === "mesh") return { ...effects, state: "dry" };
	if (effectsState?.endpoint !== endpoint) return effects;
	return { ...effects, state: effectsState?.state, error: effectsState?.error };
}

export function hasEffects({ effects }: Member): boolean {
	return effects?.audio !== undefined || effects?.video !== undefined;
}

/**
 * Sets a property of a member's effect. One that has no such effect is not told.
 * @returns whether it has
 */
export function controlEffect(core: Core, member: Member, control: EffectControl): boolean {
	const { name, property, value, duration } = control;
	if (!member.effects || !keepControl(member.effects, control)) return false;
	core.members.touch(member.id);
	toNodes(core, member, (endpoint) => [{ type: "control", endpoint, name, property, value, duration }]);
	return true;
}

/** What a node is told of a member's effects beside its media side. */
export function effectsOn({ effects }: Member, endpoint: string): LinkCommand[] {
	if (!effects) return [];
	const { audio, video, options } = effects;
	return [{ type: "effects", endpoint, audio, video, options }];
}

/** A node tells what became of them. */
export function onEffects(
	core: Core,
	{ id, participant }: Endpoint,
	{ state, error }: Extract<LinkReport, { type: "effects" }>,
): void {
	if (error) console.warn({ event: "effects", room: core.room.name, participant, state, error: error.message });
	const member = core.members.get(participant);
	if (member?.endpoint !== id) return;
	if (hasEffects(member)) {
		member.effectsState = { endpoint: id, state, error };
		core.members.touch(participant);
	}
	core.emit({ type: "effects", state, error }, { to: [participant] });
}

/** Of the media side that it has, and of the one that it moves to. */
function toNodes(core: Core, member: Member, make: (endpoint: string) => LinkCommand[]): void {
	for (const id of [member.endpoint, member.next]) {
		const endpoint = id === undefined ? undefined : core.endpoints.get(id);
		if (endpoint && endpoint.state !== "waiting") command(core, endpoint.epoch, make(endpoint.id));
	}
}
