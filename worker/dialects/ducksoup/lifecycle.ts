/**
 * The life of an interaction: open, ready when everybody's media comes, started when everybody receives it, ended when
 * its time is up; or aborted. Its clocks are in the room's record and in its members' rows.
 */
import type { JoinError } from "../../../shared/ducksoup.ts";
import type { Core } from "../../room/core.ts";
import { removeMember } from "../../room/members.ts";
import type { Member } from "../../room/state.ts";
import { subscribe } from "../../room/subscriptions.ts";
import { eventFrame } from "./frames.ts";
import {
	connected,
	forgetInteraction,
	type Interaction,
	interactionOf,
	isDue,
	keepInteraction,
	noticeAt,
	remainingSeconds,
	stateOf,
} from "./interaction.ts";
import { log, logOf } from "./log.ts";
import { isComplete, isServed } from "./media.ts";
import { keep, overdue, peerFor, tell } from "./peer.ts";
import { makePlots } from "./plots/plots.ts";
import { areRecordingsDone, beginRecordings, endRecordings, filesOf } from "./recording.ts";

/** Something may have come that it waits for. */
export function advance(core: Core): void {
	const interaction = interactionOf(core);
	if (!interaction) return;
	const state = stateOf(interaction);
	if (state === "open" && isReady(core, interaction)) ready(core, interaction);
	else if (state === "ready" && connected(core).every((member) => isServed(core, member))) start(core, interaction);
	else if (state === "started") welcome(core, interaction);
	else if (state === "ended" && areRecordingsDone(core)) finish(core, interaction);
}

function isReady(core: Core, { size }: Interaction): boolean {
	return connected(core).filter((member) => isComplete(core, member)).length >= size;
}

function ready(core: Core, interaction: Interaction): void {
	interaction.readyAt = Date.now();
	keepInteraction(core);
	for (const member of connected(core)) if (isComplete(core, member)) beginRecordings(core, member);
	for (const member of connected(core)) subscribe(core, member, { default: "all", tracks: [] });
	log(core, "debug", "signaling", "managed_signaling_for_everyone_requested", { cause: "out_tracks_ready" });
}

function start(core: Core, interaction: Interaction): void {
	interaction.startedAt = Date.now();
	keepInteraction(core);
	log(core, "info", "interaction", "interaction_started");
	welcome(core, interaction);
}

/** Those whose media comes, and who were not told yet. */
function welcome(core: Core, interaction: Interaction): void {
	for (const member of connected(core)) {
		if (peerFor(member).startedAt !== undefined || !isComplete(core, member)) continue;
		beginRecordings(core, member);
		tellStart(core, member, interaction);
	}
}

function tellStart(core: Core, member: Member, interaction: Interaction): void {
	const peer = peerFor(member);
	const now = Date.now();
	peer.startedAt = now;
	peer.noticeAt = noticeAt(interaction, now);
	keep(core, member);
	tell(core, member, eventFrame("start", remainingSeconds(interaction, now)));
}

/** A clock of the interaction. */
export function onInteractionDue(core: Core, now: number): void {
	const interaction = interactionOf(core);
	if (!interaction || !isDue(interaction, now)) return;
	const state = stateOf(interaction);
	if (state === "open") abort(core, interaction);
	else if (state === "ready") start(core, interaction);
	else if (state === "started") end(core, interaction);
	else finish(core, interaction);
}

/** A clock of somebody's connection. */
export function onPeerDue(core: Core, member: Member, now: number): void {
	const peer = peerFor(member);
	for (const what of overdue(peer, now)) {
		if (what === "notice") {
			peer.noticeAt = undefined;
			keep(core, member);
			tell(core, member, eventFrame("ending", null));
			log(core, "info", "peer", "interaction_ending_sent", logOf(member));
			continue;
		}
		if (what === "connection") evict(core, member, "pc_disconnected");
		else evict(core, member, `no_${what}`, "error-peer-connection");
		return;
	}
}

/** Lets go of somebody: an error is told first, and its socket closed. */
export function evict(core: Core, member: Member, cause: string, error?: JoinError): void {
	peerFor(member).cause = cause;
	if (error) tell(core, member, eventFrame(error, null));
	removeMember(core, member, "left");
}

/** Somebody is not connected any more. */
export function onGone(core: Core, member: Member): void {
	const interaction = interactionOf(core);
	if (!interaction) return;
	log(core, "info", "peer", "peer_server_ended", { ...logOf(member), cause: peerFor(member).cause ?? "ws_read_error" });
	endRecordings(core, member.id);
	if (connected(core).length > 0) {
		// Whoever is left may be all that was waited for.
		if (stateOf(interaction) === "ready") core.later(() => advance(core));
		return;
	}
	if (stateOf(interaction) === "open") drop(core);
}

function abort(core: Core, interaction: Interaction): void {
	interaction.endedAt = Date.now();
	keepInteraction(core);
	log(core, "info", "interaction", "interaction_aborted");
	for (const member of connected(core)) evict(core, member, "interaction_aborted", "error-aborted");
	drop(core);
}

/** Its time is up: what was recorded is finished before people are told where it is. */
function end(core: Core, interaction: Interaction): void {
	interaction.endedAt = Date.now();
	keepInteraction(core);
	log(core, "info", "interaction", "interaction_end");
	endRecordings(core);
	if (areRecordingsDone(core)) finish(core, interaction);
}

function finish(core: Core, interaction: Interaction): void {
	const files = filesOf(core, interaction);
	for (const member of connected(core)) {
		tell(core, member, eventFrame("files", files));
		tell(core, member, eventFrame("end", null));
		evict(core, member, "interaction_ended");
	}
	drop(core);
}

/** The name is free again. */
function drop(core: Core): void {
	const interaction = interactionOf(core);
	log(core, "info", "interaction", "interaction_deleted");
	if (interaction) makePlots(core, interaction);
	forgetInteraction(core);
}
