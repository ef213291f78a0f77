/** The protocol of the Odoo SFU (docs/odoo.md): its bus in terms of the room's rules. */
import { CLOSE } from "../../../shared/close-codes.ts";
import { SwitchyardError } from "../../../shared/errors.ts";
import { RtpCapabilities } from "../../../shared/media.ts";
import { type Credentials, Envelope, Envelopes, type Info, ODOO_CLOSE } from "../../../shared/odoo.ts";
import type { Core } from "../../room/core.ts";
import { ensureEndpoint, equip } from "../../room/endpoints.ts";
import { inTime, isRevoked, join, letGo, takeBack } from "../../room/members.ts";
import type { RoomEvent } from "../../room/outbox.ts";
import type { Grant } from "../../room/rpc.ts";
import { byteLength } from "../../room/sizes.ts";
import type { Endpoint, Member } from "../../room/state.ts";
import type { Personal } from "../dialect.ts";
import { Rates } from "../rates.ts";
import { bitrateLimits } from "./bitrate-limits.ts";
import { post, send, tell } from "./bus.ts";
import { type Channel, channelOf, consult, Question } from "./channel.ts";
import { capabilitiesFor } from "./codecs.ts";
import * as consumers from "./consumers.ts";
import { authenticate, type Proven, readCredentials } from "./credentials.ts";
import { sessionOf } from "./ids.ts";
import { checkFlags, lasting, setInfo, spreadInfo, tellInfo } from "./info.ts";
import { forgetMemory } from "./memory.ts";
import { producerOptions } from "./producer-options.ts";
import { carryOut, onAnswer } from "./requests.ts";
import { cut, DIALECT, keep, newSession, nextDue, PING_MS, type Session, sameSession, sessionFor } from "./session.ts";

/** The answers to INIT_TRANSPORTS and to PING are due after, ms. */
const TRANSPORTS_MS = 5_000;
const PONG_MS = 10_000;
/** Between the frame that lets a client in and the first request, at least, ms. */
const GAP_MS = 20;
const TRANSPORTS = "transports/";
const PING = "ping/";

const CLOSE_CODES: Readonly<Record<number, number>> = {
	[CLOSE.tooLarge]: CLOSE.internal,
	[CLOSE.replaced]: ODOO_CLOSE.kicked,
	[CLOSE.removed]: ODOO_CLOSE.kicked,
	[CLOSE.roomClosed]: ODOO_CLOSE.kicked,
	[CLOSE.moved]: ODOO_CLOSE.kicked,
	[CLOSE.joinTimeout]: ODOO_CLOSE.timeout,
	[CLOSE.silent]: ODOO_CLOSE.timeout,
	[CLOSE.abuse]: CLOSE.internal,
	[CLOSE.slowConsumer]: CLOSE.internal,
	[CLOSE.unauthorized]: ODOO_CLOSE.authenticationFailed,
};

const rates = new Rates();
/** Sockets whose token is being verified. What they send meanwhile is not read. */
const verifying = new WeakSet<WebSocket>();

export const odoo: Personal = {
	name: DIALECT,
	resumes: false,
	heartbeats: false,
	proven: false,
	beginsAnew: true,

	mayCreate: () => false,
	greet: () => {},
	closeCode: (code) => CLOSE_CODES[code] ?? code,

	receive(core, ws, data) {
		const { limits } = core;
		try {
			const allowed = rates.take(ws, limits.maxMessagesPerSecond);
			const text = typeof data === "string" ? data : new TextDecoder().decode(data);
			if (byteLength(text, limits.maxMessageBytes) > limits.maxMessageBytes) throw new SwitchyardError("too_large");
			if (!allowed) throw new SwitchyardError("rate_limited");
			if (core.sockets.of(ws).kind === "guest") onCredentials(core, ws, text);
			else onFrame(core, ws, text);
			rates.accepted(ws);
		} catch (error) {
			const known = SwitchyardError.from(error);
			if (known.code === "internal") console.error({ event: "request failed", error: String(error) });
			if (rates.refused(ws) > limits.maxRefusals) end(core, ws, CLOSE.abuse);
		}
	},

	hear: onEvent,

	answered: onAnswer,

	due(core, member, now) {
		const session = sessionFor(member);
		if ((session.transportsBy ?? now + 1) <= now) cut(core, member, CLOSE.internal);
		else if (Math.min(session.connectBy ?? now + 1, session.pongBy ?? now + 1) <= now) cut(core, member, CLOSE.silent);
		else if (session.pingAt <= now) ping(core, member, session, now);
	},

	consult(core, question) {
		return consult(core, Question.parse(question));
	},
};

