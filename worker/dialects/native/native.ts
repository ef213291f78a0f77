/** The native protocol (shared/native.ts, docs/native.md): one to one with the room's own rules. */
import { CLOSE } from "../../../shared/close-codes.ts";
import { readEffects, widenedBy } from "../../../shared/effects.ts";
import { SwitchyardError } from "../../../shared/errors.ts";
import { MIX, MIX_INFO } from "../../../shared/mix.ts";
import {
	ClientFrame,
	type Refusal,
	type Reply,
	type RequestType,
	type Snapshot,
	SUBPROTOCOL,
	type Welcome,
} from "../../../shared/native.ts";
import { RecordingCreate } from "../../../shared/recordings.ts";
import { ROUTER_CAPABILITIES } from "../../../shared/router-capabilities.ts";
import type { Answer, Core } from "../../room/core.ts";
import { tellDemand } from "../../room/demand.ts";
import { controlEffect, setEffects } from "../../room/effects.ts";
import {
	announceEndpoint,
	closeAhead,
	connectTransport,
	ensureEndpoint,
	mediaLost,
	releaseFormer,
	restartIce,
} from "../../room/endpoints.ts";
import { command } from "../../room/links.ts";
import {
	expel,
	isRevoked,
	join,
	mustBeMember,
	mustModerate,
	removeMember,
	resume,
	update,
} from "../../room/members.ts";
import { sendMessage, sendSignal } from "../../room/messages.ts";
import { move } from "../../room/move.ts";
import type { RoomEvent, RoomNews } from "../../room/outbox.ts";
import { recordingInfos } from "../../room/recording-news.ts";
import { recordingPage } from "../../room/recording-pages.ts";
import { startRecording, stopRecording } from "../../room/recordings.ts";
import { byteLength, checkSize } from "../../room/sizes.ts";
import type { Guest } from "../../room/sockets.ts";
import type { Member } from "../../room/state.ts";
import { keyFrame, subscribe } from "../../room/subscriptions.ts";
import { meshFailed, meshReady } from "../../room/topology.ts";
import { mute, publish, unpublish } from "../../room/tracks.ts";
import type { Framed } from "../dialect.ts";
import { Rates } from "../rates.ts";

const TYPES: ReadonlySet<string> = new Set(ClientFrame.options.map((option) => option.shape.type.value));
const rates = new Rates();

export const native: Framed = {
	name: "native",
	subprotocol: SUBPROTOCOL,
	resumes: true,
	heartbeats: true,
	proven: true,

	greet(core, ws, grant) {
		const refusal = isRevoked(core, grant)
			? new SwitchyardError("unauthorized", "revoked")
			: !core.record && !this.mayCreate(core) && new SwitchyardError("not_found", "no such room");
		if (refusal) {
			refuse(core, ws, refusal, refusal.code === "unauthorized" ? CLOSE.unauthorized : CLOSE.roomClosed);
			return;
		}
		const welcome: Welcome = {
			type: "welcome",
			protocol: 1,
			participant: grant.claims.sub,
			rights: grant.claims.rights,
			session: {
				id: grant.session,
				token: grant.sessionToken,
				graceMs: core.record?.settings.resumeGraceMs ?? core.limits.resumeGraceMs,
			},
			routerRtpCapabilities: ROUTER_CAPABILITIES,
			iceServers: grant.ice?.iceServers ?? [],
			iceServersExpireAt: grant.ice?.expiresAt,
			heartbeatMs: core.limits.heartbeatMs,
			maxMessageBytes: core.limits.maxMessageBytes,
		};
		core.sockets.send(ws, JSON.stringify(welcome));
	},

	mayCreate(core) {
		return core.env.AUTO_CREATE !== "false";
	},

	giveIceServers(core, ws, servers) {
		core.sockets.send(ws, native.news({ type: "iceServers", ...servers }));
	},

	receive(core, ws, data) {
		const { limits } = core;
		const raw: { id?: number } = {};
		try {
			const allowed = rates.take(ws, limits.maxMessagesPerSecond);
			if (typeof data !== "string") throw new SwitchyardError("bad_json", "frames are text");
			if (byteLength(data, limits.maxMessageBytes) > limits.maxMessageBytes) throw new SwitchyardError("too_large");
			const frame = parse(data, raw);
			if (!allowed) throw new SwitchyardError("rate_limited");
			dispatch(core, ws, frame);
			rates.accepted(ws);
		} catch (error) {
			const known = SwitchyardError.from(error);
			if (known.code === "internal")
				console.error({ event: "request failed", error: String(error), stack: (error as Error).stack });
			if (rates.refused(ws) > limits.maxRefusals) refuse(core, ws, known, CLOSE.abuse);
			else if (raw.id === undefined) send(core, ws, { type: "refused", error: known.toJSON() });
			else answerOn(core, ws, raw.id, { ok: false, error: known.toJSON() });
		}
	},

	event(seq: number, event: RoomEvent): string {
		// Another dialect's message may be without one.
		const whole = event.type === "message" ? { ...event, payload: event.payload ?? null } : event;
		return JSON.stringify({ seq, ...whole });
	},

	batch(events: readonly string[]): string {
		return `[${events.join(",")}]`;
	},

	news(news: RoomNews): string {
		return JSON.stringify(news);
	},

	answer(request: number, answer: Answer): string {
		const reply: Reply = answer.ok ? { type: "ok", re: request } : { type: "error", re: request, error: answer.error };
		return JSON.stringify(reply);
	},
};

