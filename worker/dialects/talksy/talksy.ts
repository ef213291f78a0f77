/** The protocol of Talksy Unit (docs/talksy.md) in terms of the room's rules. */
import { CLOSE } from "../../../shared/close-codes.ts";
import { SwitchyardError } from "../../../shared/errors.ts";
import { type Description, SdpSettings } from "../../../shared/sdp.ts";
import { TALKSY_CHANNEL, type TalksyRequest } from "../../../shared/talksy.ts";
import type { Core } from "../../room/core.ts";
import { limit } from "../../room/descriptions.ts";
import { ensureEndpoint } from "../../room/endpoints.ts";
import { isRevoked, join, removeMember } from "../../room/members.ts";
import type { RoomEvent } from "../../room/outbox.ts";
import type { Member } from "../../room/state.ts";
import { candidatesIn } from "../candidates.ts";
import type { Personal } from "../dialect.ts";
import * as negotiation from "../negotiation.ts";
import { receiver } from "../receiving.ts";
import { memberOn } from "../socket.ts";
import { ANSWER_MS, clientFor, DIALECT, IDLE_MS, keep, memoryOf, newClient, tell } from "./client.ts";
import { errorFrame, eventFrame, greetingFrame, readInternal, readRequest } from "./frames.ts";
import { resize, switchQuality } from "./quality.ts";
import { clientStats, roomStats } from "./stats.ts";
import * as tracks from "./tracks.ts";
import { onSpeakers } from "./voice.ts";

/** Whoever is told that it may offer is given no offer for so long, ms. */
const PROMISE_MS = 5_000;
/** mediasoup's least, bit/s. */
const LEAST_BITRATE = 30_000;
/** Quality of a connection, of 10, below which it becomes unstable and from which on it is stable again. */
const UNSTABLE = 5;
const STABLE = 7;

const SETTINGS = { channels: [TALKSY_CHANNEL], statistics: true };

export const talksy: Personal = {
	name: DIALECT,
	resumes: false,
	heartbeats: false,
	proven: false,

	mayCreate: (core) => core.env.AUTO_CREATE !== "false",

	greet(core, ws, grant) {
		core.sockets.send(ws, greetingFrame(grant.claims.sub));
	},

	arrive: enter,

	receive: receiver({
		read: readRequest,
		carryOut(core, ws, request) {
			enter(core, ws);
			const member = memberOn(core, ws);
			if (!member) throw new SwitchyardError("not_joined");
			carryOut(core, member, request);
		},
		errorFrame,
	}),

	hear,

	news(core, member, news) {
		switch (news.type) {
			case "speakers":
				onSpeakers(core, member, news.speakers);
				return;
			case "quality":
				onQuality(core, member, news.quality[member.id]);
				return;
			case "statistics":
				tell(core, member, eventFrame("track_stats", clientStats(core, member)));
				return;
		}
	},

	answered(core, member, request, answer) {
		if (answer.ok) return;
		const { turn } = clientFor(member);
		const { harmless } = negotiation.onFailed(core, member, turn, request, answer.error);
		keep(core, member);
		if (!harmless) tell(core, member, errorFrame(answer.error.message));
	},

	due(core, member, now) {
		const client = clientFor(member);
		const { turn, idleAt = now + 1, promisedUntil = now + 1 } = client;
		if (turn.offeredAt !== undefined && turn.offeredAt + ANSWER_MS <= now)
			end(core, member, "the offer was not answered");
		else if (idleAt <= now) end(core, member, "no connection for too long");
		else if (promisedUntil <= now) {
			client.promisedUntil = undefined;
			negotiation.giveHeld(core, member, turn);
			keep(core, member);
		}
	},

	/** Its room's statistics are all that is asked. */
	consult: (core) => roomStats(core),
};

// ---------------------------------------------------------------- coming and going

/** A client joins with its socket. */
function enter(core: Core, ws: WebSocket): void {
	const guest = core.sockets.of(ws);
	if (guest.kind !== "guest") return;
	const { grant } = guest;
	try {
		if (isRevoked(core, grant)) throw new SwitchyardError("forbidden", "removed from this room");
		if (!core.record && !talksy.mayCreate(core)) throw new SwitchyardError("not_found", "no such room");
		const own = newClient(Date.now());
		const wish = { dialect: DIALECT, own, dueAt: own.idleAt, sdp: SdpSettings.parse(SETTINGS) };
		const member = join(core, ws, grant, { ...wish, data: false, mesh: false, subscribe: "none" });
		ensureEndpoint(core, member);
		tracks.announceAll(core, member);
	} catch (error) {
		core.sockets.send(ws, errorFrame(SwitchyardError.from(error).message));
		core.sockets.close(ws, CLOSE.normal);
	}
}

function end(core: Core, member: Member, why: string): void {
	tell(core, member, errorFrame(why));
	removeMember(core, member, "timeout");
}

