/** Members whose clients speak SDP: their descriptions go to and fro between the dialect and the node, which makes them. */
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand, LinkReport } from "../../shared/link.ts";
import type { Description, SdpSettings, Section, SentTrack } from "../../shared/sdp.ts";
import type { Source } from "../../shared/tokens.ts";
import type { Core } from "./core.ts";
import { ensureEndpoint } from "./endpoints.ts";
import { command, together } from "./links.ts";
import type { ConnectionEvent } from "./outbox.ts";
import type { Endpoint, Member, Track } from "./state.ts";
import { keepTopology } from "./topology.ts";
import { dropTrack, publish } from "./tracks.ts";

/** Offers of a member that are not answered yet, of different connections; more are refused. */
const MOST_UNANSWERED = 8;

/** Gives a member a media side that it joined without: its client speaks SDP after all. */
export function beginSdp(core: Core, member: Member, sdp: SdpSettings): void {
	if (member.media) return;
	if (core.topologySetting === "mesh") throw new SwitchyardError("unsupported", "the room is a mesh");
	member.media = { data: false, sdp };
	core.members.touch(member.id);
	// It cannot be in a mesh: a room of few turns to a node for it.
	keepTopology(core);
	ensureEndpoint(core, member);
}

/**
 * Hands a client's description to its node, now or when there is one. An offer is answered by the event `description`
 * with the request in its cause, an answer by `agreed`; what fails, through the dialect's `answered`.
 */
export function describe(
	core: Core,
	member: Member,
	request: number,
	wish: { connection: string; description: Description },
): void {
	const endpoint = core.serving(member.id);
	if (!member.media?.sdp) throw new SwitchyardError("bad_request", "joined without SDP");
	const cause = { participant: member.id, request };
	const there = endpoint && endpoint.state !== "waiting";
	// An answer is to an offer of a node that is gone: the next one offers anew.
	if (!there && wish.description.type === "answer") throw new SwitchyardError("stale_endpoint");
	if (wish.description.type === "offer") {
		const others = (member.descriptions ?? []).filter(({ connection }) => connection !== wish.connection);
		if (others.length >= MOST_UNANSWERED) throw new SwitchyardError("rate_limited", "too many connections at once");
		member.descriptions = [...others, { ...wish, cause }];
		// Stored only where it has to wait; an offer on its way to a node is lost with both of them alone.
		if (!there) core.members.touch(member.id);
	}
	if (there) command(core, endpoint.epoch, [{ type: "description", endpoint: endpoint.id, ...wish, cause }]);
}

/** What an SDP endpoint is opened with, and what its client said meanwhile. */
export function openSdp(
	core: Core,
	member: Member,
	endpoint: Endpoint,
): { open: { sdp?: SdpSettings; connections?: Record<string, Section[]> }; after: LinkCommand[] } {
	const sdp = member.media?.sdp;
	if (!sdp) return { open: {}, after: [] };
	const { connections = {}, descriptions = [] } = member;
	const after: LinkCommand[] = [];
	for (const it of descriptions) {
		// A connection that another node began is offered by the next one, and what its client offered meanwhile is void.
		if (connections[it.connection] === undefined) after.push({ type: "description", endpoint: endpoint.id, ...it });
		else answered(core, member, it.cause.request, new SwitchyardError("stale_endpoint").toJSON());
	}
	return { open: { sdp, connections }, after };
}

function answered(core: Core, member: Member, request: number, error?: ErrorBody): void {
	if (!member.descriptions?.some(({ cause }) => cause.request === request)) return;
	const others = member.descriptions.filter(({ cause }) => cause.request !== request);
	member.descriptions = others.length > 0 ? others : undefined;
	core.members.touch(member.id);
	if (error) core.later(() => core.answer(member.id, request, { ok: false, error }));
}

/** A description could not be used. */
export function onRefused(core: Core, participant: string, request: number): void {
	const member = core.members.get(participant);
	if (member) answered(core, member, request);
}

type Sections = Extract<LinkReport, { type: "sections" }>;

/** The node tells of a connection. What is agreed is kept, for the node that may have to go on with it. */
export function onConnection(core: Core, endpoint: Endpoint, event: ConnectionEvent | Sections): void {
	const member = core.members.get(endpoint.participant);
	if (!member?.media?.sdp || (endpoint.id !== member.endpoint && endpoint.id !== member.next)) return;
	// Of the one that takes over nobody expects anything yet.
	if (event.type === "media" && endpoint.id !== member.endpoint) return;
	if (event.type === "description" || event.type === "agreed" || event.type === "sections") {
		if ("cause" in event && event.cause) answered(core, member, event.cause.request);
		member.connections = { ...member.connections, [event.connection]: event.sections };
		core.members.touch(member.id);
	} else if (event.type === "connection" && event.state === "closed") {
		forgetConnection(core, member, event.connection);
	}
	if (event.type !== "sections") core.emit(event, { to: [member.id] });
}

