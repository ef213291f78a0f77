/** What sessions tell about themselves. Others speak other dialects: theirs is read off their tracks, and they see presence. */
import { INFO_KEYS, type Info, type InfoKey } from "../../../shared/odoo.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { tell } from "./bus.ts";
import { sessionOf } from "./ids.ts";
import { DIALECT, keep, sessionFor } from "./session.ts";

/** Said by sending a stream. */
export const FLAG = { audio: undefined, camera: "isCameraOn", screen: "isScreenSharingOn" } as const;

/** What holds of somebody whose socket was lost and who is back. Streams have to be begun again. */
const LASTING: readonly InfoKey[] = ["isSelfMuted", "isDeaf", "isRaisingHand"];

export function infoOf(core: Core, member: Member): Info {
	if (member.dialect === DIALECT) return sessionFor(member).info;
	const info: Info = {};
	for (const { info: track, live } of core.tracksOf(member.id)) {
		if (!live) continue;
		if (track.source === "audio") info.isSelfMuted = track.muted;
		else if (track.source === "camera") info.isCameraOn = !track.muted;
		else if (track.source === "screen") info.isScreenSharingOn = !track.muted;
	}
	return info;
}

export function setInfo(core: Core, member: Member, changes: Readonly<Record<string, unknown>>): void {
	const session = sessionFor(member);
	for (const key of INFO_KEYS) if (Object.hasOwn(changes, key)) session.info[key] = Boolean(changes[key]);
	keep(core, member);
}

/** A stream of its own has ended without a word from it. */
export function checkFlags(core: Core, member: Member): void {
	const { info, pending } = sessionFor(member);
	const sent = new Set<string>(core.tracksOf(member.id).map((track) => track.info.source));
	for (const { producer } of Object.values(pending)) if (producer) sent.add(producer.type);
	const gone = (["camera", "screen"] as const).filter((type) => info[FLAG[type]] && !sent.has(type));
	if (gone.length === 0) return;
	setInfo(core, member, Object.fromEntries(gone.map((type) => [FLAG[type], false])));
	spreadInfo(core, member);
}

export function lasting(info: Info): Info {
	return Object.fromEntries(LASTING.flatMap((key) => (info[key] === undefined ? [] : [[key, info[key]]])));
}

/** Everything set so far, to all others. */
export function spreadInfo(core: Core, member: Member): void {
	const { info } = sessionFor(member);
	for (const other of core.members.values()) {
		if (other !== member && other.dialect === DIALECT) tellInfo(core, other, [member]);
	}
	core.setPresence(member, { ...info });
	core.gather.presence(member, { ...info });
}

/** That of all others, to one. */
export function refreshInfo(core: Core, member: Member): void {
	const others = [...core.members.values()].filter((other) => other !== member);
	if (others.length > 0) tellInfo(core, member, others);
}

export function tellInfo(core: Core, to: Member, of: readonly Member[]): void {
	const infos = of.map((member) => [String(sessionOf(member.id)), { ...infoOf(core, member) }]);
	tell(core, to, "S_INFO_CHANGE", Object.fromEntries(infos));
}