/** Puts the request's id into `raw` as soon as it is known, so that even a frame of a wrong shape is answered by its id. */
function parse(text: string, raw: { id?: number }): ClientFrame {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw new SwitchyardError("bad_json");
	}
	const { id, type } = (typeof value === "object" && value !== null ? value : {}) as { id?: unknown; type?: unknown };
	if (typeof id === "number" && Number.isSafeInteger(id) && id > 0) raw.id = id;
	if (typeof type !== "string") throw new SwitchyardError("bad_request", "type: a text is needed");
	if (!TYPES.has(type))
		throw new SwitchyardError("unknown_type", `no request of type ${JSON.stringify(type.slice(0, 64))}`);
	const parsed = ClientFrame.safeParse(value);
	if (!parsed.success) throw SwitchyardError.fromZod(parsed.error);
	return parsed.data;
}

function dispatch(core: Core, ws: WebSocket, frame: ClientFrame): void {
	const who = core.sockets.of(ws);
	if (who.kind === "guest") {
		if (frame.type === "join") onJoin(core, ws, who, frame);
		else if (frame.type === "resume") onResume(core, ws, who, frame);
		else throw new SwitchyardError("not_joined");
		return;
	}
	const member = who.kind === "member" ? core.members.get(who.participant) : undefined;
	if (!member || who.kind !== "member" || member.session !== who.session) throw new SwitchyardError("not_joined");
	if (frame.type === "join" || frame.type === "resume") throw new SwitchyardError("already_joined");

	// Sent again after a lost answer: the same answer, and nothing is done twice.
	const memory = core.memory(member);
	const answered = memory.answers.get(frame.id);
	if (answered !== undefined) {
		core.sockets.send(ws, answered);
		return;
	}
	const again = frame.id <= memory.lastRequest;
	if (!again) memory.lastRequest = frame.id;
	const how = again && ONCE.has(frame.type) ? "done" : carryOut(core, member, frame);
	if (how === "done") core.answer(member.id, frame.id, { ok: true });
}

/** Requests whose effect is not named by an id of its own: what was carried out must not be again. */
const ONCE: ReadonlySet<RequestType> = new Set(["message"]);

/** `later`: the answer comes with a report of the node, or when what was gathered goes out. */
function carryOut(
	core: Core,
	member: Member,
	frame: Exclude<ClientFrame, { type: "join" | "resume" }>,
): "done" | "later" {
	switch (frame.type) {
		case "leave":
			core.answer(member.id, frame.id, { ok: true });
			removeMember(core, member, "left");
			return "later";
		case "connectTransport":
			connectTransport(core, member, frame.id, frame);
			return "later";
		case "restartIce":
			restartIce(core, member, frame.id, frame);
			return "later";
		case "mediaLost":
			mediaLost(core, member, frame.endpoint);
			return "done";
		case "release":
			releaseFormer(core, member, frame.endpoint);
			return "done";
		case "meshReady":
			meshReady(core, member, frame.endpoint);
			return "done";
		case "meshFailed":
			meshFailed(core, member);
			return "done";
		case "publish":
			publish(core, member, frame.id, frame);
			return "later";
		case "unpublish":
			unpublish(core, member, frame.track);
			return "done";
		case "mute":
			mute(core, member, frame.track, frame.muted);
			return "done";
		case "subscribe":
			subscribe(core, member, frame);
			return "done";
		case "keyFrame":
			keyFrame(core, member, frame.track);
			return "done";
		case "message":
			sendMessage(core, member, frame.id, frame);
			return "done";
		case "signal":
			sendSignal(core, member, frame.id, frame);
			return "later";
		case "presence":
			checkSize(core, "presence", frame.presence);
			core.setPresence(member, frame.presence);
			core.gather.presence(member, frame.presence);
			return "done";
		case "update":
			update(core, member, frame);
			return "done";
		case "updateRoom":
			mustModerate(member);
			checkSize(core, "metadata", frame.metadata);
			core.room.metadata = frame.metadata;
			core.touchRoom();
			core.emit({ type: "roomUpdated", metadata: frame.metadata });
			return "done";
		case "effects":
			setEffects(
				core,
				mustAlter(core, member, frame.participant),
				readEffects(frame, widenedBy(core.env.EFFECTS_ALLOWED)),
			);
			return "done";
		case "controlEffect":
			controlEffect(core, mustAlter(core, member, frame.participant), frame);
			return "done";
		case "startRecording":
			mustRecord(member);
			startRecording(core, recordingOf(member, frame));
			return "done";
		case "stopRecording":
			mustRecord(member);
			stopRecording(core, frame.recording);
			return "done";
		case "listRecordings": {
			mustRecord(member);
			const { items: recordings, next } = recordingPage(core, frame);
			const ws = core.socket(member);
			if (ws) send(core, ws, { type: "recordings", re: frame.id, recordings, next });
			return "later";
		}
		case "remove":
			mustModerate(member);
			if (frame.participant === member.id) throw new SwitchyardError("bad_request", "participant: leave instead");
			expel(core, mustBeMember(core, frame.participant), frame.reason);
			return "done";
		case "move":
			mustModerate(member);
			move(core, member, frame.id, mustBeMember(core, frame.participant), frame.room);
			return "later";
		default:
			frame satisfies never;
			return "done";
	}
}

