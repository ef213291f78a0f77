/**
 * The Room Durable Object: platform events in, calls on the room's rules out. Its memory may be gone between any two
 * of them; what lasts is in storage and in the sockets' attachments.
 */
import { DurableObject } from "cloudflare:workers";
import { CLOSE } from "../../shared/close-codes.ts";
import type { EffectControl, EffectsWish } from "../../shared/effects.ts";
import { SwitchyardError } from "../../shared/errors.ts";
import { HEARTBEAT, readLimits } from "../../shared/limits.ts";
import { LINK_SUBPROTOCOL } from "../../shared/link.ts";
import type { PartReport, RecordedFile, Recording, RecordingPart, RecordingsQuery } from "../../shared/recordings.ts";
import type { Participant, ParticipantEffects, Room as RoomView } from "../../shared/rest.ts";
import type { ParticipantClaims } from "../../shared/tokens.ts";
import { mintLinkToken } from "../auth/tokens.ts";
import { dialects } from "../dialects/index.ts";
import { listRoom, unlistRoom } from "../directory/listing.ts";
import type { Env } from "../env.ts";
import type { RoomNotices } from "../fleet/rpc.ts";
import { iceServersFor } from "../ice/ice-servers.ts";
import { awaitsNode, giveUp, onNodeAvailable, releaseNodes, wantNode } from "./assignments.ts";
import { Core } from "./core.ts";
import { Deadlines } from "./deadlines.ts";
import { beginDrain, cancelDrain, continueDrains } from "./drain.ts";
import { controlEffect, effectsView, setEffects } from "./effects.ts";
import { closeAhead, openAhead, sweepAhead } from "./endpoints.ts";
import * as links from "./links.ts";
import { expel, goAway, isRevoked, mustBeMember, removeMember } from "./members.ts";
import { keepRecordings } from "./recording-keeping.ts";
import { tellRecordings } from "./recording-news.ts";
import { type RecordingsPage, recordingPage } from "./recording-pages.ts";
import { checkPart, onPartReport, onStored, onStoredAfterwards } from "./recording-reports.ts";
import { recordingOf } from "./recording-views.ts";
import { startRecording, stopRecording } from "./recordings.ts";
import { type Details, GRANT_HEADER, type Grant, type LinkGrant, type Result, type RoomRpc } from "./rpc.ts";
import type { RoomRecord } from "./state.ts";
import { expectsNode, keepTopology } from "./topology.ts";
import { setMuted } from "./tracks.ts";
import { participantView, roomView } from "./views.ts";

/** How long nodes may take to come back after the object lost its sockets, ms. */
const RETURN_MS = 5_000;

