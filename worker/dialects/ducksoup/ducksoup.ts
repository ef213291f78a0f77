/** The protocol of DuckSoup (docs/ducksoup.md) in terms of the room's rules. */
import { CLOSE } from "../../../shared/close-codes.ts";
import { ClientAnswer, ClientCandidate, type DucksoupFrame, type JoinError } from "../../../shared/ducksoup.ts";
import { SwitchyardError } from "../../../shared/errors.ts";
import { MAX_SDP_BYTES } from "../../../shared/sdp.ts";
import type { Core } from "../../room/core.ts";
import type { RoomEvent } from "../../room/outbox.ts";
import { byteLength } from "../../room/sizes.ts";
import type { Guest } from "../../room/sockets.ts";
import type { Member } from "../../room/state.ts";
import type { Personal } from "../dialect.ts";
import { Rates } from "../rates.ts";
import { control, polyControl } from "./controls.ts";
import { onEffects } from "./effects.ts";
import { eventFrame, payloadOf, readFrame, readJoin } from "./frames.ts";
import { DIALECT, interactionOf, userOf } from "./interaction.ts";
import { enter, Outcome } from "./joining.ts";
import { advance, evict, onGone, onInteractionDue, onPeerDue } from "./lifecycle.ts";
import { log, logFrom, logOf, logServer } from "./log.ts";
import * as media from "./media.ts";
import { peerFor, tell } from "./peer.ts";
import { logExternal, logReport } from "./reports.ts";
import { logRates, logReports, ratesOf } from "./statistics.ts";

/** RFC 6455 section 7.4.1: what is not what it should be, and what is not to be said. */
const NOT_READABLE = 1007;
const NOT_ALLOWED = 1008;
/** Its escapes make a description longer, twice over: it is JSON in a text. */
const FRAME_BYTES = MAX_SDP_BYTES + 131_072;

const rates = new Rates();

export const ducksoup: Personal = {
	name: DIALECT,
	resumes: false,
	heartbeats: false,
	proven: false,

	// Whoever may load an allowed page begins interactions.
	mayCreate: () => true,

	greet(core, ws, { ice }) {
		const guest = core.sockets.of(ws);
		// Told with the first frame's answer, by an object that may have lost its memory by then.
		if (guest.kind === "guest" && ice) core.sockets.attach(ws, { ...guest, grant: { ...guest.grant, ice } });
	},

	receive(core, ws, data) {
		const who = core.sockets.of(ws);
		if (who.kind === "guest") receiveFirst(core, ws, who, data);
		else if (who.kind === "member") {
			const member = core.members.get(who.participant);
			if (member?.session === who.session) receiveNext(core, ws, member, data);
		}
	},

	hear,

	news(core, member, news) {
		if (news.type !== "statistics") return;
		logRates(core, member);
		logReports(core, member);
	},

	answered(core, member, request, answer) {
		const peer = peerFor(member);
		const answering = request === peer.answering;
		if (answer.ok) {
			media.noteTracks(core, member);
			advance(core);
			return;
		}
		const { code, message } = answer.error;
		if (!answering) {
			log(core, "error", "track", "in_track_failed", { ...logOf(member), error: message });
			return;
		}
		peer.answering = undefined;
		core.members.touch(member.id);
		// It crossed a move, after which it is offered anew.
		if (code === "stale_endpoint" || code === "conflict") return;
		log(core, "error", "signaling", "server_set_remote_description_failed", { ...logOf(member), error: message });
		evict(core, member, "pc_failed", "error-peer-connection");
	},

	recorded(core, { id, state, participant }) {
		if (state === "ended" || state === "failed") {
			log(core, "info", "pipeline", "pipeline_stopped", { user: participant, value: id, cause: state });
		}
		advance(core);
	},

	due: onPeerDue,
	roomDue: onInteractionDue,
	gone: onGone,

	// Its pages have no use for any of ours.
	closeCode: () => CLOSE.normal,

	/** The rates of its tracks are all that is asked. */
	consult: (core) => ratesOf(core),
};

// ---------------------------------------------------------------- frames

function textOf(core: Core, data: string | ArrayBuffer): string {
	const text = typeof data === "string" ? data : new TextDecoder().decode(data);
	const most = Math.max(core.limits.maxMessageBytes, FRAME_BYTES);
	if (byteLength(text, most) > most) throw new SwitchyardError("too_large");
	return text;
}

