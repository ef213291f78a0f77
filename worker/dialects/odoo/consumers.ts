/**
 * What a session receives, announced to its client sender by sender. Each begins paused on the node and flows when
 * the client has taken it; what it did not manage is begun anew. The request's id names the consumer, so that its
 * answer needs no memory. What waits to be announced is in memory, which a timer holds as long as an answer is due.
 */
import { CLOSE } from "../../../shared/close-codes.ts";
import type { ErrorBody } from "../../../shared/errors.ts";
import type { ConsumerParameters } from "../../../shared/media.ts";
import { type Envelope, StreamType } from "../../../shared/odoo.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { subscribe, subscribeAnew, wantedBy } from "../../room/subscriptions.ts";
import { post, WINDOW_MS } from "./bus.ts";
import { sessionOf } from "./ids.ts";
import { memoryOf, type Offer } from "./memory.ts";
import { countError, keep, sessionFor } from "./session.ts";

/** What a client may take to answer, after it was told, ms. */
const ANSWER_MS = 5_000;
/** Pause before the streams of a sender are announced again, ms. */
const RETRY_MS = 2_000;
const ORDER = StreamType.options;
const PREFIX = "consumer/";

/** New consumers of a session. One that its client has already, or is asked to take, is the same. */
export function offer(core: Core, member: Member, endpoint: string, consumers: readonly ConsumerParameters[]): void {
	// Its client does not know of that media side, or is gone.
	if (sessionFor(member).endpoint !== endpoint || member.state === "away") return;
	const { offers } = memoryOf(member);
	const { taken } = sessionFor(member);
	const senders = new Set<string>();
	for (const consumer of consumers) {
		const { track: id, participant } = consumer;
		const type = typeOf(core, id);
		// What has no place in this protocol stays paused.
		if (consumer.kind === "data" || !type) continue;
		if (taken[id] === consumer.id || offers.get(id)?.consumer.id === consumer.id) continue;
		stopTimer(offers.get(id));
		offers.set(id, { consumer, type, asked: false });
		senders.add(participant);
	}
	for (const sender of senders) announce(core, member, sender);
}

/** A session has one sound: of a native participant's two, that of its screen is it while there is no microphone. */
function typeOf(core: Core, id: string): StreamType | undefined {
	const track = core.tracks.get(id);
	if (track?.info.source === "screenAudio") return hasMicrophone(core, track.participant) ? undefined : "audio";
	return StreamType.safeParse(track?.info.source).data;
}

function hasMicrophone(core: Core, sender: string): boolean {
	return core.tracksOf(sender).some(({ info, live }) => live && info.source === "audio");
}

/** A sender's microphone is there, and takes the place of its screen's sound. */
export function microphoneOn(core: Core, member: Member, sender: string): void {
	const screen = screenSoundOf(core, sender);
	const { offers } = memoryOf(member);
	const { taken } = sessionFor(member);
	if (screen === undefined || (taken[screen] === undefined && !offers.has(screen))) return;
	stopTimer(offers.get(screen));
	offers.delete(screen);
	delete taken[screen];
	keep(core, member);
	subscribe(core, member, { tracks: [{ track: screen, paused: true }] });
}

/** One of its tracks has ended: if that was the microphone, its screen is heard. */
export function microphoneOff(core: Core, member: Member, sender: string): void {
	const screen = screenSoundOf(core, sender);
	if (screen === undefined || hasMicrophone(core, sender)) return;
	if (sessionFor(member).taken[screen] !== undefined || memoryOf(member).offers.has(screen)) return;
	subscribeAnew(core, member, [screen]);
}

function screenSoundOf(core: Core, sender: string): string | undefined {
	return core.tracksOf(sender).find(({ info, live }) => live && info.source === "screenAudio")?.info.id;
}

function stopTimer(offered: Offer | undefined): void {
	if (offered?.timer !== undefined) clearTimeout(offered.timer);
}

function offersOf(member: Member, sender: string): Offer[] {
	return [...memoryOf(member).offers.values()].filter(({ consumer }) => consumer.participant === sender);
}

