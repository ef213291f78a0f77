/**
 * Watching over HTTP: one offer, one answer. What is published later, or by somebody else when the first one has gone,
 * comes in the same sections. Where the client's payload types are not those of the nodes, the node offers instead
 * (draft-ietf-wish-whep, section "Server Sends Counter-offer").
 */
import { SwitchyardError } from "../../../shared/errors.ts";
import { ROUTER_CAPABILITIES } from "../../../shared/router-capabilities.ts";
import { SdpSettings } from "../../../shared/sdp.ts";
import { type Described, readDescription } from "../../../shared/whip.ts";
import type { Answer, Core } from "../../room/core.ts";
import { describe } from "../../room/descriptions.ts";
import { ensureEndpoint } from "../../room/endpoints.ts";
import { join } from "../../room/members.ts";
import type { RoomEvent } from "../../room/outbox.ts";
import type { Member, Track } from "../../room/state.ts";
import { subscribe } from "../../room/subscriptions.ts";
import { AUDIENCE_PATIENCE_MS, PATIENCE_MS, type Reply, type Watch, WHEP } from "./calls.ts";
import { type Choice, choose } from "./choice.ts";
import { recount, tellChange } from "./events.ts";
import { admit, fail, opened, tooLate } from "./opening.ts";
import { failed, nothingToWatch, refused } from "./replies.ts";
import { awaitConnection, newSession, number, sessionOf, type Watching } from "./session.ts";
import { settle, wait } from "./waiting.ts";

/** One stream with all that is watched (the draft's section "Single MediaStream"), by the room's name. */
const ANSWERS = { once: true, offers: false, fill: true, renumber: false };
const OFFERS = { once: true, offers: true };

/** Offers that wait for something to watch. In memory: who offered waits too. */
const offers = new WeakMap<Member, string>();

export function beginWatching(core: Core, { grant, offer, participant, feed }: Watch): Promise<Reply> {
	const described = offer === "" ? undefined : readDescription(offer);
	const sections = sectionsOf(described);
	if (!grant.claims.rights.subscribe) throw new SwitchyardError("forbidden", "no right to subscribe");
	admit(core, grant);
	const offered = described?.sections.flatMap(({ codecs }) => codecs);
	const watches: Watching = {
		participant,
		feed,
		sections,
		offered,
		streams: {},
		told: { active: false, layers: "{}" },
	};
	const own = newSession(described?.ufrag ?? "", { watches });
	const part = { data: false, mesh: false, subscribe: "none" } as const;
	const sdp = SdpSettings.parse({ ...ANSWERS, stream: grant.room });
	const member = join(core, undefined, grant, { dialect: WHEP, own, dueAt: own.endsAt, sdp, ...part });
	own.opens = number(core, member);
	const reply = wait(core, member, own.opens, PATIENCE_MS, () => tooLate(core, member));
	offers.set(member, offer);
	if (!begin(core, member)) {
		setTimeout(() => {
			if (offers.delete(member)) core.settle(() => fail(core, member, nothingToWatch()));
		}, AUDIENCE_PATIENCE_MS);
	}
	return reply;
}

/** The first section of each kind that its client wants to receive in. Where the node offers they are in that order. */
function sectionsOf(described: Described | undefined): Watching["sections"] {
	if (!described) return { audio: 0, video: 1 };
	const at = (kind: "audio" | "video") => {
		const found = described.sections.findIndex((section) => section.kind === kind && section.receives);
		return found < 0 ? undefined : found;
	};
	const sections = { audio: at("audio"), video: at("video") };
	if (sections.audio === undefined && sections.video === undefined) {
		throw new SwitchyardError("bad_request", "sdp: it offers to receive nothing");
	}
	return sections;
}

