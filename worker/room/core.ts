/**
 * The room: its state and the few primitives that every rule of it is written with. It knows no wire format (that
 * is `dialects/`) and no platform event (that is `room.ts`). Everything here is synchronous, so that two messages
 * never interleave.
 */
import { CLOSE } from "../../shared/close-codes.ts";
import type { ErrorBody } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { LinkCommand } from "../../shared/link.ts";
import type { TrackInfo } from "../../shared/media.ts";
import type { ParticipantInfo, RoomInfo, Snapshot, Topology } from "../../shared/native.ts";
import { TopologySetting } from "../../shared/rest.ts";
import type { Speakers } from "../../shared/speakers.ts";
import type { EndpointStatistics } from "../../shared/statistics.ts";
import { type Dialect, isPersonal } from "../dialects/dialect.ts";
import type { Env } from "../env.ts";
import { Delivery } from "../events/delivery.ts";
import { Bitrates } from "./bitrates.ts";
import { Crowd } from "./crowd.ts";
import { Gather } from "./gather.ts";
import { LastN } from "./last-n.ts";
import { type Audience, isMessage, Outbox, type RoomEvent, type RoomNews, reaches } from "./outbox.ts";
import { Sockets } from "./sockets.ts";
import type {
	Assignment,
	Endpoint,
	Kept,
	KeptFile,
	Mail,
	Member,
	MemberMemory,
	Recorded,
	RoomRecord,
	Track,
} from "./state.ts";
import { Store, type Table } from "./store.ts";

/** Answers kept per member for requests that are sent again. */
const ANSWERS = 64;

export type Answer = { ok: true } | { ok: false; error: ErrorBody };

export class Core {
	readonly ctx: DurableObjectState;
	readonly env: Env;
	readonly limits: Limits;
	readonly store: Store;
	readonly sockets: Sockets;
	readonly outbox = new Outbox();
	readonly gather: Gather;
	readonly crowd: Crowd;
	/** Of events to back ends. */
	readonly delivery: Delivery;

	readonly #record: Table<RoomRecord>;
	readonly members: Table<Member>;
	readonly tracks: Table<Track>;
	/** By id. A member's own is `serving`; others are ahead of a join. */
	readonly endpoints: Table<Endpoint>;
	/** By epoch. */
	readonly assignments: Table<Assignment>;
	/** What waits for members that are away, by session and number. */
	readonly mailbox: Table<Mail>;
	/** Identities that were removed, and when (s): their tokens made by then are void. */
	readonly expelled: Table<number>;
	/** What dialects knew of members whose sockets dropped, by identity, for when they are back. */
	readonly kept: Table<Kept>;
	readonly recordings: Table<Recorded>;
	/** By recording and path. */
	readonly recordingFiles: Table<KeptFile>;

	readonly #memory = new Map<string, MemberMemory>();
	readonly #dialects: ReadonlyMap<string, Dialect>;
	readonly #defaultTopology: TopologySetting;
	/** When to ask Fleet again after it had no node, and how often it had none. Memory only: a lost one asks at once. */
	nodeRetry?: { at: number; tries: number };
	/** When to open again what could not be opened on a node that is there. Memory only, as above. */
	reopenAt?: number;

	/** What nodes measured last of members' endpoints, by endpoint. Memory only. */
	readonly statistics = new Map<string, EndpointStatistics>();
	/** What nodes receive of tracks. */
	readonly bitrates: Bitrates;
	/** Whose cameras go to everybody in large rooms. */
	readonly lastN: LastN;
	/** Pairs of nodes that were told of each other. Memory only: telling them again does no harm. */
	readonly peered = new Set<string>();
	/** Pairs of nodes, by their epochs, that have told that nothing comes from the other. Memory only: they tell again. */
	readonly severed = new Set<string>();
	/** When to part them. */
	severedAt?: number;
	/** Commands to nodes that go out together, by epoch, while that is being done. */
	held?: Map<number, LinkCommand[]>;
	/** Who speaks, by the epoch of the node that hears it. Memory only. */
	readonly speaking = new Map<number, Speakers>();

	/** A deadline may have changed since the alarm was set: every change that is stored may be one. */
	timesChanged = true;
	/** Members whose media path was lost, with when to look whether their socket is half open. */
	readonly suspects = new Map<string, number>();
	/** Runs what follows an await or a timer as an event of its own: its changes are written, and the alarm set anew. */
	settle: (work: () => void) => void = (work) => work();
	/** Does something as an event of its own, when whatever goes on now is finished. */
	later(work: () => void): void {
		queueMicrotask(() => this.settle(work));
	}
	/** A member's socket was cut by the room. Set by the object, so that rules need not know what follows. */
	dropped: (member: Member) => void = () => {};
	/** Deletes the room. Set by the object, as above. */
	end: () => void = () => {};