/** Closes one of a member's connections. */
export function disconnect(core: Core, member: Member, connection: string): void {
	const endpoint = core.serving(member.id);
	forgetConnection(core, member, connection);
	if (endpoint && endpoint.state !== "waiting") {
		command(core, endpoint.epoch, [{ type: "disconnect", endpoint: endpoint.id, connection }]);
	}
}

function forgetConnection(core: Core, member: Member, connection: string): void {
	if (member.connections?.[connection] === undefined) return;
	const { [connection]: _, ...others } = member.connections;
	member.connections = others;
	core.members.touch(member.id);
}

/** Has a connection offered anew. */
export function renegotiate(core: Core, member: Member, connection: string, restart = false): void {
	toNode(core, member, (endpoint) => ({ type: "renegotiate", endpoint, connection, restart }));
}

/** Sends a text to a member's client, on a data channel that its settings name. */
export function sendText(core: Core, member: Member, channel: string, text: string): void {
	toNode(core, member, (endpoint) => ({ type: "text", endpoint, channel, text }));
}

/** Bounds what a member sends or is sent, bit/s; null lifts a bound. It holds for the nodes it moves to as well. */
export function limit(
	core: Core,
	member: Member,
	bounds: { incoming?: number | null; outgoing?: number | null },
): void {
	const sdp = member.media?.sdp;
	if (!sdp) return;
	if (bounds.incoming !== undefined) sdp.maxIncomingBitrate = bounds.incoming ?? undefined;
	if (bounds.outgoing !== undefined) sdp.maxOutgoingBitrate = bounds.outgoing ?? undefined;
	core.members.touch(member.id);
	toNode(core, member, (endpoint) => ({ type: "limit", endpoint, ...bounds }));
}

function toNode(core: Core, member: Member, make: (endpoint: string) => LinkCommand): void {
	const endpoint = core.serving(member.id);
	if (endpoint && endpoint.state !== "waiting") command(core, endpoint.epoch, [make(endpoint.id)]);
}

export interface Publication {
	/** The room's id for it, the same each time. */
	track: string;
	source: Source;
	muted?: boolean;
	/** The stream that receivers know it by, instead of its client's own id for that. */
	stream?: string;
}

/**
 * Makes what a client sends the tracks of its member: new ones are published, on the endpoint that told of them, and
 * those it sends no more end. `name` says what each is to the room; undefined is left unpublished for now.
 */
export function publishSent(
	core: Core,
	member: Member,
	sends: readonly SentTrack[],
	name: (sent: SentTrack) => Publication | undefined,
	request: () => number,
	failed: (sent: SentTrack, error: ErrorBody) => void,
): void {
	const kept = new Set<string>();
	const endpoint = core.serving(member.id);
	if (endpoint?.state !== "open") return;
	// A browser that is offered them is offered all in one description.
	together(core, () => {
		for (const sent of sends) {
			const wish = name(sent);
			if (!wish) continue;
			kept.add(wish.track);
			const there = core.tracks.get(wish.track);
			const { kind, rtpParameters } = sent;
			if (there && (there.endpoint === endpoint.id || there.next?.endpoint === endpoint.id)) {
				if (sameMedia(there, sent)) continue;
				dropTrack(core, there);
			}
			try {
				publish(core, member, request(), {
					...{ endpoint: endpoint.id, track: wish.track, source: wish.source },
					...{ media: { kind, rtpParameters: withMsid(sent, rtpParameters, wish.stream) }, muted: wish.muted ?? false },
				});
				const track = core.tracks.get(wish.track);
				if (track) track.sent = fingerprint(sent);
			} catch (error) {
				kept.delete(wish.track);
				failed(sent, SwitchyardError.from(error).toJSON());
			}
		}
		for (const track of core.tracksOf(member.id)) {
			if (track.sent !== undefined && !kept.has(track.info.id)) dropTrack(core, track);
		}
	});
}

/** Receivers get the publisher's own stream and track ids (RFC 8830), where it named them. */
function withMsid(
	{ stream, track, kind }: SentTrack,
	parameters: SentTrack["rtpParameters"],
	given: string | undefined,
): SentTrack["rtpParameters"] {
	if (given !== undefined) return { ...parameters, msid: `${given} ${track || kind}` };
	return track === "" ? parameters : { ...parameters, msid: `${stream || "-"} ${track}` };
}

function sameMedia(track: Track, sent: SentTrack): boolean {
	return track.sent === fingerprint(sent);
}

/** What of a sent track makes it another when it changes. */
function fingerprint({ mid, stream, track, rtpParameters: { codecs, encodings } }: SentTrack): string {
	return JSON.stringify([
		...[mid, stream, track, codecs[0]?.mimeType, codecs[0]?.payloadType],
		encodings?.map(({ rid, ssrc }) => rid ?? ssrc),
	]);
}