/** There is something to watch: the node is asked for it. False: there is nothing yet. */
function begin(core: Core, member: Member): boolean {
	const offer = offers.get(member);
	const { watches, opens } = sessionOf(member);
	const choice = chosenFor(core, member);
	if (offer === undefined || !watches || !(choice.audio || choice.video)) return false;
	offers.delete(member);
	const fit = Object.fromEntries(
		(["audio", "video"] as const).flatMap((kind) => {
			const track = choice[kind];
			return track ? [[kind, fitOf(watches, track)]] : [];
		}),
	);
	const fits = Object.values(fit);
	if (fits.every((it) => it === "unknown")) {
		fail(core, member, refused(422, "unsupported", "sdp: it has no codec of what is published"));
		return true;
	}
	for (const kind of ["audio", "video"] as const) if (fit[kind] === "unknown") choice[kind] = undefined;
	const counter = offer === "" || fits.includes("otherNumber");
	if (counter && member.media) {
		// The node takes it for a connection of another node's, without sections so far, and offers at once.
		member.media.sdp = SdpSettings.parse({ ...OFFERS, stream: core.room.name });
		member.connections = { "": [] };
		core.members.touch(member.id);
	}
	take(core, member, choice);
	ensureEndpoint(core, member);
	if (counter) return true;
	try {
		describe(core, member, opens, { connection: "", description: { type: "offer", sdp: offer } });
	} catch (error) {
		fail(core, member, failed(error));
	}
	return true;
}

/** Nodes send with their own payload types, which the client's have to be. */
function fitOf({ offered }: Watching, { coding }: Track): "fits" | "otherNumber" | "unknown" {
	const mimeType = coding?.mimeType.toLowerCase();
	if (!offered) return "fits";
	const known = offered.filter((codec) => codec.mimeType === mimeType);
	if (known.length === 0) return "unknown";
	const same = known.some(({ payloadType }) =>
		ROUTER_CAPABILITIES.codecs?.some(
			(codec) => codec.mimeType.toLowerCase() === mimeType && codec.preferredPayloadType === payloadType,
		),
	);
	return same ? "fits" : "otherNumber";
}

function chosenFor(core: Core, member: Member): Choice {
	const choice = choose(core, member);
	const sections = sessionOf(member).watches?.sections;
	return {
		...choice,
		audio: sections?.audio === undefined ? undefined : choice.audio,
		video: sections?.video === undefined ? undefined : choice.video,
	};
}

/** Subscribes to what was chosen, and to nothing else. */
function take(core: Core, member: Member, { publisher, audio, video }: Choice): void {
	const { watches } = sessionOf(member);
	if (!watches) return;
	const wanted = [audio, video].flatMap((track) => track?.info.id ?? []);
	const had = Object.entries(member.subscriptions).flatMap(([track, { on }]) => (on ? track : []));
	const changes = [
		...had.filter((track) => !wanted.includes(track)).map((track) => ({ track, on: false })),
		...wanted.filter((track) => !had.includes(track)).map((track) => ({ track, on: true })),
	];
	if (watches.publisher !== publisher) recount(core);
	Object.assign(watches, { publisher, audio: audio?.info.id, video: video?.info.id });
	core.members.touch(member.id);
	if (changes.length > 0) subscribe(core, member, { tracks: changes });
	tellChange(core, member);
}

/** What is published changes what is watched, or begins it. */
export function onViewerEvent(core: Core, member: Member, event: RoomEvent): void {
	const session = sessionOf(member);
	switch (event.type) {
		case "trackPublished":
		case "trackUnpublished":
		case "participantLeft":
			if (offers.has(member)) begin(core, member);
			else if (session.watches) take(core, member, chosenFor(core, member));
			return;
		case "description":
			if (session.state !== "opening") return;
			if (event.cause?.request === session.opens) opened(core, member, event.description.sdp);
			else if (event.description.type === "offer") opened(core, member, event.description.sdp, true);
			return;
		case "agreed":
			if (session.state !== "countered" || event.cause.request !== session.opens) return;
			session.state = "open";
			awaitConnection(core, member);
			settle(member, session.opens, { type: "done" });
			return;
	}
}

/** The node has refused a description. */
export function onViewerAnswered(core: Core, member: Member, request: number, answer: Answer): void {
	const session = sessionOf(member);
	if (answer.ok || request !== session.opens) return;
	const reply = failed(new SwitchyardError(answer.error.code, answer.error.message));
	if (session.state === "opening") fail(core, member, reply);
	// An answer that the node could not read may be sent again.
	else settle(member, request, reply);
}