	constructor(ctx: DurableObjectState, env: Env, limits: Limits, dialects: readonly Dialect[]) {
		this.ctx = ctx;
		this.env = env;
		this.limits = limits;
		this.store = new Store(ctx.storage);
		this.#record = this.store.table("room");
		this.members = this.store.table("participant");
		this.tracks = this.store.table("track");
		this.endpoints = this.store.table("endpoint");
		this.assignments = this.store.table("assignment");
		this.mailbox = this.store.table("mailbox");
		this.expelled = this.store.table("expelled");
		this.kept = this.store.table("kept");
		this.recordings = this.store.table("recording");
		this.recordingFiles = this.store.table("recording_file");
		this.sockets = new Sockets(ctx, limits);
		this.gather = new Gather(this);
		this.crowd = new Crowd(this);
		this.lastN = new LastN(this);
		this.bitrates = new Bitrates(this);
		this.delivery = new Delivery(this);
		this.#defaultTopology = TopologySetting.parse(env.DEFAULT_TOPOLOGY || "sfu");
		this.#dialects = new Map(dialects.map((dialect) => [dialect.name, dialect]));
		this.sockets.heartbeats = (dialect) => this.dialect(dialect).heartbeats;
		this.sockets.closeCode = (dialect, code) => this.dialect(dialect).closeCode?.(code) ?? code;
	}

	// ------------------------------------------------------------ the room itself

	get record(): RoomRecord | undefined {
		return this.#record.get("");
	}

	/** The room's record, made when there is none. */
	ensure(name: string, origin: string, metadata?: unknown, settings: RoomRecord["settings"] = {}): RoomRecord {
		let record = this.record;
		if (!record) {
			const now = Date.now();
			record = {
				name,
				metadata,
				settings,
				createdAt: now,
				origin,
				// Above those of a room that had the name before: nodes remember which they saw last.
				epoch: now,
				serial: 0,
				listed: false,
				emptySince: now,
				topology: (settings.topology ?? this.#defaultTopology) === "sfu" ? "sfu" : "mesh",
			};
			this.#record.set("", record);
		} else if (origin !== "" && record.origin !== origin) {
			record.origin = origin;
			this.touchRoom();
		}
		return record;
	}

	/** The record of a room that exists; only called where it must. */
	get room(): RoomRecord {
		const record = this.record;
		if (!record) throw new Error("the room has no record");
		return record;
	}

	touchRoom(): void {
		this.#record.touch("");
	}

	/** The next number of the room: endpoint ids and joins. */
	serial(): number {
		this.touchRoom();
		return ++this.room.serial;
	}

	get graceMs(): number {
		return this.room.settings.resumeGraceMs ?? this.limits.resumeGraceMs;
	}

	/** The one in force. */
	get topology(): Topology {
		return this.record?.topology ?? "sfu";
	}

	/** What the room's settings ask for. */
	get topologySetting(): TopologySetting {
		return this.record?.settings.topology ?? this.#defaultTopology;
	}

	info(): RoomInfo {
		const { name, metadata, createdAt } = this.room;
		return { name, metadata, topology: this.topology, createdAt };
	}

	participant(member: Member, tracks = this.#liveTracksOf(member.id)): ParticipantInfo {
		return {
			id: member.id,
			join: member.join,
			name: member.name,
			metadata: member.metadata,
			presence: this.memory(member).presence,
			state: member.state,
			joinedAt: member.joinedAt,
			mesh: member.mesh,
			tracks,
		};
	}

	snapshot(): Snapshot {
		return {
			incarnation: this.outbox.incarnation,
			seq: this.outbox.seq,
			room: this.info(),
			participants: this.#participants(),
		};
	}

	/** All of them, in one pass over the tracks: a snapshot of a large room must not look at each track for each. */
	#participants(): ParticipantInfo[] {
		const live = new Map<string, TrackInfo[]>();
		for (const { participant, info, live: isLive } of this.tracks.values()) {
			if (!isLive) continue;
			const of = live.get(participant);
			if (of) of.push(info);
			else live.set(participant, [info]);
		}
		return [...this.members.values()].map((member) => this.participant(member, live.get(member.id) ?? []));
	}

	/** The media side of a participant. */
	serving(participant: string): Endpoint | undefined {
		const id = this.members.get(participant)?.endpoint;
		return id === undefined ? undefined : this.endpoints.get(id);
	}

