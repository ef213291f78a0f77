/**
 * Media over nodes: a client's own goes up one connection, which it offers; each other's comes down one of its own,
 * which the node offers. Answers to requests are told apart by their kinds, since the protocol has no ids for them.
 */
import type { ErrorBody } from "../../../shared/errors.ts";
import type { Description, SentTrack } from "../../../shared/sdp.ts";
import { type DataOf, PUBLISHER, type Session } from "../../../shared/tribe.ts";
import type { Core } from "../../room/core.ts";
import { beginSdp, describe, disconnect, type Publication, publishSent } from "../../room/descriptions.ts";
import { command } from "../../room/links.ts";
import type { ConnectionEvent } from "../../room/outbox.ts";
import type { Member } from "../../room/state.ts";
import { reportBitrate } from "./broker.ts";
import { codeFor, Refusal } from "./errors.ts";
import { fail, succeed, tell } from "./frames.ts";
import { findMember, publisher, sessionKnown } from "./names.ts";
import { keep, sessionFor } from "./session.ts";
import { bitratesFor, sdpFor } from "./settings.ts";

/** What an answer of the room is to. */
export const REQUEST = { candidate: 1, relayed: 2, offer: 3, answer: 4, publish: 5 } as const;

/** The connection that a client sends on. */
const MAIN = "";
/** How long an offer waits for a node, ms. */
const OFFER_MS = 10_000;
/** With its media gone a client may say nothing for so long, ms. */
const SILENCE_MS = 15_000;

// ---------------------------------------------------------------- what clients ask

/** Everything of others comes over nodes from now on, where the room has nodes. */
export function receive(core: Core, member: Member): void {
	if (member.media || core.topologySetting === "mesh") return;
	beginSdp(core, member, sdpFor(core.env, sessionFor(member)));
}

/** A description for the server. False: it is for another client. */
export function negotiate(core: Core, member: Member, { to, sdp }: DataOf<"exchangeSdp">): boolean {
	if (to === PUBLISHER) {
		if (sdp.type === "offer") offer(core, member, { type: "offer", sdp: sdp.sdp });
		else answer(core, member, MAIN, sdp);
		return true;
	}
	const connection = connectionOf(core, member, to);
	if (connection === undefined) return false;
	// The server offers this one, and the client does not offer it anew.
	if (sdp.type === "offer") throw new Refusal("sdpNegotiated");
	answer(core, member, connection, sdp);
	return true;
}

/** Whether candidates are for the server, which has no use for them: it does not begin checks. */
export function isServers(core: Core, member: Member, to: string): boolean {
	return to === PUBLISHER || connectionOf(core, member, to) !== undefined;
}

function connectionOf(core: Core, member: Member, socketId: string): string | undefined {
	const id = findMember(core, socketId)?.id ?? socketId;
	return member.connections?.[id] === undefined ? undefined : id;
}

function offer(core: Core, member: Member, description: Description): void {
	const session = sessionFor(member);
	if (session.publisher) throw new Refusal("sdpNegotiated");
	if (core.topologySetting === "mesh") throw new Refusal("notJoinable");
	receive(core, member);
	describe(core, member, REQUEST.offer, { connection: MAIN, description });
	session.publisher = "asked";
	session.offerBy = Date.now() + OFFER_MS;
	keep(core, member);
}

function answer(core: Core, member: Member, connection: string, { type, sdp }: DataOf<"exchangeSdp">["sdp"]): void {
	if (type !== "answer") throw new Refusal("sdpDecode");
	if (member.connections?.[connection] === undefined) throw new Refusal("session");
	describe(core, member, REQUEST.answer, { connection, description: { type, sdp } });
}

// ---------------------------------------------------------------- what comes of it

/** A node could not do what a description asked for, or a track could not be published. */
export function refused(core: Core, member: Member, request: number, error: ErrorBody): void {
	if (request === REQUEST.publish) {
		console.log({ event: "tribe track not published", room: core.room.name, participant: member.id, error });
		return;
	}
	if (request === REQUEST.offer) forgetOffer(core, member);
	fail(core, member, "exchangeSdp", codeFor(error.code));
}

/** No node has an offer after all this time: its client may try again. */
export function giveUpOffer(core: Core, member: Member, now: number): void {
	const session = sessionFor(member);
	const endpoint = core.serving(member.id);
	if (session.publisher === "asked" && endpoint && endpoint.state !== "waiting") {
		session.offerBy = now + OFFER_MS;
		keep(core, member);
		return;
	}
	member.descriptions = undefined;
	forgetOffer(core, member);
	fail(core, member, "exchangeSdp", codeFor("no_node"));
}

