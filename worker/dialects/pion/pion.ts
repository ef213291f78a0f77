/** The protocol of Pion_SFU (docs/pion.md) in terms of the room's rules. */
import { CLOSE } from "../../../shared/close-codes.ts";
import { type ErrorBody, SwitchyardError } from "../../../shared/errors.ts";
import type { PionFrame } from "../../../shared/pion.ts";
import { type Description, SdpSettings, type SentTrack } from "../../../shared/sdp.ts";
import type { Answer, Core } from "../../room/core.ts";
import { publishSent, renegotiate } from "../../room/descriptions.ts";
import { ensureEndpoint } from "../../room/endpoints.ts";
import { isRevoked, join, removeMember } from "../../room/members.ts";
import type { RoomEvent } from "../../room/outbox.ts";
import type { Guest } from "../../room/sockets.ts";
import type { Member } from "../../room/state.ts";
import { candidatesIn } from "../candidates.ts";
import type { Personal } from "../dialect.ts";
import * as negotiation from "../negotiation.ts";
import { receiver } from "../receiving.ts";
import { memberOn } from "../socket.ts";
import { errorFrame, eventFrame, type Ids, readFrame, speaksFor } from "./frames.ts";
import { DIALECT, keep, type Peer, peerFor } from "./peer.ts";

/** Renegotiations in a row that a client may refuse; then one more is tried after a pause, ms. */
const TRIES = 25;
const PAUSE_MS = 3_000;
/** For a connection to come about, from the answer to the first offer, ms. */
const CONNECT_MS = 30_000;
/** For one that was lost to come back, ms. It was noticed late already: consent to send lasts for 30 s (RFC 7675). */
const RETURN_MS = 3_000;

export const pion: Personal = {
	name: DIALECT,
	resumes: false,
	heartbeats: false,
	proven: false,

	mayCreate: (core) => core.env.AUTO_CREATE !== "false",
	greet: () => {},

	receive: receiver({ read: readFrame, carryOut: dispatch, errorFrame }),

	hear,

	answered(core, member, request, answer) {
		if (!answer.ok) onRefused(core, member, request, answer);
	},

	due(core, member, now) {
		const peer = peerFor(member);
		if ((peer.connectBy ?? now + 1) <= now) {
			tell(core, member, errorFrame("the peer connection is gone"));
			removeMember(core, member, "timeout");
			return;
		}
		if ((peer.retryAt ?? now + 1) > now) return;
		peer.retryAt = undefined;
		keep(core, member);
		renegotiate(core, member, "");
	},
};

// ---------------------------------------------------------------- frames

function dispatch(core: Core, ws: WebSocket, frame: PionFrame): void {
	const who = core.sockets.of(ws);
	if (who.kind === "guest") {
		if (frame.event !== "joinRoom") throw new SwitchyardError("not_joined", "join a room first");
		enter(core, ws, who, frame.data);
		return;
	}
	const member = memberOn(core, ws);
	if (!member) throw new SwitchyardError("not_joined");
	if (frame.event === "joinRoom") throw new SwitchyardError("already_joined", "leave the room first");
	if (!speaksFor(peerFor(member).ids, frame.data)) {
		throw new SwitchyardError("forbidden", "self_id or room_id: not those that this socket joined with");
	}
	const peer = peerFor(member);
	switch (frame.event) {
		case "leaveRoom":
			removeMember(core, member, "left");
			return;
		case "offer":
			peer.retryAt = undefined;
			negotiation.takeOffer(core, member, peer.turn, frame.data.offer.sdp, Date.now());
			keep(core, member);
			return;
		case "answer":
			negotiation.takeAnswer(core, member, peer.turn, frame.data.answer.sdp);
			keep(core, member);
			return;
		case "ice-candidate":
			// The node learns where its client is from the client's own checks.
			return;
		default:
			frame satisfies never;
	}
}

