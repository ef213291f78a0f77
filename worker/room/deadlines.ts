/**
 * Everything in the room that happens at a time rather than on a message, on the object's one alarm: it is set to the
 * earliest of them after each message, and may come late or twice.
 */
import { CLOSE } from "../../shared/close-codes.ts";
import { recordLive } from "../events/record.ts";
import { awaitsNode, giveUp, releaseNodes, retryNode } from "./assignments.ts";
import type { Core } from "./core.ts";
import { continueDrains } from "./drain.ts";
import { endFormer, reopen, staleTracksAt } from "./endpoints.ts";
import { detach } from "./links.ts";
import { goAway, removeMember } from "./members.ts";
import { recordingsDueAt } from "./recording-keeping.ts";
import { partSevered } from "./severed.ts";
import { dropTrack } from "./tracks.ts";

/** An empty room keeps its node for this long: people reload pages. */
const LINGER_MS = 30_000;
/** Longer than any token lives that this edge makes. */
const EXPELLED_MS = 7 * 86_400_000;

export class Deadlines {
	readonly #core: Core;
	/** When the alarm is set to, as far as this memory knows. */
	#alarm: number | undefined;
	#sweepAt: number;

	constructor(core: Core) {
		this.#core = core;
		// Of sockets that were here before this memory was: a room that wakes for somebody else's messages again and
		// again would otherwise never come to look at them.
		const signs = core.sockets.all().map((ws) => this.#lastSign(ws));
		this.#sweepAt = Math.min(Date.now(), ...signs) + core.limits.silenceMs;
	}

	/** Sets the alarm to the earliest deadline. */
	schedule(): void {
		// Not after every message: it looks at everybody.
		if (!this.#core.timesChanged) return;
		this.#core.timesChanged = false;
		const at = this.#earliest();
		if (at === this.#alarm) return;
		this.#alarm = at;
		const { storage } = this.#core.ctx;
		void (at === undefined ? storage.deleteAlarm() : storage.setAlarm(at));
	}

	/** Storage was emptied, and the alarm with it. */
	forget(): void {
		this.#alarm = undefined;
		this.#core.timesChanged = true;
	}

	/** The alarm went off: whatever is due is done. True when the room itself is. */
	run(): boolean {
		const core = this.#core;
		const now = Date.now();
		this.#alarm = undefined;
		core.timesChanged = true;
		for (const member of [...core.members.values()]) {
			if (member.state === "away" && (member.awayUntil ?? 0) <= now) removeMember(core, member, "timeout");
		}
		for (const member of [...core.members.values()]) {
			if (member.dueAt !== undefined && member.dueAt <= now) core.dialect(member.dialect).due?.(core, member, now);
		}
		const due = core.record?.due;
		if (due && due.at <= now) core.dialect(due.dialect).roomDue?.(core, now);
		for (const { ws, guest } of core.sockets.guests()) {
			if (guest.openedAt + core.limits.joinTimeoutMs <= now) core.sockets.close(ws, CLOSE.joinTimeout, "no join");
		}
		for (const assignment of [...core.assignments.values()]) {
			if (assignment.deadline !== undefined && assignment.deadline <= now) {
				giveUp(core, assignment, { code: "node_failed", message: "the media node did not answer" });
			}
		}
		for (const endpoint of [...core.endpoints.values()]) {
			if (endpoint.until !== undefined && endpoint.until <= now) endFormer(core, endpoint);
		}
		if (core.severedAt !== undefined && core.severedAt <= now) partSevered(core);
		continueDrains(core);
		if (!core.nodeRetry || core.nodeRetry.at <= now) retryNode(core);
		if (core.reopenAt !== undefined && core.reopenAt <= now) reopen(core);
		const stale = staleTracksAt(core);
		if (stale !== undefined && stale <= now) {
			for (const track of [...core.tracks.values()]) {
				const endpoint = core.serving(track.participant);
				if (endpoint?.openedAt !== undefined && endpoint.id !== track.endpoint) dropTrack(core, track);
			}
		}
		// Both about once a minute: one alarm for the two.
		if (recordLive(core, now) || this.#sweepAt <= now) this.#sweep(now);
		this.#examine(now);
		for (const [id, at] of core.expelled.entries()) if (at * 1000 + EXPELLED_MS < now) core.expelled.delete(id);
		for (const [id, { until }] of core.kept.entries()) if (until <= now) core.kept.delete(id);

		if ((core.record?.endsAt ?? now + 1) <= now) return true;
		const empty = core.record?.emptySince;
		if (empty === undefined || core.members.size > 0) return false;
		if (empty + Math.min(LINGER_MS, this.#emptyRoomMs()) <= now) releaseNodes(core);
		return empty + this.#emptyRoomMs() <= now && core.sockets.guests().length === 0;
	}

	/** Closes sockets that have not given a sign for too long: their peers are gone without a word. */
	#sweep(now: number): void {
		const core = this.#core;
		this.#sweepAt = now + core.limits.silenceMs;
		for (const ws of core.sockets.all()) {
			if (this.#lastSign(ws) + core.limits.silenceMs > now) continue;
			const who = core.sockets.of(ws);
			core.sockets.close(ws, CLOSE.silent, "no heartbeat");
			if (who.kind === "link") detach(core, who.epoch);
			else if (who.kind === "member") this.#silent(who.participant, who.session);
		}
	}

	/** Of a socket that is to give any; infinite for the others. */
	#lastSign(ws: WebSocket): number {
		const { sockets } = this.#core;
		const who = sockets.of(ws);
		const gives = who.kind !== "member" || this.#core.dialect(who.dialect).heartbeats;
		return (gives && sockets.lastSign(ws)) || Number.POSITIVE_INFINITY;
	}

	/** Members whose media went away need two heartbeats to show that their socket lives. */
	#examine(now: number): void {
		const core = this.#core;
		for (const [id, at] of core.suspects) {
			if (at > now) continue;
			core.suspects.delete(id);
			const member = core.members.get(id);
			const ws = member && core.socket(member);
			if (
				!member ||
				!ws ||
				!core.dialect(member.dialect).heartbeats ||
				(core.sockets.lastSign(ws) ?? 0) + 2 * core.limits.heartbeatMs > now
			)
				continue;
			core.sockets.close(ws, CLOSE.silent, "no heartbeat");
			this.#silent(id, member.session);
		}
	}

	#silent(participant: string, session: string): void {
		const member = this.#core.members.get(participant);
		if (member?.session === session) goAway(this.#core, member);
	}

	#earliest(): number | undefined {
		const core = this.#core;
		const undelivered = core.delivery.nextAt();
		if (!core.record) return undelivered;
		const times: number[] = undelivered === undefined ? [] : [undelivered];
		for (const { state, awayUntil = 0, dueAt } of core.members.values()) {
			if (state === "away") times.push(awayUntil);
			if (dueAt !== undefined) times.push(dueAt);
		}
		for (const { guest } of core.sockets.guests()) times.push(guest.openedAt + core.limits.joinTimeoutMs);
		for (const { deadline, draining, disturbAt } of core.assignments.values()) {
			if (deadline !== undefined) times.push(deadline);
			if (draining !== undefined) times.push(draining);
			if (disturbAt !== undefined && disturbAt > Date.now()) times.push(disturbAt);
		}
		if (core.nodeRetry && awaitsNode(core)) times.push(core.nodeRetry.at);
		for (const { until } of core.endpoints.values()) if (until !== undefined) times.push(until);
		if (core.reopenAt !== undefined) times.push(core.reopenAt);
		if (core.severedAt !== undefined) times.push(core.severedAt);
		times.push(...core.suspects.values());
		const stale = staleTracksAt(core);
		if (stale !== undefined) times.push(stale);
		const recordingsAt = recordingsDueAt(core);
		if (recordingsAt !== undefined) times.push(recordingsAt);
		const { meshAt, directBy, liveAt, due } = core.record;
		for (const at of [meshAt, directBy, liveAt, due?.at]) if (at !== undefined) times.push(at);
		const { emptySince, endsAt } = core.record;
		if (endsAt !== undefined) times.push(endsAt);
		if (core.members.size === 0 && emptySince !== undefined) {
			const end = emptySince + this.#emptyRoomMs();
			times.push(core.assignments.size > 0 ? Math.min(emptySince + LINGER_MS, end) : end);
		}
		if (core.members.size > 0) times.push(this.#sweepAt);
		return times.length > 0 ? Math.min(...times) : undefined;
	}

	#emptyRoomMs(): number {
		return this.#core.record?.settings.emptyRoomMs ?? this.#core.limits.emptyRoomMs;
	}
}