function forgetOffer(core: Core, member: Member): void {
	const session = sessionFor(member);
	session.publisher = undefined;
	session.offerBy = undefined;
	keep(core, member);
}

export function onConnection(core: Core, member: Member, event: ConnectionEvent): void {
	switch (event.type) {
		case "description":
			// Offered while whose media it was left: its client has forgotten them.
			if (event.connection !== MAIN && !core.members.has(event.connection)) disconnect(core, member, event.connection);
			else if (event.cause) agreedOffer(core, member, event.description);
			else if (core.socket(member)) {
				// Who is away is offered it again when it is back.
				tell(core, member, "eventExchangeSdp", { from: from(core, member, event.connection), sdp: event.description });
			}
			if (event.connection === MAIN && event.sends) publishAll(core, member, event.sends);
			return;
		case "agreed":
			if (event.connection === MAIN && event.sends) publishAll(core, member, event.sends);
			succeed(core, member, "exchangeSdp");
			return;
		case "connection":
			onState(core, member, event.connection, event.state === "connected");
			return;
	}
}

function agreedOffer(core: Core, member: Member, description: Description): void {
	const session = sessionFor(member);
	session.publisher = "agreed";
	session.offerBy = undefined;
	keep(core, member);
	tell(core, member, "eventExchangeSdp", { from: publisher, sdp: description });
	succeed(core, member, "exchangeSdp");
	const bitrates = bitratesFor(core.env, session);
	tell(core, member, "eventSetBitrate", { from: publisher, bitrate: bitrates.video });
	for (const type of ["audio", "video"] as const) reportBitrate(core, member, type, bitrates[type]);
}

/** Who the media of a connection is of. */
function from(core: Core, member: Member, connection: string): Session {
	return connection === MAIN ? publisher : sessionKnown(core, member, connection);
}

function publishAll(core: Core, member: Member, sends: readonly SentTrack[]): void {
	const request = () => REQUEST.publish;
	publishSent(core, member, sends, namer(member), request, (_, error) => refused(core, member, REQUEST.publish, error));
}

/** The first two of a kind are what people send; the protocol knows no more. */
function namer(member: Member): (sent: SentTrack) => Publication | undefined {
	const sources = { audio: ["audio", "screenAudio"], video: ["camera", "screen"] } as const;
	const used = { audio: 0, video: 0 };
	return ({ kind }) => {
		const source = sources[kind][used[kind]++];
		return source && { track: `${member.id}-${source}`, source };
	};
}

/** Media connections are how it is known that a client is there: nothing else of it can be asked. */
function onState(core: Core, member: Member, connection: string, isUp: boolean): void {
	const session = sessionFor(member);
	const others = session.up.filter((name) => name !== connection);
	session.up = isUp ? [...others, connection] : others;
	session.lookAt = session.up.length === 0 ? Date.now() + SILENCE_MS : undefined;
	keep(core, member);
	if (isUp) tell(core, member, "eventWebrtcUp", { from: from(core, member, connection) });
}

/** Its connections begin anew, and that is no fault of the client's. */
export function onAnotherNode(core: Core, member: Member): void {
	const session = sessionFor(member);
	if (session.up.length === 0 && session.lookAt === undefined) return;
	session.up = [];
	session.lookAt = undefined;
	keep(core, member);
}

/** Somebody has gone: there is nothing to come from there. */
export function forget(core: Core, member: Member, participant: string): void {
	const session = sessionFor(member);
	if (session.up.includes(participant)) session.up = session.up.filter((name) => name !== participant);
	if (member.connections?.[participant] !== undefined) disconnect(core, member, participant);
}

/** A client has come back: its node tells again what was offered and not answered. */
export function offerAgain(core: Core, member: Member): void {
	const endpoint = core.serving(member.id);
	if (endpoint && endpoint.state !== "waiting")
		command(core, endpoint.epoch, [{ type: "describe", endpoint: endpoint.id }]);
}

/** Its media has gone a while ago. True: and nothing was heard of it since. */
export function isSilent(core: Core, member: Member, now: number): boolean {
	const session = sessionFor(member);
	const ws = core.socket(member);
	const since = ws && core.sockets.lastSign(ws);
	if (since !== undefined && since + SILENCE_MS <= now) return true;
	session.lookAt = since === undefined ? undefined : since + SILENCE_MS;
	keep(core, member);
	return false;
}