/** Whose effects a request is about. */
function mustAlter(core: Core, member: Member, id = member.id): Member {
	if (id !== member.id) mustModerate(member);
	if (!member.rights.effects && !member.rights.moderate) {
		throw new SwitchyardError("forbidden", "needs the right to effects");
	}
	return mustBeMember(core, id);
}

function mustRecord({ rights }: Member): void {
	if (!rights.record && !rights.moderate) throw new SwitchyardError("forbidden", "needs the right to record");
}

/** Where its files go is not the client's to say. */
function recordingOf(member: Member, frame: Extract<ClientFrame, { type: "startRecording" }>) {
	const { recording: id, participant, layout, sources, tracks, effects, split, container } = frame;
	const of = layout ? participant : (participant ?? member.id);
	const parsed = RecordingCreate.safeParse({ id, participant: of, layout, sources, tracks, effects, split, container });
	if (!parsed.success) throw SwitchyardError.fromZod(parsed.error);
	return { ...parsed.data, id };
}

function onJoin(core: Core, ws: WebSocket, guest: Guest, frame: Extract<ClientFrame, { type: "join" }>): void {
	const member = join(core, ws, guest.grant, { ...frame, dialect: native.name });
	core.memory(member).lastRequest = frame.id;
	send(core, ws, { type: "joined", re: frame.id, ...snapshotFor(core, core.snapshot(), member) });
	ensureEndpoint(core, member, guest.endpoint);
}

/** To who gets it the mix is one more participant, who is always there. */
function snapshotFor(core: Core, snapshot: Snapshot, { media, joinedAt }: Member): Snapshot {
	const recordings = recordingInfos(core);
	const whole = recordings.length > 0 ? { ...snapshot, recordings } : snapshot;
	if (!media?.mixed) return whole;
	const mix = { id: MIX, join: 0, name: "Mix", state: "joined" as const, joinedAt, tracks: [...MIX_INFO] };
	return { ...whole, participants: [...whole.participants, mix] };
}

function onResume(core: Core, ws: WebSocket, guest: Guest, frame: Extract<ClientFrame, { type: "resume" }>): void {
	const resumed = resume(core, ws, guest.grant, frame);
	const { member } = resumed;
	closeAhead(core, guest.endpoint);
	if (resumed.how === "replayed") {
		send(core, ws, { type: "replayed", re: frame.id, seq: resumed.seq });
		for (const entry of resumed.entries) {
			core.sockets.send(ws, core.outbox.frame(entry, native.name, native.event));
		}
		tellDemand(core, member);
		return;
	}
	send(core, ws, { type: "resumed", re: frame.id, ...snapshotFor(core, resumed.snapshot, member) });
	for (const event of resumed.messages) core.emit(event, { to: [member.id] });
	const endpoint = core.serving(member.id);
	if (endpoint?.state === "open") {
		announceEndpoint(core, endpoint);
		command(core, endpoint.epoch, [{ type: "describe", endpoint: endpoint.id }]);
	}
	tellDemand(core, member);
}

function send(core: Core, ws: WebSocket, frame: Reply | Refusal): void {
	core.sockets.send(ws, JSON.stringify(frame));
}

/** Answers whoever is on the socket; before joining, nothing is kept of it. */
function answerOn(core: Core, ws: WebSocket, request: number, answer: Answer): void {
	const who = core.sockets.of(ws);
	if (who.kind === "member") core.answer(who.participant, request, answer);
	else core.sockets.send(ws, native.answer(request, answer));
}

/** A last word, and the end of the socket. */
function refuse(core: Core, ws: WebSocket, error: SwitchyardError, code: (typeof CLOSE)[keyof typeof CLOSE]): void {
	send(core, ws, { type: "refused", error: error.toJSON() });
	const who = core.sockets.of(ws);
	core.sockets.close(ws, code, error.code);
	const member = who.kind === "member" ? core.members.get(who.participant) : undefined;
	// Cut for abuse: gone for the moment, and back if it behaves.
	if (member && who.kind === "member" && member.session === who.session) core.dropped(member);
}
