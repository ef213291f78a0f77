/** Who is in the room: joining, being away and coming back, leaving. */
import { CLOSE, type CloseCode } from "../../shared/close-codes.ts";
import { SwitchyardError } from "../../shared/errors.ts";
import type { EventDetails } from "../../shared/events.ts";
import type { BitrateLimits } from "../../shared/link.ts";
import { MIX } from "../../shared/mix.ts";
import type { LeaveReason, RequestOf, Snapshot } from "../../shared/native.ts";
import type { RoomSettings } from "../../shared/rest.ts";
import type { SdpSettings } from "../../shared/sdp.ts";
import { isPersonal } from "../dialects/dialect.ts";
import { recordJoin, recordLeave } from "../events/record.ts";
import type { Core } from "./core.ts";
import { closeEndpoints } from "./endpoints.ts";
import type { Entry, RoomEvent } from "./outbox.ts";
import { dropPipes, prune } from "./pipes.ts";
import type { Grant } from "./rpc.ts";
import { checkSize } from "./sizes.ts";
import type { Mail, Member } from "./state.ts";
import { canMesh, checkMesh, keepTopology } from "./topology.ts";
import { forgetChoices } from "./tracks.ts";

/** Close codes for a socket whose participant leaves for a reason it did not choose. */
const CLOSE_FOR: Record<LeaveReason, CloseCode> = {
	left: CLOSE.normal,
	timeout: CLOSE.silent,
	replaced: CLOSE.replaced,
	removed: CLOSE.removed,
	moved: CLOSE.moved,
	roomClosed: CLOSE.roomClosed,
};

/** How long a client that was let go of may take to come back, ms. */
const RETURN_MS = 10_000;
/** How long it is known of somebody what a dialect kept, ms. */
const KEPT_MS = 120_000;

export interface Join extends Omit<RequestOf<"join">, "type" | "mixed"> {
	/** What it receives is mixed. */
	mixed?: boolean;
	dialect: string;
	/** It has a media side, and says what it can receive when it has got that. */
	equipsLater?: true;
	/** Its client speaks SDP. */
	sdp?: SdpSettings;
	identity?: string;
	/** Of its media, where nothing was opened ahead of the join. Those of an SDP client are in `sdp`. */
	limits?: BitrateLimits;
	/** It receives what it sends as well. */
	mirror?: true;
	/** Of the dialect, these three. */
	details?: EventDetails;
	own?: unknown;
	dueAt?: number;
}

/**
 * Adds a participant. An earlier join of the same identity is replaced: the newest socket is the one in use. Without a
 * socket where the dialect's members have none.
 */
export function join(core: Core, ws: WebSocket | undefined, grant: Grant, request: Join): Member {
	const { claims } = grant;
	if (claims.sub === MIX) throw new SwitchyardError("bad_request", "this identity is reserved for the mix");
	checkSize(core, "metadata", request.metadata);
	checkSize(core, "presence", request.presence);
	const room = core.ensure(grant.room, grant.origin);
	const earlier = core.members.get(claims.sub);
	const most = room.settings.maxParticipants ?? core.limits.maxParticipants;
	if (!earlier && core.members.size >= most) throw new SwitchyardError("room_full");

	const member: Member = {
		id: claims.sub,
		join: core.serial(),
		session: grant.session,
		dialect: request.dialect,
		name: request.name ?? claims.name,
		metadata: request.metadata ?? claims.metadata,
		rights: claims.rights,
		client: request.client,
		place: grant.place,
		joinedAt: Date.now(),
		state: "joined",
		subscribe: request.subscribe,
		media: mediaOf(request, room.settings),
		details: request.details,
		identity: request.identity,
		mirror: request.mirror,
		own: request.own,
		dueAt: request.dueAt,
		subscriptions: {},
	};
	if (request.mesh && canMesh(member)) member.mesh = true;
	checkMesh(core, member);
	if (earlier) removeMember(core, earlier, "replaced");
	room.emptySince = undefined;
	core.touchRoom();
	core.members.set(member.id, member);
	noteAlone(core);
	if (ws) bind(core, ws, member);
	core.memory(member).heard = core.outbox.seq;
	// Told to the others before they learn of the new one, who reads it in the answer to its join.
	keepTopology(core, member);
	if (request.presence !== undefined) core.setPresence(member, request.presence);
	core.emit({ type: "participantJoined", participant: core.participant(member) }, { except: member.id });
	recordJoin(core, member);
	return member;
}