export class Room extends DurableObject<Env> implements RoomRpc, RoomNotices {
	readonly #core: Core;
	readonly #deadlines: Deadlines;
	#listing = false;
	#erasing = false;

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(HEARTBEAT.ping, HEARTBEAT.pong));
		this.#core = new Core(ctx, env, readLimits(env), dialects);
		this.#core.sockets.onSlow = (ws) => this.#cut(ws);
		this.#core.sockets.onGuests = () => {
			this.#core.timesChanged = true;
		};
		this.#core.sockets.onGuestGone = ({ endpoint }) => closeAhead(this.#core, endpoint);
		this.#core.settle = (work) => this.#handle(work);
		// Not at once: the caller may be in the middle of telling everybody something.
		this.#core.dropped = (member) => queueMicrotask(() => this.#handle(() => goAway(this.#core, member)));
		this.#core.end = () => queueMicrotask(() => ctx.waitUntil(this.destroy()));
		this.#deadlines = new Deadlines(this.#core);
		this.#sweepGhosts();
	}

	// ------------------------------------------------------------ sockets

	override async fetch(request: Request): Promise<Response> {
		const grant = JSON.parse(decodeURIComponent(request.headers.get(GRANT_HEADER) ?? "null")) as
			| Grant
			| LinkGrant
			| null;
		if (grant?.kind === "client") return this.#acceptClient(grant);
		if (grant?.kind === "link") return this.#acceptLink(grant);
		return new Response(null, { status: 404 });
	}

	#acceptClient(grant: Grant): Response {
		const core = this.#core;
		const { 0: client, 1: server } = new WebSocketPair();
		// One that comes back has its media side still. What this changes is written with what follows below: a write
		// here would hold back the answer.
		const dialect = core.dialect(grant.dialect);
		const ahead = core.record && dialect.proven && !grant.returning && expectsNode(core);
		const endpoint = ahead ? openAhead(core, grant)?.id : undefined;
		core.sockets.accept(server, {
			kind: "guest",
			dialect: dialect.name,
			openedAt: Date.now(),
			// These are only for the client, and an attachment is small.
			grant: { ...grant, sessionToken: "", ice: undefined },
			endpoint,
		});
		dialect.greet(core, server, grant);
		// Written and asked for while the client prepares its join, and not before the socket is on its way to it.
		setTimeout(() => {
			this.#handle(() => this.#prepare(server, grant));
			if (grant.ice?.complete === false) this.#completeIceServers(server, grant);
		}, 0);
		const { subprotocol } = dialect;
		const headers: Record<string, string> = subprotocol ? { "Sec-WebSocket-Protocol": subprotocol } : {};
		return new Response(null, { status: 101, webSocket: client, headers });
	}

	/** Gets a node for a room that has none, ahead of the first join. */
	#prepare(ws: WebSocket, grant: Grant): void {
		const core = this.#core;
		const dialect = core.dialect(grant.dialect);
		if (core.sockets.of(ws).kind !== "guest") return;
		dialect.arrive?.(core, ws);
		if (!dialect.proven || (!core.record && !dialect.mayCreate(core))) return;
		core.ensure(grant.room, grant.origin);
		if (expectsNode(core)) wantNode(core, grant.place);
	}

	/** Tells of ICE servers that nobody could tell of without asking, when its first frames are on their way. */
	#completeIceServers(ws: WebSocket, grant: Grant): void {
		const { env } = this.#core;
		const client = { who: [grant.room, grant.claims.sub], place: grant.place };
		const told = iceServersFor(env, client).then((all) => {
			if (all.iceServers.length === grant.ice?.iceServers.length) return;
			this.#core.dialect(grant.dialect).giveIceServers?.(this.#core, ws, all);
		});
		this.ctx.waitUntil(told);
	}

	async #acceptLink(grant: LinkGrant): Promise<Response> {
		const token = await mintLinkToken(this.env, { room: grant.room, node: grant.node, epoch: grant.epoch });
		const { 0: client, 1: server } = new WebSocketPair();
		const taken = this.#handle(() => links.attach(this.#core, server, grant, token));
		if (!taken) {
			const refusal = new SwitchyardError("forbidden", "the assignment is used, revoked or overtaken");
			return Response.json({ error: refusal }, { status: refusal.status });
		}
		return new Response(null, {
			status: 101,
			webSocket: client,
			headers: { "Sec-WebSocket-Protocol": LINK_SUBPROTOCOL },
		});
	}

	override webSocketMessage(ws: WebSocket, data: string | ArrayBuffer): void {
		const core = this.#core;
		const who = core.sockets.of(ws);
		if (who.kind === "done") return;
		core.sockets.heard(ws);
		this.#handle(() => {
			if (who.kind === "link") {
				if (typeof data === "string") links.receive(core, who.epoch, data);
			} else core.dialect(who.dialect).receive(core, ws, data);
		});
	}

	override webSocketClose(ws: WebSocket, code: number): void {
		const who = this.#core.sockets.closed(ws, code);
		this.#handle(() => {
			if (who.kind === "link") links.detach(this.#core, who.epoch);
			else if (who.kind === "member") this.#memberGone(who, code);
		});
	}

	override webSocketError(ws: WebSocket): void {
		this.webSocketClose(ws, CLOSE.internal);
	}

	#memberGone(who: { participant: string; session: string }, code: number): void {
		const core = this.#core;
		const member = core.members.get(who.participant);
		if (!member || core.dialect(member.dialect).socketless) return;
		// Replaced or resumed meanwhile: this socket is not its own any more.
		if (member.session !== who.session || core.socket(member)) return;
		// 1001 is a browser that left the page (RFC 6455 section 7.4.1): nobody will come back for this session.
		if (code === CLOSE.normal || code === CLOSE.goingAway) removeMember(core, member, "left");
		else goAway(core, member);
	}

	/** A socket that does not read what it is sent: its member may come back on another. */
	#cut(ws: WebSocket): void {
		const core = this.#core;
		const who = core.sockets.of(ws);
		core.sockets.close(ws, CLOSE.slowConsumer, "unread messages");
		if (who.kind === "link") links.detach(core, who.epoch);
		else if (who.kind === "member") {
			const member = core.members.get(who.participant);
			if (member?.session === who.session) core.dropped(member);
		}
	}

	/** After an abort or a deploy no close event came for the sockets that are gone. */
	#sweepGhosts(): void {
		const core = this.#core;
		if (!core.record) {
			core.delivery.begin();
			this.#endAfterlife();
			return;
		}
		for (const member of [...core.members.values()]) {
			if (member.state === "joined" && !core.socket(member)) goAway(core, member);
		}
		for (const assignment of core.assignments.values()) {
			// Gone with the object, whatever becomes of them: they get the time that all of them need to come back at once.
			if (assignment.state !== "asked") links.detach(core, assignment.epoch, RETURN_MS);
		}
		sweepAhead(core);
		if (awaitsNode(core)) core.nodeRetry = { at: Date.now(), tries: 0 };
		core.commit();
		core.delivery.begin();
		this.#deadlines.schedule();
	}

	override async alarm(): Promise<void> {
		const over = this.#handle(() => this.#deadlines.run());
		if (over) await this.destroy();
	}

	/** One event of the platform: what it changes is written at its end, and the next deadline set. */
	#handle<T>(work: () => T): T {
		try {
			return work();
		} finally {
			this.#follow();
			this.#core.commit();
			this.#core.delivery.begin();
			this.#deadlines.schedule();
			this.#endAfterlife();
			if (this.#core.record?.listed === false) this.#list(this.#core.record);
		}
	}

	/** What follows from a change, also of one that failed half-way: it is written, and would not be seen as one later. */
	#follow(): void {
		try {
			keepTopology(this.#core);
			continueDrains(this.#core);
			keepRecordings(this.#core);
			tellRecordings(this.#core);
		} catch (error) {
			console.error({ event: "not followed", room: this.#core.record?.name, error: String(error) });
		}
	}

	/** Puts a new room into the directory, off everyone's path; a failure is tried again at the next event. */
	#list(record: RoomRecord): void {
		if (this.#listing) return;
		this.#listing = true;
		const { name, createdAt } = record;
		const listed = listRoom(this.env, { name, createdAt })
			.then(() => {
				record.listed = true;
				if (this.#core.record === record) this.#core.touchRoom();
				this.#core.commit();
			})
			.catch((error: unknown) => console.error({ event: "room not listed", room: name, error: String(error) }))
			.finally(() => {
				this.#listing = false;
			});
		this.ctx.waitUntil(listed);
	}

	// ------------------------------------------------------------ calls from REST

	async create(input: Parameters<RoomRpc["create"]>[0]): Promise<{ room: RoomView; created: boolean }> {
		const created = !this.#core.record;
		return this.#handle(() => {
			this.#core.ensure(input.name, "", input.metadata, input.settings);
			return { room: roomView(this.#core), created };
		});
	}

	async describe(details?: Details): Promise<Result<RoomView>> {
		await this.#prepareFor(details);
		return this.#ask(() => roomView(this.#core, details));
	}

	async destroy(): Promise<Result<null>> {
		const core = this.#core;
		const { record } = core;
		if (!record) return { ok: false, error: new SwitchyardError("not_found", "no such room").toJSON() };
		for (const member of [...core.members.values()]) removeMember(core, member, "roomClosed");
		releaseNodes(core);
		core.closeEverything();
		// Storage first: nobody gets in between while it is emptied, and a room made anew lists itself again.
		if (core.delivery.pending.empty) await this.#erase();
		else {
			// The room is gone, and back ends are still to hear of its end.
			core.store.clearTables();
			core.delivery.begin();
			core.timesChanged = true;
			this.#deadlines.schedule();
		}
		await unlistRoom(this.env, { name: record.name, createdAt: record.createdAt });
		return { ok: true, value: null };
	}

	/** Nothing is left of a room that is gone when its last event is delivered. */
	#endAfterlife(): void {
		const { record, delivery } = this.#core;
		if (record || this.#erasing || !delivery.pending.used || !delivery.pending.empty) return;
		this.#erasing = true;
		// Nobody may make a room of this name in the middle of it.
		void this.ctx.blockConcurrencyWhile(async () => {
			await this.#erase();
			this.#erasing = false;
		});
	}

	async #erase(): Promise<void> {
		await this.ctx.storage.deleteAlarm();
		await this.#core.store.clear();
		this.#deadlines.forget();
	}

	async listParticipants(
		page: { limit: number; cursor?: string } & Details,
	): Promise<Result<{ items: Participant[]; next?: string }>> {
		await this.#prepareFor(page);
		return this.#ask(() => {
			const all = [...this.#core.members.values()].sort((a, b) => a.join - b.join);
			const after = page.cursor === undefined ? 0 : Number(page.cursor);
			if (!Number.isSafeInteger(after)) throw new SwitchyardError("bad_request", "cursor: not one of this list");
			const rest = all.filter((member) => member.join > after);
			const items = rest.slice(0, page.limit);
			const next = rest.length > items.length ? String(items.at(-1)?.join) : undefined;
			return { items: items.map((member) => participantView(this.#core, member, page)), next };
		});
	}

	async getParticipant(id: string, details?: Details): Promise<Result<Participant>> {
		await this.#prepareFor(details);
		return this.#ask(() => participantView(this.#core, mustBeMember(this.#core, id), details));
	}

	async muteParticipant(id: string, tracks?: string[]): Promise<Result<Participant>> {
		return this.#ask(() => {
			const core = this.#core;
			const member = mustBeMember(core, id);
			const own = core.tracksOf(id);
			for (const track of tracks ?? []) {
				if (!own.some(({ info }) => info.id === track))
					throw new SwitchyardError("not_found", `no track ${track} of theirs`);
			}
			for (const track of own) {
				if (tracks ? tracks.includes(track.info.id) : track.info.kind !== "data") setMuted(core, track, true);
			}
			return participantView(core, member);
		});
	}

	async removeParticipant(id: string, reason?: string): Promise<Result<null>> {
		return this.#ask(() => {
			expel(this.#core, mustBeMember(this.#core, id), reason);
			return null;
		});
	}

	async moveParticipant(id: string, to: { room: string; token: string }): Promise<Result<null>> {
		return this.#ask(() => {
			const member = mustBeMember(this.#core, id);
			this.#core.emit({ type: "moved", ...to }, { to: [id] });
			removeMember(this.#core, member, "moved");
			return null;
		});
	}

	async getEffects(id: string): Promise<Result<ParticipantEffects>> {
		return this.#ask(() => effectsView(this.#core, mustBeMember(this.#core, id)));
	}

	async setEffects(id: string, wish: EffectsWish | undefined): Promise<Result<ParticipantEffects>> {
		return this.#ask(() => {
			const member = mustBeMember(this.#core, id);
			setEffects(this.#core, member, wish);
			return effectsView(this.#core, member);
		});
	}

	async controlEffect(id: string, control: EffectControl): Promise<Result<null>> {
		return this.#ask(() => {
			const known = controlEffect(this.#core, mustBeMember(this.#core, id), control);
			if (!known) throw new SwitchyardError("not_found", `no effect of theirs is called ${control.name}`);
			return null;
		});
	}

	async startRecording(wish: Parameters<RoomRpc["startRecording"]>[0]): ReturnType<RoomRpc["startRecording"]> {
		return this.#ask(() => {
			const isNew = !this.#core.recordings.has(wish.id);
			return { recording: startRecording(this.#core, wish), isNew };
		});
	}

	async stopRecording(id: string): Promise<Result<Recording>> {
		return this.#ask(() => stopRecording(this.#core, id));
	}

	async listRecordings(query: RecordingsQuery): Promise<Result<RecordingsPage>> {
		return this.#ask(() => recordingPage(this.#core, query));
	}

	async getRecording(id: string, reader?: ParticipantClaims): Promise<Result<Recording>> {
		return this.#ask(() => {
			if (reader && isRevoked(this.#core, { claims: reader })) throw new SwitchyardError("unauthorized", "revoked");
			return recordingOf(this.#core, id);
		});
	}

	async checkRecordingPart(part: RecordingPart, node: string, paths: string[]): Promise<Result<null>> {
		if (!this.#core.record) return { ok: true, value: null };
		return this.#ask(() => {
			checkPart(this.#core, part, node, paths);
			return null;
		});
	}

	async recordingWritten(report: PartReport): Promise<void> {
		if (this.#core.record) this.#handle(() => onPartReport(this.#core, report));
	}

	async recordingStored(part: RecordingPart, file: RecordedFile): Promise<void> {
		const core = this.#core;
		this.#handle(() => (core.record ? onStored(core, part, file) : onStoredAfterwards(core, part, file)));
	}

	async nodeAvailable(): Promise<void> {
		this.#handle(() => onNodeAvailable(this.#core));
	}

	async nodeFailed({ node, epoch }: { node: string; epoch: number }): Promise<void> {
		this.#handle(() => {
			const assignment = this.#core.assignments.get(String(epoch));
			if (assignment?.node !== node) return;
			giveUp(this.#core, assignment, { code: "node_failed", message: "the media node does not answer" });
		});
	}

	async nodeDraining({ epoch, deadline }: { node: string; epoch: number; deadline: number }): Promise<void> {
		this.#handle(() => beginDrain(this.#core, epoch, deadline));
	}

	async nodeStays({ epoch }: { node: string; epoch: number }): Promise<void> {
		this.#handle(() => cancelDrain(this.#core, epoch));
	}

	async consult(dialect: string, question: unknown): Promise<unknown> {
		return this.#handle(() => this.#core.dialect(dialect).consult?.(this.#core, question));
	}

	/** The caller waits with it, so nothing is left hanging when memory is lost. */
	async #prepareFor({ bitrates }: Details = {}): Promise<void> {
		if (bitrates) await this.#core.bitrates.measure();
	}

	#ask<T>(work: () => T): Result<T> {
		try {
			if (!this.#core.record) throw new SwitchyardError("not_found", "no such room");
			return { ok: true, value: this.#handle(work) };
		} catch (error) {
			const known = SwitchyardError.from(error);
			if (known.code === "internal") console.error({ event: "room call failed", error: String(error) });
			return { ok: false, error: known.toJSON() };
		}
	}
}