// ---------------------------------------------------------------- coming in

function onCredentials(core: Core, ws: WebSocket, text: string): void {
	if (verifying.has(ws)) return;
	const read = readCredentials(text);
	if (!read) {
		core.sockets.close(ws, CLOSE.internal);
		return;
	}
	const channel = channelOf(core);
	if (!read.credentials || !channel) {
		core.sockets.close(ws, CLOSE.unauthorized);
		return;
	}
	verifying.add(ws);
	core.ctx.waitUntil(verify(core, ws, read.credentials));
}

async function verify(core: Core, ws: WebSocket, credentials: Credentials): Promise<void> {
	const channel = channelOf(core);
	const proven = channel && (await authenticate(core.env, credentials, core.room.name, channel).catch(() => undefined));
	verifying.delete(ws);
	core.settle(() => {
		if (core.sockets.of(ws).kind !== "guest") return;
		// It may have been closed while the token was looked at.
		if (!proven || !channelOf(core)) core.sockets.close(ws, CLOSE.unauthorized);
		else admit(core, ws, proven);
	});
}

function admit(core: Core, ws: WebSocket, { id, iat }: Proven): void {
	const guest = core.sockets.of(ws);
	const channel = channelOf(core);
	if (guest.kind !== "guest" || !channel) return;
	const grant = { ...guest.grant, claims: { ...guest.grant.claims, sub: id, iat } };
	if (isRevoked(core, grant)) {
		core.sockets.close(ws, CLOSE.unauthorized);
		return;
	}
	// The client counts as authenticated from here on, also one that finds the channel full.
	core.sockets.send(ws, "");
	const there = core.members.get(id);
	if (there?.dialect === DIALECT && there.state === "away" && inTime(core, there)) {
		goOn(core, ws, guest.grant, there, channel);
		return;
	}
	const before = (core.members.get(id)?.own ?? core.kept.get(id)?.own) as { info?: Info } | undefined;
	const own = newSession(lasting(before?.info ?? {}), Date.now(), channel.webRTC);
	const media = { equipsLater: channel.webRTC || undefined, limits: bitrateLimits(core.env) };
	const wish = { dialect: DIALECT, own, dueAt: nextDue(own), ...media };
	let member: Member;
	try {
		member = join(core, ws, grant, { ...wish, data: false, mesh: false, subscribe: "all" });
	} catch (error) {
		const full = SwitchyardError.from(error).code === "room_full";
		core.sockets.close(ws, full ? ODOO_CLOSE.channelFull : CLOSE.internal);
		return;
	}
	core.kept.delete(id);
	// It was muted when its socket was lost, and still is.
	if (Object.keys(own.info).length > 0) spreadInfo(core, member);
	ensureEndpoint(core, member);
}

/** It was let go of, and is back: the others have noticed nothing but a pause. */
function goOn(core: Core, ws: WebSocket, grant: Grant, member: Member, { webRTC }: Channel): void {
	forgetMemory(member);
	member.own = sameSession(sessionFor(member), Date.now(), webRTC);
	const mail = takeBack(core, ws, grant, member);
	keep(core, member);
	core.setPresence(member, { ...sessionFor(member).info });
	// A client may be ready for what follows only a moment after the frame that lets it in.
	const ready = () => {
		for (const event of mail) if (event.type !== "frame") onEvent(core, member, event);
		begin(core, member);
	};
	setTimeout(() => core.settle(ready), GAP_MS);
}

function end(core: Core, ws: WebSocket, code: number): void {
	const who = core.sockets.of(ws);
	core.sockets.close(ws, code);
	const member = who.kind === "member" ? core.members.get(who.participant) : undefined;
	if (member && who.kind === "member" && member.session === who.session) core.dropped(member);
}

// ---------------------------------------------------------------- frames of a session

function onFrame(core: Core, ws: WebSocket, text: string): void {
	const who = core.sockets.of(ws);
	const member = who.kind === "member" ? core.members.get(who.participant) : undefined;
	if (who.kind !== "member" || member?.session !== who.session) return;
	for (const raw of envelopes(text)) {
		const envelope = Envelope.safeParse(raw);
		if (!envelope.success) continue;
		const { message, needResponse = "", responseTo = "" } = envelope.data;
		if (responseTo !== "") onResponse(core, member, responseTo, message);
		else if (message !== undefined) carryOut(core, member, message, needResponse);
		// It may have cost the session.
		if (core.members.get(member.id) !== member) return;
	}
}