function mediaOf(request: Join, settings: RoomSettings): Member["media"] {
	const { rtpCapabilities, dtlsParameters, data, equipsLater, sdp, limits } = request;
	const mixed = request.mixed || settings.mixed ? true : undefined;
	if (sdp) return { data, sdp, mixed };
	// Its client says of each track when it is ready for it, and knows no others.
	if (equipsLater) return { data, beginsPaused: true, limits };
	return rtpCapabilities && { rtpCapabilities, dtlsParameters, data, limits, mixed };
}

export type Resumed =
	| { how: "replayed"; member: Member; seq: number; entries: Entry[] }
	| { how: "resumed"; member: Member; snapshot: Snapshot; messages: RoomEvent[] };

/** Brings a participant back whose socket dropped, in time, with what it missed. */
export function resume(core: Core, ws: WebSocket, grant: Grant, request: Omit<RequestOf<"resume">, "type">): Resumed {
	const member = core.members.get(grant.claims.sub);
	if (!member || member.session !== request.session || grant.session !== request.session) {
		throw new SwitchyardError("session_gone");
	}
	if (!inTime(core, member)) throw new SwitchyardError("session_gone");
	const entries = core.outbox.since(request.incarnation, request.seq, member.id);
	const messages = comeBack(core, ws, member).filter((mail) => mail.type !== "frame");
	// The ring has the messages as well; what the mailbox holds is for when it has not.
	if (entries) return { how: "replayed", member, seq: core.outbox.seq, entries };
	return { how: "resumed", member, snapshot: core.snapshot(), messages };
}

/** False: its grace time is over, and it is a member no more. */
export function inTime(core: Core, member: Member): boolean {
	if (member.state !== "away" || (member.awayUntil ?? 0) > Date.now()) return true;
	removeMember(core, member, "timeout");
	return false;
}

/** A member goes on with another socket. Returns what waited for it. */
export function comeBack(core: Core, ws: WebSocket, member: Member): Mail[] {
	const older = core.socket(member);
	const presence = core.memory(member).presence;
	if (older) core.sockets.close(older, CLOSE.resumedElsewhere);
	const mail = core.takeMail(member);
	bind(core, ws, member);
	if (presence !== undefined) core.setPresence(member, presence);
	if (member.state === "away") {
		member.state = "joined";
		member.awayUntil = undefined;
		core.members.touch(member.id);
		core.emit({ type: "participantUpdated", participant: member.id, state: "joined" }, { except: member.id });
	}
	return mail;
}

/**
 * Lets go of a client that has to begin anew (`beginsAnew`). It stays a member meanwhile, with its tracks: it is back
 * before the others need to know.
 */
export function letGo(core: Core, member: Member, code: CloseCode): void {
	const ws = core.socket(member);
	if (ws) core.sockets.close(ws, code);
	goAway(core, member, RETURN_MS);
}

/** It is back, knowing nothing: the same as before to everybody, on a media side that is told what it can receive. */
export function takeBack(core: Core, ws: WebSocket, { place }: Grant, member: Member): Mail[] {
	const { media } = member;
	if (media) member.media = { ...media, rtpCapabilities: undefined, dtlsParameters: undefined };
	member.subscriptions = {};
	member.place = place;
	core.members.touch(member.id);
	return comeBack(core, ws, member);
}

/** A member's socket dropped. It stays a member, with its media, for the grace time. */
export function goAway(core: Core, member: Member, ms?: number): void {
	const { resumes, socketless } = core.dialect(member.dialect);
	if (member.state === "away" || socketless) return;
	// Who cannot come back to a session is gone.
	const grace = ms ?? (resumes ? core.graceMs : 0);
	if (grace === 0) {
		removeMember(core, member, "timeout");
		return;
	}
	const now = Date.now();
	member.state = "away";
	member.awayUntil = now + grace;
	core.members.touch(member.id);
	if (!isPersonal(core.dialect(member.dialect))) {
		// Messages that were on their way when the socket broke may not have arrived. Receivers know one sent twice.
		for (const event of core.outbox.messagesSince(now - core.limits.silenceMs, member.id)) core.keep(member, event);
	}
	core.emit({ type: "participantUpdated", participant: member.id, state: "away" }, { except: member.id });
}