	#liveTracksOf(participant: string): TrackInfo[] {
		return this.tracksOf(participant).flatMap((track) => (track.live ? [track.info] : []));
	}

	tracksOf(participant: string): Track[] {
		return [...this.tracks.values()].filter((track) => track.participant === participant);
	}

	/** What memory holds of a member; rebuilt from its socket when it was lost. */
	memory(member: Member): MemberMemory {
		let memory = this.#memory.get(member.session);
		if (!memory) {
			const ws = this.sockets.member(member.session);
			const attachment = ws && this.sockets.of(ws);
			memory = {
				presence: attachment?.kind === "member" ? attachment.presence : undefined,
				answers: new Map(),
				lastRequest: 0,
			};
			this.#memory.set(member.session, memory);
		}
		return memory;
	}

	forget(member: Member): void {
		this.#memory.delete(member.session);
	}

	socket(member: Member): WebSocket | undefined {
		return this.sockets.member(member.session);
	}

	dialect(name: string): Dialect {
		const dialect = this.#dialects.get(name);
		if (!dialect) throw new Error(`no dialect named ${name}`);
		return dialect;
	}

	// ------------------------------------------------------------ telling members

	/** Tells members of a change or message, in order, each once; those away find it when they are back. */
	emit(event: RoomEvent, audience: Audience = {}): void {
		const entry = this.outbox.add(event, audience, Date.now());
		if ("to" in audience) this.crowd.flush(audience.to);
		else if (this.crowd.takes(entry)) return;
		else this.crowd.flush();
		for (const member of this.#audience(audience)) {
			const ws = this.socket(member);
			const dialect = this.dialect(member.dialect);
			if (isPersonal(dialect)) dialect.hear(this, member, event);
			else if (ws) {
				this.sockets.send(
					ws,
					this.outbox.frame(entry, member.dialect, (seq, it) => dialect.event(seq, it)),
				);
			} else if (isMessage(event)) this.keep(member, event);
		}
	}

	/** Tells members the latest of something; those away have missed nothing that matters. */
	tell(news: RoomNews, audience: Audience = {}): void {
		const frames = new Map<string, string>();
		for (const member of this.#audience(audience)) {
			const ws = this.socket(member);
			const dialect = this.dialect(member.dialect);
			if (!ws) continue;
			if (isPersonal(dialect)) {
				dialect.news?.(this, member, news);
				continue;
			}
			let frame = frames.get(member.dialect);
			if (frame === undefined) {
				frame = dialect.news(news);
				frames.set(member.dialect, frame);
			}
			this.sockets.send(ws, frame);
		}
	}

	/** Keeps something for a member that is away. One whose mailbox is full is given up, and joins anew. */
	keep(member: Member, mail: Mail): void {
		const keys = this.#mail(member);
		if (keys.length >= this.limits.maxMailbox) {
			member.awayUntil = 0;
			this.members.touch(member.id);
			return;
		}
		const key = `${member.session}/${this.serial()}`;
		keys.push(key);
		this.mailbox.set(key, mail);
	}

	/** Takes what was kept for a member, oldest first. */
	takeMail(member: Member): Mail[] {
		const taken: Mail[] = [];
		for (const key of this.#mail(member)) {
			const mail = this.mailbox.get(key);
			if (mail) taken.push(mail);
			this.mailbox.delete(key);
		}
		this.memory(member).mail = [];
		return taken;
	}

	#mail(member: Member): string[] {
		const memory = this.memory(member);
		memory.mail ??= [...this.mailbox.entries()].flatMap(([key]) => (key.startsWith(`${member.session}/`) ? [key] : []));
		return memory.mail;
	}

	/** Answers a member's request, now or long after it came; a member that is away finds it when it asks again. */
	answer(participant: string, request: number, answer: Answer): void {
		const member = this.members.get(participant);
		if (!member) return;
		const dialect = this.dialect(member.dialect);
		if (isPersonal(dialect)) {
			dialect.answered(this, member, request, answer);
			return;
		}
		const frame = dialect.answer(request, answer);
		const { answers } = this.memory(member);
		answers.set(request, frame);
		if (answers.size > ANSWERS) {
			for (const oldest of answers.keys()) {
				answers.delete(oldest);
				break;
			}
		}
		const ws = this.socket(member);
		if (ws) this.sockets.send(ws, frame);
	}

	/** Presence outlives memory in the socket's attachment; it is too frequent for storage. */
	setPresence(member: Member, presence: unknown): void {
		this.memory(member).presence = presence;
		const ws = this.socket(member);
		if (ws) {
			const attachment = this.sockets.of(ws);
			if (attachment.kind === "member") this.sockets.attach(ws, { ...attachment, presence });
		}
	}

	/** Writes what changed; everything was sent before (see Store). At the end of each event only. */
	commit(): void {
		if (this.store.commit()) this.timesChanged = true;
	}

	closeEverything(): void {
		for (const ws of this.sockets.all()) {
			this.sockets.close(ws, this.sockets.of(ws).kind === "link" ? CLOSE.released : CLOSE.roomClosed);
		}
		this.#memory.clear();
		this.gather.clear();
		this.crowd.clear();
		this.nodeRetry = undefined;
		// Ids of another room of the name begin where those of this one did.
		this.statistics.clear();
		this.suspects.clear();
	}

	*#audience(audience: Audience): Iterable<Member> {
		if ("to" in audience) {
			for (const id of audience.to) {
				const member = this.members.get(id);
				if (member) yield member;
			}
		} else {
			for (const member of this.members.values()) if (reaches(audience, member.id)) yield member;
		}
	}
}
