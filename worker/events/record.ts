/**
 * What back ends are told of a room. The room's rules record joins, leaves and who is there; a dialect records what
 * only it knows: `recordEvent(core, { type: "device.changed", member, details })`.
 */
import type { EventData, EventDetails } from "../../shared/events.ts";
import type { LeaveReason } from "../../shared/native.ts";
import type { Core } from "../room/core.ts";
import { byteLength } from "../room/sizes.ts";
import type { Member } from "../room/state.ts";

export interface NewEvent {
	/** `noun.verb`, lower case (EventName). */
	type: string;
	/** Whom it is about. */
	member?: Member;
	details?: EventDetails;
	data?: Partial<EventData>;
}

/** Who is listed of a very large room: a queue takes no more in one message. */
const LIVE_BYTES = 48_000;

/** Written with what else this platform event changes, and delivered after that. Costs nothing where nobody gets it. */
export function recordEvent(core: Core, { type, member, details, data }: NewEvent): void {
	const { delivery } = core;
	if (!core.record || !delivery.wanted) return;
	const at = Date.now();
	const { name: room, eventSeq } = core.room;
	// A room made anew under its name goes on above the former one: none tells a thousand things in a millisecond.
	const seq = Math.max(eventSeq ?? at * 1_000, delivery.pending.last) + 1;
	core.room.eventSeq = seq;
	core.touchRoom();
	const about = member && {
		participant: member.id,
		session: member.session,
		user: member.identity,
		name: member.name,
		dialect: member.dialect,
	};
	delivery.pending.add(
		{
			id: `${room}/${seq}`,
			seq,
			room,
			type,
			at,
			data: { size: core.members.size, ...about, ...data, details: details && bounded(core, type, details) },
		},
		delivery.urls,
	);
}

/** Of a room that is gone: what was recorded of it may arrive later than its end. Only who gets all events is told. */
export function recordAfterwards(core: Core, room: string, type: string, details: EventDetails): void {
	const { delivery } = core;
	if (core.record || !delivery.wanted) return;
	const at = Date.now();
	const seq = Math.max(at * 1_000, delivery.pending.last) + 1;
	delivery.pending.add({ id: `${room}/${seq}`, seq, room, type, at, data: { size: 0, details } }, []);
}

/** What no queue would take must not hold up what comes after it. */
function bounded(core: Core, type: string, details: EventDetails): EventDetails | undefined {
	const most = core.limits.maxMetadataBytes;
	if (byteLength(JSON.stringify(details), most) <= most) return details;
	console.error({ event: "details of an event left out: too large", type, most });
	return undefined;
}

/** Somebody is in the room now. */
export function recordJoin(core: Core, member: Member): void {
	recordEvent(core, { type: "room.join", member, details: member.details });
	keepLive(core);
}

/** Somebody was, until now. */
export function recordLeave(core: Core, member: Member, reason: LeaveReason): void {
	const { joinedAt } = member;
	recordEvent(core, { type: "room.leave", member, details: member.details, data: { reason, joinedAt } });
	keepLive(core);
}

/** Tells who is there, when it is time to. True: it was. */
export function recordLive(core: Core, now: number): boolean {
	keepLive(core);
	const { record } = core;
	if (record?.liveAt === undefined || record.liveAt > now) return false;
	recordEvent(core, { type: "room.live", data: { participants: present(core) } });
	for (const member of core.members.values()) core.dialect(member.dialect).live?.(core, member);
	// From when it was due, so that they come as often as said; from now, when that was long ago.
	record.liveAt = Math.max(record.liveAt, now - core.limits.eventLiveMs) + core.limits.eventLiveMs;
	core.touchRoom();
	return true;
}

/** The time of the next one is there as long as somebody is, and somebody wants to know. */
function keepLive(core: Core): void {
	const { record } = core;
	if (!record) return;
	const needed = core.members.size > 0 && core.delivery.wanted;
	if (needed === (record.liveAt !== undefined)) return;
	record.liveAt = needed ? Date.now() + core.limits.eventLiveMs : undefined;
	core.touchRoom();
}

function present(core: Core): { id: string; session: string; user?: string }[] {
	const list: { id: string; session: string; user?: string }[] = [];
	let bytes = 0;
	for (const { id, session, identity: user } of [...core.members.values()].sort((a, b) => a.join - b.join)) {
		bytes += (id.length + (user?.length ?? 0)) * 3 + session.length + 35;
		if (bytes > LIVE_BYTES) break;
		list.push({ id, session, user });
	}
	return list;
}