/** Ends a membership: its tracks, its media, its mail, its socket. */
export function removeMember(core: Core, member: Member, reason: LeaveReason): void {
	const ws = core.socket(member);
	core.takeMail(member);
	for (const track of core.tracksOf(member.id)) {
		core.tracks.delete(track.info.id);
		dropPipes(core, track);
	}
	closeEndpoints(core, member);
	core.members.delete(member.id);
	core.lastN.update();
	prune(core);
	forgetChoices(core);
	if (ws) core.sockets.close(ws, CLOSE_FOR[reason], reason);
	if (member.own !== undefined && reason === "timeout" && !core.dialect(member.dialect).socketless) {
		core.kept.set(member.id, { until: Date.now() + KEPT_MS, own: member.own });
	}
	core.forget(member);
	core.emit({ type: "participantLeft", participant: member.id, reason });
	noteAlone(core);
	recordLeave(core, member, reason);
	core.dialect(member.dialect).gone?.(core, member);
	if (core.members.size === 0) {
		core.room.emptySince = Date.now();
		core.touchRoom();
	}
}

/** For rooms that do not stay for one alone: the time runs from when fewer than two are left, whoever they are. */
export function noteAlone(core: Core): void {
	const { room } = core;
	const alone = core.members.size < 2;
	if (room.aloneMs === undefined || alone === (room.endsAt !== undefined)) return;
	room.endsAt = alone ? Date.now() + room.aloneMs : undefined;
	core.touchRoom();
}

/** Removes a participant for good: no token made for it until now lets it in again. */
export function expel(core: Core, member: Member, reason?: string): void {
	core.emit({ type: "removed", reason }, { to: [member.id] });
	core.expelled.set(member.identity ?? member.id, Math.floor(Date.now() / 1000));
	removeMember(core, member, "removed");
}

/** Made no later than its holder was removed. One that does not say when it was made is not trusted to be newer. */
export function isRevoked(core: Core, { claims }: Pick<Grant, "claims">): boolean {
	const at = core.expelled.get(claims.sub);
	return at !== undefined && (claims.iat ?? 0) <= at;
}

export function update(core: Core, member: Member, change: { name?: string; metadata?: unknown }): void {
	checkSize(core, "metadata", change.metadata);
	if (change.name !== undefined) member.name = change.name;
	if (change.metadata !== undefined) member.metadata = change.metadata;
	core.emit(
		{ type: "participantUpdated", participant: member.id, name: change.name, metadata: change.metadata },
		{ except: member.id },
	);
	core.members.touch(member.id);
}

export function mustBeMember(core: Core, id: string): Member {
	const member = core.members.get(id);
	if (!member) throw new SwitchyardError("not_found", `no participant ${JSON.stringify(id)} here`);
	return member;
}

export function mustModerate(member: Member): void {
	if (!member.rights.moderate) throw new SwitchyardError("forbidden", "needs the right to moderate");
}

/**
 * Gives a member that is there without a socket one to listen on, or several by names of their own. An earlier one of
 * that name is closed; the dialect closes those with names when the member goes.
 */
export function listen(core: Core, ws: WebSocket, member: Member, name?: string): void {
	const older = listener(core, member, name);
	if (older) core.sockets.close(older, CLOSE.resumedElsewhere);
	bind(core, ws, { ...member, session: listenerKey(member, name) });
}

export function listener(core: Core, member: Member, name?: string): WebSocket | undefined {
	return core.sockets.member(listenerKey(member, name));
}

function listenerKey({ session }: Member, name?: string): string {
	return name === undefined ? session : `${session} ${name}`;
}

function bind(core: Core, ws: WebSocket, { id, session, dialect }: Member): void {
	core.sockets.attach(ws, { kind: "member", dialect, participant: id, session, since: Date.now() });
}
