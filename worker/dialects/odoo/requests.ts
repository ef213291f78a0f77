/** What clients send, carried out by the room's rules. What fails gets no answer: its asker times out. */
import { CLOSE } from "../../../shared/close-codes.ts";
import { SwitchyardError } from "../../../shared/errors.ts";
import { ClientMessage, type StreamType } from "../../../shared/odoo.ts";
import type { Answer, Core } from "../../room/core.ts";
import { connectTransport } from "../../room/endpoints.ts";
import { sendMessage } from "../../room/messages.ts";
import type { Member, Track } from "../../room/state.ts";
import { dropTrack, mute, publish, setMuted } from "../../room/tracks.ts";
import { openWindow, respond } from "./bus.ts";
import { mayUpload } from "./codecs.ts";
import { choose } from "./consumers.ts";
import { idOf } from "./ids.ts";
import { FLAG, refreshInfo, setInfo, spreadInfo } from "./info.ts";
import { countError, DIALECT, keep, type Pending, sessionFor } from "./session.ts";

/** `request` is empty for a plain message. */
export function carryOut(core: Core, member: Member, message: unknown, request: string): void {
	const parsed = ClientMessage.safeParse(message);
	const isUpload = (message as { name?: unknown } | null)?.name === "INIT_PRODUCER";
	try {
		if (!parsed.success) throw SwitchyardError.fromZod(parsed.error);
		dispatch(core, member, parsed.data, request);
	} catch (error) {
		console.log({ event: "odoo request failed", room: core.room.name, participant: member.id, error: String(error) });
		if (isUpload && member.media) countError(core, member, CLOSE.internal);
	}
}

function dispatch(core: Core, member: Member, message: ClientMessage, request: string): void {
	switch (message.name) {
		case "CONNECT_CTS_TRANSPORT":
		case "CONNECT_STC_TRANSPORT": {
			const direction = message.name === "CONNECT_CTS_TRANSPORT" ? "send" : "recv";
			const { endpoint } = sessionFor(member);
			if (endpoint === undefined) return;
			const { dtlsParameters } = message.payload;
			connectTransport(core, member, pend(core, member, { id: request }), { endpoint, direction, dtlsParameters });
			return;
		}
		case "INIT_PRODUCER":
			upload(core, member, message.payload, request);
			return;
		case "PRODUCTION_CHANGE": {
			const { type, active } = message.payload;
			const flag = FLAG[type];
			if (flag) setInfo(core, member, { [flag]: active });
			const track = trackOf(core, member, type);
			if (!track) return;
			mute(core, member, track.info.id, !active);
			spreadInfo(core, member);
			return;
		}
		case "CONSUMPTION_CHANGE":
			choose(core, member, idOf(message.payload.sessionId), message.payload.states);
			return;
		case "C_INFO_CHANGE":
			setInfo(core, member, message.payload.info);
			if (message.payload.needRefresh) refreshInfo(core, member);
			spreadInfo(core, member);
			return;
		case "BROADCAST":
			sendMessage(core, member, number(member), { payload: message.payload });
			keep(core, member);
			return;
		default:
			message satisfies never;
	}
}

function trackOf(core: Core, member: Member, type: StreamType): Track | undefined {
	return core.tracksOf(member.id).find(({ info }) => info.source === type);
}

/**
 * A second stream of a type takes the place of the first, and is another to those who see it. That of a client which
 * had to begin anew goes on as the one it was.
 */
function upload(
	core: Core,
	member: Member,
	{ type, kind, rtpParameters }: Extract<ClientMessage, { name: "INIT_PRODUCER" }>["payload"],
	id: string,
): void {
	if (!mayUpload(core.env, rtpParameters)) throw new SwitchyardError("unsupported", "not a codec of this installation");
	const { endpoint } = sessionFor(member);
	const former = trackOf(core, member, type);
	const goesOn = former && former.endpoint !== endpoint && former.next === undefined;
	const track = goesOn ? former.info.id : crypto.randomUUID();
	const request = pend(core, member, { id, producer: { type, track } });
	if (goesOn) setMuted(core, former, false, member.id);
	else if (former) dropTrack(core, former);
	try {
		publish(core, member, request, {
			...{ endpoint, media: { kind, rtpParameters } },
			...{ track, source: type, muted: false },
		});
	} catch (error) {
		delete sessionFor(member).pending[request];
		throw error;
	}
}

function number(member: Member): number {
	return ++sessionFor(member).used;
}

function pend(core: Core, member: Member, pending: Pending): number {
	const request = number(member);
	sessionFor(member).pending[request] = pending;
	keep(core, member);
	return request;
}

/** The node has done, or failed to do, what a request asked for. */
export function onAnswer(core: Core, member: Member, request: number, answer: Answer): void {
	const { pending } = sessionFor(member);
	const asked = pending[request];
	if (!asked) return;
	delete pending[request];
	keep(core, member);
	const { id, producer } = asked;
	if (!answer.ok) {
		console.log({ event: "odoo request failed", room: core.room.name, participant: member.id, error: answer.error });
		if (producer) countError(core, member, CLOSE.internal);
		return;
	}
	if (!producer) {
		respond(core, member, id);
		return;
	}
	const flag = FLAG[producer.type];
	if (flag) setInfo(core, member, { [flag]: true });
	spreadInfo(core, member);
	// The others are told of the stream itself well after its sender's answer: that is what clients were written for.
	for (const other of core.members.values()) {
		if (other !== member && other.dialect === DIALECT) openWindow(core, other);
	}
	respond(core, member, id, { id: producer.track });
}