// ---------------------------------------------------------------- requests

function carryOut(core: Core, member: Member, request: TalksyRequest): void {
	const client = clientFor(member);
	const { turn } = client;
	switch (request.type) {
		case "offer":
			client.promisedUntil = undefined;
			negotiation.takeOffer(core, member, turn, request.data, Date.now());
			keep(core, member);
			return;
		case "answer":
			negotiation.takeAnswer(core, member, turn, request.data);
			keep(core, member);
			return;
		case "candidate":
			// The node learns where its client is from the client's own checks.
			return;
		case "tracks_added":
			tracks.nameSources(core, member, request.data);
			return;
		case "subscribe_tracks":
			tracks.subscribeTo(core, member, request.data);
			return;
		case "switch_quality":
			switchQuality(core, member, request.data);
			return;
		case "update_bandwidth":
			memoryOf(member).bandwidth = request.data;
			return;
		case "set_bandwidth_limit":
			limit(core, member, { outgoing: Math.max(LEAST_BITRATE, Math.round(request.data)) });
			return;
		case "is_allow_renegotiation": {
			const allowed = turn.offeredAt === undefined && turn.held === undefined;
			if (allowed) client.promisedUntil = Date.now() + PROMISE_MS;
			keep(core, member);
			tell(core, member, eventFrame("allow_renegotiation", allowed));
			return;
		}
		default:
			request satisfies never;
	}
}

// ---------------------------------------------------------------- events of the room

function hear(core: Core, member: Member, event: RoomEvent): void {
	const client = clientFor(member);
	switch (event.type) {
		case "description": {
			const { description, cause, sends } = event;
			if (cause) negotiation.onAnswered(client.turn);
			const waits = (client.promisedUntil ?? 0) > Date.now();
			if (cause || negotiation.mayGive(client.turn, waits, Date.now())) give(core, member, description);
			tracks.onSends(core, member, sends);
			keep(core, member);
			return;
		}
		case "agreed":
			negotiation.onAgreed(client.turn);
			keep(core, member);
			tell(core, member, eventFrame("allow_renegotiation", "ok"));
			tracks.onSends(core, member, event.sends);
			return;
		case "media":
			onMedia(core, member, event.state === "connected");
			return;
		case "endpointLost":
			negotiation.onNodeLost(client.turn);
			onMedia(core, member, false);
			return;
		case "text":
			if (event.channel === TALKSY_CHANNEL && event.text !== undefined) onInternal(core, member, event.text);
			return;
		case "trackPublished":
			tracks.announce(core, member, event.track.id);
			return;
		case "trackUnpublished":
			tracks.forgetGone(core, member, event.track);
			return;
		case "subscribed":
			for (const consumer of event.consumers) {
				if (consumer.kind === "data") continue;
				memoryOf(member).ssrcs.set(consumer.track, consumer.rtpParameters.encodings?.[0]?.ssrc ?? 0);
			}
			return;
		case "removed":
			tell(core, member, errorFrame(`removed from the room${event.reason ? `: ${event.reason}` : ""}`));
			return;
	}
}

function give(core: Core, member: Member, description: Description): void {
	tell(core, member, eventFrame(description.type, description as never));
	const candidates = candidatesIn(description.sdp);
	const client = clientFor(member);
	if (!candidates || candidates.ufrag === client.ufrag) return;
	client.ufrag = candidates.ufrag;
	for (const candidate of candidates.list) tell(core, member, eventFrame("candidate", candidate));
}

function onMedia(core: Core, member: Member, connected: boolean): void {
	const client = clientFor(member);
	client.connected = connected;
	client.idleAt = connected ? undefined : (client.idleAt ?? Date.now() + IDLE_MS);
	keep(core, member);
}

function onQuality(core: Core, member: Member, score: number | undefined): void {
	if (score === undefined) return;
	const client = clientFor(member);
	const before = client.condition ?? 1;
	const now = score < UNSTABLE ? 0 : score >= STABLE ? 1 : before;
	if (now === client.condition) return;
	client.condition = now;
	core.members.touch(member.id);
	tell(core, member, eventFrame("network_condition", now));
}

function onInternal(core: Core, member: Member, text: string): void {
	const message = readInternal(text);
	if (!message) return;
	if (message.type === "stats") {
		const { available_outgoing_bitrate: available, quality_limitation_reason: limitation } = message.data;
		const memory = memoryOf(member);
		memory.bandwidth = available ?? memory.bandwidth;
		memory.limitation = limitation;
		return;
	}
	const { track_id, width, height } = message.data;
	// Of others' tracks that it gets: the ids may be anybody's.
	const track = [...core.tracks.values()].find(
		(it) => member.subscriptions[it.info.id]?.on && tracks.idsOf(it).track === track_id,
	);
	if (track) resize(core, member, track.info.id, { width, height });
}
