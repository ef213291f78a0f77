/** Publishing over HTTP: one offer, one answer, and the tracks in it are the room's. */
import { type ErrorBody, SwitchyardError } from "../../../shared/errors.ts";
import { SdpSettings, type SentTrack } from "../../../shared/sdp.ts";
import type { Rights, Source } from "../../../shared/tokens.ts";
import { type Described, type Feed, readDescription } from "../../../shared/whip.ts";
import type { Answer, Core } from "../../room/core.ts";
import { describe, type Publication, publishSent } from "../../room/descriptions.ts";
import { ensureEndpoint } from "../../room/endpoints.ts";
import { join } from "../../room/members.ts";
import type { RoomEvent } from "../../room/outbox.ts";
import type { Member } from "../../room/state.ts";
import { PATIENCE_MS, type Publish, type Reply, WHIP } from "./calls.ts";
import { admit, fail, opened, tooLate } from "./opening.ts";
import { failed, refused } from "./replies.ts";
import { newSession, number, sessionOf } from "./session.ts";
import { wait } from "./waiting.ts";

const SOURCES: Record<Feed, { audio: Source; video: Source }> = {
	camera: { audio: "audio", video: "camera" },
	screen: { audio: "screenAudio", video: "screen" },
};
/** Ids of the offer are whatever the client chose; others' clients get them from the node as they are. */
const settings = SdpSettings.parse({ offers: false, renumber: false });

/** What is known of an offer while its answer is awaited. */
interface Opening {
	offer: Described;
	answer?: string;
	/** Requests for tracks that the node has not confirmed. */
	asked: Set<number>;
}
const openings = new WeakMap<Member, Opening>();

export function beginPublishing(core: Core, { grant, offer, feed, prefix }: Publish): Promise<Reply> {
	const described = readDescription(offer);
	checkOffer(described, grant.claims.rights, feed);
	admit(core, grant);
	const own = newSession(described.ufrag, { publishes: { prefix, feed } });
	const part = { data: false, mesh: false, subscribe: "none" } as const;
	const member = join(core, undefined, grant, { dialect: WHIP, own, dueAt: own.endsAt, sdp: settings, ...part });
	own.opens = number(core, member);
	openings.set(member, { offer: described, asked: new Set() });
	const reply = wait(core, member, own.opens, PATIENCE_MS, () => tooLate(core, member));
	ensureEndpoint(core, member);
	try {
		describe(core, member, own.opens, { connection: "", description: { type: "offer", sdp: offer } });
	} catch (error) {
		fail(core, member, failed(error));
	}
	return reply;
}

/** RFC 9725 section 4.4.2: at most one track of each kind. */
function checkOffer({ sections }: Described, rights: Rights, feed: Feed): void {
	const sent = sections.filter(({ kind, sends }) => kind !== "other" && sends);
	if (sent.length === 0) throw new SwitchyardError("bad_request", "sdp: it offers to send nothing");
	for (const kind of ["audio", "video"] as const) {
		const count = sent.filter((section) => section.kind === kind).length;
		if (count > 1)
			throw new SwitchyardError("unsupported", `sdp: it has ${count} sections of ${kind}, where one is taken`);
		const source = SOURCES[feed][kind];
		const may = rights.publish.includes(source) || (source === "screenAudio" && rights.publish.includes("screen"));
		if (count > 0 && !may) throw new SwitchyardError("forbidden", `no right to publish ${source}`);
	}
}

/** The node has answered the offer: what the client sends is published. */
export function onPublisherEvent(core: Core, member: Member, event: RoomEvent): void {
	const session = sessionOf(member);
	if (event.type !== "description" || event.cause?.request !== session.opens || session.state !== "opening") return;
	const opening = openings.get(member);
	const { publishes } = session;
	if (!opening || !publishes) return;
	const { sends = [] } = event;
	// No answer that succeeds in part (section 4.4.3): who publishes would not notice.
	const missing = opening.offer.sections.find(
		({ kind, mid, sends: offered }) => kind !== "other" && offered && !sends.some((it) => it.mid === mid),
	);
	if (missing) {
		fail(core, member, refused(422, "unsupported", `sdp: no codec of its ${missing.kind} section is known here`));
		return;
	}
	opening.answer = event.description.sdp;
	const name = ({ kind }: SentTrack): Publication => {
		const source = SOURCES[publishes.feed][kind];
		return { track: `${publishes.prefix}-${source}`, source };
	};
	const request = () => {
		const next = number(core, member);
		opening.asked.add(next);
		return next;
	};
	const errors: ErrorBody[] = [];
	publishSent(core, member, sends, name, request, (_, error) => errors.push(error));
	const [error] = errors;
	if (error) fail(core, member, failed(new SwitchyardError(error.code, error.message)));
}

/** The node has taken the offer or a track, or has not. */
export function onPublisherAnswered(core: Core, member: Member, request: number, answer: Answer): void {
	const session = sessionOf(member);
	const opening = openings.get(member);
	if (!opening || session.state !== "opening") return;
	const awaited = opening.asked.delete(request);
	if (!answer.ok && (awaited || request === session.opens)) {
		fail(core, member, failed(new SwitchyardError(answer.error.code, answer.error.message)));
		return;
	}
	if (!awaited || opening.asked.size > 0 || opening.answer === undefined) return;
	openings.delete(member);
	opened(core, member, opening.answer);
}