function envelopes(text: string): unknown[] {
	try {
		return Envelopes.parse(JSON.parse(text));
	} catch {
		throw new SwitchyardError("bad_json");
	}
}

/** A late answer is to nothing. */
function onResponse(core: Core, member: Member, request: string, message: unknown): void {
	const session = sessionFor(member);
	if (request === `${TRANSPORTS}${session.endpoint}` && !session.connected) connected(core, member, message);
	else if (request === `${PING}${session.pingAt}`) {
		session.pongBy = undefined;
		keep(core, member);
	} else consumers.answered(core, member, request);
}

/** Any answer will do; one that names no capabilities is of a client that can receive nothing. */
function connected(core: Core, member: Member, message: unknown): void {
	const session = sessionFor(member);
	session.connected = true;
	session.connectBy = undefined;
	session.transportsBy = undefined;
	keep(core, member);
	equip(core, member, RtpCapabilities.safeParse(message).data ?? {});
}

function ping(core: Core, member: Member, session: Session, now: number): void {
	session.pingAt = now + PING_MS;
	session.pongBy = now + PONG_MS;
	keep(core, member);
	post(core, member, { message: { name: "PING" }, needResponse: `${PING}${session.pingAt}` });
}

// ---------------------------------------------------------------- events of the room

function onEvent(core: Core, member: Member, event: RoomEvent): void {
	switch (event.type) {
		case "participantLeft":
			consumers.forgetGone(core, member);
			// When all of them go nobody is told.
			if (event.reason !== "roomClosed")
				tell(core, member, "SESSION_LEAVE", { sessionId: sessionOf(event.participant) });
			return;
		case "message":
			if (member.state === "away") core.keep(member, event);
			else tell(core, member, "BROADCAST", { senderId: sessionOf(event.from), message: event.payload });
			return;
		case "endpoint":
			if (sessionFor(member).endpoint === undefined) begin(core, member);
			else if (sessionFor(member).endpoint !== event.endpoint) sendBack(core, member);
			return;
		case "endpointLost":
			if (sessionFor(member).endpoint === event.endpoint) sendBack(core, member);
			return;
		case "subscribed":
			consumers.offer(core, member, event.endpoint, event.consumers);
			return;
		case "subscriptionFailed":
			consumers.refused(core, member, event.track, event.error);
			return;
		case "trackUnpublished":
			consumers.forgetGone(core, member);
			if (event.participant === member.id) checkFlags(core, member);
			else {
				infoOfOthers(core, member, event.participant);
				consumers.microphoneOff(core, member, event.participant);
			}
			return;
		case "trackPublished":
			if (event.track.source === "audio") consumers.microphoneOn(core, member, event.participant);
			infoOfOthers(core, member, event.participant);
			return;
		case "trackUpdated":
			infoOfOthers(core, member, event.participant);
			return;
	}
}

/** Who speaks this dialect tells about itself. */
function infoOfOthers(core: Core, member: Member, id: string): void {
	const other = core.members.get(id);
	if (other && other !== member && other.dialect !== DIALECT) tellInfo(core, member, [other]);
}

/** A client of this protocol has no other way to new transports than coming back, which it does by itself. */
function sendBack(core: Core, member: Member): void {
	if (member.state === "away") return;
	const { info } = sessionFor(member);
	if (info.isTalking) {
		setInfo(core, member, { isTalking: false });
		spreadInfo(core, member);
	}
	letGo(core, member, CLOSE.internal);
	// Nothing is due of it until it is back.
	keep(core, member);
}

/** The session begins with its media side. */
function begin(core: Core, member: Member): void {
	const session = sessionFor(member);
	const endpoint = core.serving(member.id);
	const isIn = core.members.get(member.id) === member && member.state === "joined";
	if (!isIn || session.endpoint !== undefined || endpoint?.state !== "open") return;
	session.endpoint = endpoint.id;
	session.transportsBy = Date.now() + TRANSPORTS_MS;
	keep(core, member);
	const payload = {
		capabilities: capabilitiesFor(core.env),
		ctsConfig: transport(endpoint.send),
		stcConfig: transport(endpoint.recv),
		producerOptionsByKind: producerOptions(core.env),
	};
	send(core, member, { message: { name: "INIT_TRANSPORTS", payload }, needResponse: `${TRANSPORTS}${endpoint.id}` });
}

function transport(parameters: Endpoint["send"]) {
	if (!parameters) return undefined;
	const { id, iceParameters, iceCandidates, dtlsParameters } = parameters;
	return { id, iceParameters, iceCandidates, dtlsParameters };
}