/** A client that is not let in may name another room. */
function enter(core: Core, ws: WebSocket, { grant }: Guest, ids: Ids): void {
	try {
		if (isRevoked(core, grant)) throw new SwitchyardError("forbidden", "removed from this room");
		if (!core.record && !pion.mayCreate(core)) throw new SwitchyardError("not_found", "no such room");
		const namesake = core.members.get(grant.claims.sub);
		// The newest socket of a name is the one in use; not so where names are proven.
		if (namesake && namesake.dialect !== DIALECT) throw new SwitchyardError("conflict", "self_id: taken");
		const own: Peer = { ids, turn: { used: 0 }, connected: false, refused: 0 };
		const wish = { dialect: DIALECT, own, sdp: SdpSettings.parse({}), subscribe: "all" as const };
		const member = join(core, ws, grant, { ...wish, data: false, mesh: false });
		ensureEndpoint(core, member);
	} catch (error) {
		core.sockets.send(ws, errorFrame(SwitchyardError.from(error).message));
		core.sockets.close(ws, CLOSE.normal);
	}
}

function tell(core: Core, member: Member, frame: string): void {
	const ws = core.socket(member);
	if (ws) core.sockets.send(ws, frame);
}

// ---------------------------------------------------------------- events of the room

function hear(core: Core, member: Member, event: RoomEvent): void {
	const peer = peerFor(member);
	switch (event.type) {
		case "description":
			if (event.cause) negotiation.onAnswered(peer.turn);
			if (event.cause || negotiation.mayGive(peer.turn, false, Date.now())) {
				tellDescription(core, member, event.description);
			}
			publishAll(core, member, event.sends);
			keep(core, member);
			return;
		case "agreed":
			negotiation.onAgreed(peer.turn);
			peer.refused = 0;
			peer.retryAt = undefined;
			publishAll(core, member, event.sends);
			keep(core, member);
			return;
		case "media":
			onMedia(core, member, event.state === "connected", RETURN_MS);
			return;
		case "endpointLost":
			negotiation.onNodeLost(peer.turn);
			onMedia(core, member, false);
			return;
		case "removed":
			tell(core, member, errorFrame(`removed from the room${event.reason ? `: ${event.reason}` : ""}`));
			return;
	}
}

/** `within`: what it is given to be connected again; it counts from the next description where there is none. */
function onMedia(core: Core, member: Member, connected: boolean, within?: number): void {
	const peer = peerFor(member);
	peer.connected = connected;
	peer.connectBy = within === undefined || connected ? undefined : Date.now() + within;
	keep(core, member);
}

function tellDescription(core: Core, member: Member, description: Description): void {
	tell(core, member, eventFrame(description.type, description));
	const candidates = candidatesIn(description.sdp);
	const peer = peerFor(member);
	if (!peer.connected) peer.connectBy ??= Date.now() + CONNECT_MS;
	if (!candidates || candidates.ufrag === peer.ufrag) return;
	peer.ufrag = candidates.ufrag;
	for (const candidate of candidates.list) tell(core, member, eventFrame("candidate", candidate));
}

/** One of each kind, as the protocol has it. */
function publishAll(core: Core, member: Member, sends: readonly SentTrack[] | undefined): void {
	if (!sends) return;
	const taken = new Set<string>();
	const name = ({ kind }: SentTrack) => {
		if (taken.has(kind)) return undefined;
		taken.add(kind);
		return {
			track: `pion-${member.join}-${kind}`,
			source: kind === "audio" ? ("audio" as const) : ("camera" as const),
		};
	};
	const failed = (_: SentTrack, error: ErrorBody) => tell(core, member, errorFrame(error.message));
	publishSent(core, member, sends, name, () => ++peerFor(member).turn.used, failed);
}

function onRefused(core: Core, member: Member, request: number, { error }: Answer & { ok: false }): void {
	const peer = peerFor(member);
	const { about, harmless } = negotiation.onFailed(core, member, peer.turn, request, error);
	keep(core, member);
	if (harmless) return;
	tell(core, member, errorFrame(error.message));
	if (about !== "answer") return;
	peer.refused++;
	if (peer.refused < TRIES) renegotiate(core, member, "");
	else if (peer.refused === TRIES) peer.retryAt = Date.now() + PAUSE_MS;
	keep(core, member);
}