/** All of a sender at once, in their order: a client that joins would otherwise wait a window for its second stream. */
function announce(core: Core, member: Member, sender: string): void {
	const offers = offersOf(member, sender).filter(({ asked }) => !asked);
	const envelopes = offers
		.toSorted((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type))
		.map((next): Envelope => {
			const { id, kind, rtpParameters, track } = next.consumer;
			next.asked = true;
			next.timer = setTimeout(() => core.settle(() => failed(core, member, next)), WINDOW_MS + ANSWER_MS);
			const payload = {
				...{ id, kind, producerId: track, rtpParameters, sessionId: sessionOf(sender) },
				...{ active: core.tracks.get(track)?.info.muted !== true, type: next.type },
			};
			return { message: { name: "INIT_CONSUMER", payload }, needResponse: `${PREFIX}${track}/${id}` };
		});
	if (envelopes.length > 0) post(core, member, ...envelopes);
}

/** The client has taken a consumer: it flows. */
export function answered(core: Core, member: Member, request: string): void {
	if (!request.startsWith(PREFIX)) return;
	const [, track = "", ...rest] = request.split("/");
	const id = rest.join("/");
	const { offers } = memoryOf(member);
	const offered = offers.get(track);
	const known = core.tracks.get(track);
	if (!known || (offered && offered.consumer.id !== id)) return;
	stopTimer(offered);
	offers.delete(track);
	sessionFor(member).taken[track] = id;
	keep(core, member);
	subscribe(core, member, { tracks: [{ track, paused: false }] });
}

/** The viewer's own choice, which stays its own when the sender mutes and unmutes. Of what it has only. */
export function choose(core: Core, member: Member, sender: string, states: Partial<Record<StreamType, boolean>>): void {
	const { taken } = sessionFor(member);
	const tracks = core.tracksOf(sender).flatMap(({ info }) => {
		const type = typeOf(core, info.id);
		const active = type && states[type];
		return active === undefined || taken[info.id] === undefined ? [] : [{ track: info.id, paused: !active }];
	});
	if (tracks.length > 0) subscribe(core, member, { tracks });
}

/** The client did not take it in time: all of that sender is tried again, a little later. */
function failed(core: Core, member: Member, late: Offer): void {
	const { track, participant } = late.consumer;
	if (core.members.get(member.id) !== member || memoryOf(member).offers.get(track) !== late) return;
	drop(member, participant);
	if (countError(core, member, CLOSE.internal)) retry(core, member, participant);
}

/** The node could not make one. What no codec of the client fits is not for it. */
export function refused(core: Core, member: Member, track: string, error: ErrorBody): void {
	const sender = core.tracks.get(track)?.participant;
	if (sender === undefined || error.code === "unsupported") return;
	if (countError(core, member, CLOSE.internal)) retry(core, member, sender);
}

function retry(core: Core, member: Member, sender: string): void {
	const again = () => {
		if (core.members.get(member.id) === member) subscribeAnew(core, member, untaken(core, member, sender));
	};
	setTimeout(() => core.settle(again), RETRY_MS);
}

function untaken(core: Core, member: Member, sender: string): string[] {
	const { taken } = sessionFor(member);
	return wantedBy(core, member).flatMap(({ live, info, participant }) =>
		live && taken[info.id] === undefined && participant === sender ? [info.id] : [],
	);
}

function drop(member: Member, sender: string): void {
	for (const offered of offersOf(member, sender)) {
		stopTimer(offered);
		memoryOf(member).offers.delete(offered.consumer.track);
	}
}

/** A sender's tracks have gone, some or all of them. */
export function forgetGone(core: Core, member: Member): void {
	const { taken } = sessionFor(member);
	const { offers } = memoryOf(member);
	for (const [track, offered] of offers) {
		if (core.tracks.has(track)) continue;
		stopTimer(offered);
		offers.delete(track);
	}
	const gone = Object.keys(taken).filter((track) => !core.tracks.has(track));
	if (gone.length === 0) return;
	for (const track of gone) delete taken[track];
	keep(core, member);
}