/** A socket that says anything but a join that lets it in is closed. */
function receiveFirst(core: Core, ws: WebSocket, guest: Guest, data: string | ArrayBuffer): void {
	try {
		enter(core, ws, guest, readJoin(readFrame(textOf(core, data))));
	} catch (error) {
		const kind = refusalOf(error);
		const { grant } = guest;
		const fields = {
			user: grant.claims.sub,
			cause: kind,
			error: error instanceof Error ? error.message : String(error),
		};
		if (interactionOf(core)) log(core, "error", "signaling", "join_failed", fields);
		else logServer(core.env, "error", "signaling", "join_failed", fields);
		core.sockets.send(ws, eventFrame(kind, null));
		core.sockets.close(ws, CLOSE.normal);
	}
}

function refusalOf(error: unknown): JoinError {
	if (error instanceof Outcome) return error.kind;
	const { code } = SwitchyardError.from(error);
	if (code === "internal") console.error({ event: "join failed", error: String(error), stack: (error as Error).stack });
	if (code === "room_full") return "error-full";
	return code === "unsupported" || code === "internal" ? "error-peer-connection" : "error-join";
}

/** What cannot be read ends the connection: its client is not one of this protocol. */
function receiveNext(core: Core, ws: WebSocket, member: Member, data: string | ArrayBuffer): void {
	// More than it may say is passed over: nothing that a client needs comes so fast.
	if (!rates.take(ws, core.limits.maxMessagesPerSecond)) return;
	let frame: DucksoupFrame;
	try {
		frame = readFrame(textOf(core, data));
	} catch (error) {
		const { code, message } = SwitchyardError.from(error);
		const close = code === "bad_json" ? NOT_READABLE : code === "too_large" ? CLOSE.tooLarge : NOT_ALLOWED;
		cut(core, ws, member, close, message);
		return;
	}
	try {
		carryOut(core, member, frame);
	} catch (error) {
		const known = SwitchyardError.from(error);
		if (known.code === "internal") console.error({ event: "request failed", error: String(error) });
		const fields = { ...logOf(member), error: known.message };
		logFrom(core, member, "error", "signaling", `${frame.kind.slice(0, 128)}_failed`, fields);
	}
}

function cut(core: Core, ws: WebSocket, member: Member, code: number, error: string): void {
	log(core, "error", "peer", "read_json_failed", { ...logOf(member), error });
	core.sockets.closeAs(ws, code);
	evict(core, member, "ws_read_error");
}

function carryOut(core: Core, member: Member, frame: DucksoupFrame): void {
	const { kind } = frame;
	switch (kind) {
		case "client_answer": {
			const answer = ClientAnswer.safeParse(payloadOf(frame)).data;
			if (!answer) throw new SwitchyardError("bad_request", "no answer");
			media.onAnswer(core, member, answer.sdp);
			return;
		}
		case "client_ice_candidate":
			// The node learns where its client is from the client's own checks.
			if (!ClientCandidate.safeParse(payloadOf(frame)).success)
				throw new SwitchyardError("bad_request", "no candidate");
			logFrom(core, member, "debug", "signaling", "server_add_client_ice_candidate", logOf(member));
			return;
		case "client_negotiation_needed":
			logReport(core, member, frame);
			media.offerAnew(core, member, kind, !peerFor(member).connected);
			return;
		case "client_ice_connection_state_disconnected":
			logReport(core, member, frame);
			media.offerAnew(core, member, kind, true);
			return;
		case "client_control":
			control(core, member, frame);
			return;
		case "client_polycontrol":
			polyControl(core, member, frame);
			return;
		case "stop":
			evict(core, member, "client_stop_request");
			return;
		default:
			if (kind.startsWith("client_")) logReport(core, member, frame);
			else if (kind.startsWith("ext_")) logExternal(core, member, frame);
	}
}

// ---------------------------------------------------------------- events of the room

function hear(core: Core, member: Member, event: RoomEvent): void {
	switch (event.type) {
		case "description":
			media.onOffer(core, member, event.description);
			media.publishAll(core, member, event.sends);
			return;
		case "agreed":
			media.onAgreed(core, member);
			media.publishAll(core, member, event.sends);
			advance(core);
			return;
		case "media":
			media.onMedia(core, member, event.state === "connected");
			advance(core);
			return;
		case "endpoint":
			media.onMoved(core, member);
			return;
		case "endpointLost":
			media.onNodeLost(core, member);
			return;
		case "effects":
			onEffects(core, member, event.state, event.error);
			return;
		case "participantJoined":
			tellOf(core, member, "other_joined", event.participant.id);
			return;
		case "participantLeft":
			tellOf(core, member, "other_left", event.participant);
			return;
	}
}

function tellOf(core: Core, member: Member, kind: "other_joined" | "other_left", id: string): void {
	const interaction = interactionOf(core);
	// When it is over all leave, one after another: nobody is told of that on the way.
	if (!interaction || interaction.endedAt !== undefined) return;
	const other = userOf(interaction, id);
	if (other) tell(core, member, eventFrame(kind, { userId: other.id, streamId: other.stream }));
}
