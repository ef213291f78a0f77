/** The room as the application holds it: what the connection tells, put on participants, tracks and media. */
import type {
	ChannelOptions,
	CloseReason,
	ConnectOptions,
	DataChannel,
	EffectControl,
	Effects,
	LeaveReason,
	MediaState,
	Node,
	Recording,
	RecordingDetails,
	RecordingOptions,
	Room,
	RoomEvents,
	RoomState,
	RoomStats,
	SubscribeDefault,
	Topology,
} from "./api.ts";
import type { MediaDevice } from "./device.ts";
import { Emitter } from "./emitter.ts";
import { SwitchyardError } from "./error.ts";
import { Latest } from "./latest.ts";
import { LocalParticipantImpl } from "./local-participant.ts";
import { watchNetwork } from "./network.ts";
import type { RemoteParticipantImpl } from "./participants.ts";
import { Publisher } from "./publisher.ts";
import { wholeList } from "./recording-list.ts";
import { RoomMedia } from "./room-media.ts";
import { RoomStatsReader } from "./room-stats.ts";
import { Roster } from "./roster.ts";
import type { SignalConnection, SignalHandlers } from "./signal.ts";
import { RoomStateModel } from "./state.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { EventFrame, EventOf, RequestInput, VolatileFrame, Welcome, Whole } from "./wire.ts";

export interface RoomParts {
	options: ConnectOptions;
	/** None: signaling only. */
	device: Promise<MediaDevice> | undefined;
	/** Made with this room's handlers. */
	signal: (handlers: SignalHandlers) => SignalConnection;
	/** In the room for the first time, or never. */
	settled: (error?: SwitchyardError) => void;
}

export class RoomImpl implements Room {
	readonly #roster: Roster;
	readonly #emitter = new Emitter<RoomEvents>();
	readonly #model = new RoomStateModel();
	readonly #parts: RoomParts;
	readonly #signal: SignalConnection;
	readonly #subscriptions: Subscriptions;
	/** None: signaling only. */
	readonly #media: RoomMedia | undefined;
	readonly #presence: Latest<unknown>;
	readonly #stats: RoomStatsReader;
	readonly #unwatch: () => void;
	#state: RoomState = "reconnecting";
	#mediaState: MediaState = "new";
	#settled = false;
	/** What came before whoever called `connect` could listen; messages are not found in any state later. */
	#early: (() => void)[] | undefined = [];

	constructor(parts: RoomParts) {
		this.#parts = parts;
		const { options, device } = parts;
		const publisher =
			device &&
			new Publisher({
				request: (type, body) => this.#signal.request(type, body),
				published: (track) => this.#emitter.emit("localTrackPublished", track),
				unpublished: (track) => this.#emitter.emit("localTrackUnpublished", track),
				muted: (track) => this.#roster.tellMuted(track, this.me),
				directChanged: () => this.#media?.sync(),
			});
		this.#roster = new Roster(new LocalParticipantImpl(publisher), this.#emitter, {
			wants: (track) => this.#subscriptions.wants(track),
			choose: (track, on) => this.#chooseTrack(track, on),
			published: ({ id }) => this.#media?.receiver.bind(id),
			unpublished: (publication) => {
				this.#media?.receiver.end(publication.id, publication);
				this.#subscriptions.forget(publication.id);
			},
			mutedByOther: (track) => this.#mutedByOther(track),
		});
		Object.assign(this.me, { name: options.name, metadata: options.metadata, presence: options.presence });
		this.#subscriptions = new Subscriptions(
			options.subscribe ?? "all",
			(body) => this.#signal.request("subscribe", body),
			(track) => this.#roster.publications.has(track),
		);
		if (device && publisher) {
			this.#media = new RoomMedia({
				...{ options, device, publisher, roster: this.#roster, model: this.#model },
				...{ subscriptions: this.#subscriptions, emitter: this.#emitter },
				signal: () => this.#signal,
				connected: () => this.#state === "connected",
				stateChanged: (state) => this.#setMediaState(state),
				nodeChanged: (node) => {
					this.#stats.restart();
					this.#emitter.emit("nodeChanged", node);
				},
			});
		}
		this.#stats = new RoomStatsReader({
			roster: this.#roster,
			receiver: this.#media?.receiver,
			endpoint: () => this.#media?.side,
			peers: () => this.#media?.peers ?? [],
		});
		this.#presence = new Latest((presence) => this.#signal.request("presence", { presence }));
		this.#signal = parts.signal({
			joined: (whole, how, welcome) => this.#joined(whole, how, welcome),
			resumed: (whole) => this.#resumed(whole),
			greeted: ({ iceServers, iceServersExpireAt }) =>
				this.#media?.setIceServers({ iceServers, expiresAt: iceServersExpireAt }),
			event: (event) => this.#event(event),
			news: (news) => this.#news(news),
			reconnecting: () => this.#setState("reconnecting"),
			closed: (reason, code, error) => this.#closed(reason, code, error),
		});
		this.#unwatch = watchNetwork((anew) => {
			this.#signal.check(anew);
			this.#media?.check(anew);
		});
		this.#signal.start();
	}

	get me(): LocalParticipantImpl {
		return this.#roster.me;
	}
	get participants(): ReadonlyMap<string, RemoteParticipantImpl> {
		return this.#roster.participants;
	}
	get name(): string {
		return this.#signal.room;
	}
	get metadata(): unknown {
		return this.#model.metadata;
	}
	get state(): RoomState {
		return this.#state;
	}
	get mediaState(): MediaState {
		return this.#mediaState;
	}
	get topology(): Topology {
		return this.#model.topology;
	}
	get recordings(): ReadonlyMap<string, Recording> {
		return this.#model.recordings;
	}
	get node(): Node | undefined {
		return this.#media?.side?.node;
	}

	on<E extends keyof RoomEvents>(event: E, listener: (...args: RoomEvents[E]) => void): () => void {
		return this.#emitter.on(event, listener);
	}

	/** What to join with, now: a later session begins with what was set meanwhile. */
	async joinBody(welcome: Welcome): Promise<RequestInput<"join">> {
		const { name, metadata, presence } = this.me;
		const media = await this.#media?.joinParameters(welcome);
		return {
			...media,
			data: media !== undefined,
			mesh: media !== undefined && this.#media?.meshes === true,
			mixed: this.#parts.options.mixed,
			subscribe: this.#subscriptions.default,
			name,
			metadata,
			presence,
			client: `switchyard-js ${globalThis.navigator?.userAgent ?? ""}`.slice(0, 256),
		};
	}

	// ------------------------------------------------------------ what the application asks

	send(payload: unknown, { to, topic }: { to?: string[]; topic?: string } = {}): Promise<void> {
		return this.#do("message", { payload: payload ?? null, to, topic });
	}

	setPresence(value: unknown): Promise<void> {
		this.me.presence = value;
		return this.#presence.set(value ?? null);
	}

	async update({ name, metadata }: { name?: string; metadata?: unknown }): Promise<void> {
		await this.#do("update", { name, metadata });
		if (name !== undefined) this.me.name = name;
		if (metadata !== undefined) this.me.metadata = metadata;
	}

	updateRoom(metadata: unknown): Promise<void> {
		return this.#do("updateRoom", { metadata: metadata ?? null });
	}

	mute(_participant: string, track: string): Promise<void> {
		return this.#do("mute", { track, muted: true });
	}

	remove(participant: string, reason?: string): Promise<void> {
		return this.#do("remove", { participant, reason });
	}

	move(participant: string, room: string): Promise<void> {
		return this.#do("move", { participant, room });
	}

	setEffects(effects: Effects): Promise<void> {
		return this.#do("effects", effects);
	}

	controlEffect(control: EffectControl): Promise<void> {
		return this.#do("controlEffect", control);
	}

	async startRecording({ id = crypto.randomUUID(), ...options }: RecordingOptions = {}): Promise<string> {
		await this.#do("startRecording", { recording: id, ...options });
		return id;
	}

	stopRecording(id: string): Promise<void> {
		return this.#do("stopRecording", { recording: id });
	}

	listRecordings(recording?: string): Promise<RecordingDetails[]> {
		return wholeList(async (cursor) => {
			const reply = await this.#signal.request("listRecordings", { recording, cursor });
			return reply.type === "recordings" ? reply : { recordings: [] };
		});
	}

	async readRecording(id: string, file = 0): Promise<Blob> {
		// Neither name has anything that a path would have to encode.
		return (await this.#signal.fetch(`rooms/${this.name}/recordings/${id}/files/${file}`)).blob();
	}

	async setSubscribeDefault(value: SubscribeDefault): Promise<void> {
		this.#subscriptions.default = value;
		await this.#do("subscribe", { default: value });
		this.#media?.sync();
	}

	openChannel(label: string, options: ChannelOptions = {}): DataChannel {
		if (!this.#media) throw new SwitchyardError("not_supported", "connected without media");
		if (!this.me.rights.publish.includes("data")) throw new SwitchyardError("forbidden", "no right to publish data");
		return this.#media.publisher.openChannel(label, options);
	}

	stats(): Promise<RoomStats> {
		return this.#stats.read();
	}

	async leave(): Promise<void> {
		// Told first, so that the room hears of the leaving and not of every track.
		const left = this.#signal.leave();
		this.#media?.leave();
		await left;
	}

	/** Before it was ever in the room. */
	abandon(error: SwitchyardError): void {
		this.#signal.abandon(error);
	}

	// ------------------------------------------------------------ what the connection tells

	#joined(whole: Whole, how: "first" | "anew" | "moved", welcome: Welcome): void {
		this.me.id = welcome.participant;
		this.me.rights = welcome.rights;
		// The room of the former session has let go of its media side.
		if (how !== "first") this.#endMedia();
		this.#takeWhole(whole, how === "moved" ? "moved" : "left");
		this.#media?.turn();
		if (how === "anew") this.#subscriptions.repeat();
		this.#setState("connected");
		if (how === "moved") this.#emitter.emit("moved", this.name);
		if (how === "first") this.#settle();
	}

	#resumed(whole: Whole | undefined): void {
		if (whole) {
			const presence = this.me.presence;
			this.#takeWhole(whole, "left");
			// Never stored: a room that was restarted has lost it.
			const known = this.#model.participants.get(this.me.id)?.presence;
			if (presence !== undefined && known === undefined) this.setPresence(presence).catch(() => {});
			// What it was told before it may have forgotten, and this side may have missed what followed.
			this.#media?.tellAgain();
			this.#media?.turn();
		}
		this.#setState("connected");
	}

	#takeWhole(whole: Whole, gone: LeaveReason): void {
		const changes = this.#model.replace(whole, gone);
		const own = this.#model.participants.get(this.me.id);
		this.me.name = own?.name;
		this.me.metadata = own?.metadata;
		this.me.presence = own?.presence ?? this.me.presence;
		for (const change of changes) this.#roster.change(change);
	}

	#event(event: EventFrame): void {
		switch (event.type) {
			case "message":
				this.#onceHeard(() =>
					this.#emitter.emit("message", {
						from: this.participants.get(event.from) ?? event.from,
						topic: event.topic,
						payload: event.payload,
					}),
				);
				return;
			case "endpoint":
				this.#media?.open(event);
				return;
			case "endpointLost":
				if (this.#media?.lost(event.endpoint) === false) return;
				this.#setMediaState("disconnected");
				this.#onceHeard(() => this.#emitter.emit("mediaUnavailable", event.reason));
				return;
			case "ice":
				this.#media?.restarted(event);
				return;
			case "subscribed":
				this.#media?.receiver.subscribed(event.endpoint, event.consumers);
				return;
			case "unsubscribed":
				this.#media?.unsubscribed(event);
				return;
			case "subscriptionFailed":
				console.warn(`switchyard: track ${event.track} cannot be received: ${event.error.message}`);
				return;
			case "effects":
				this.#onceHeard(() => this.#emitter.emit("effectsChanged", event.state, event.error));
				return;
			case "signal":
				this.#media?.signalled(event);
				return;
			// The connection itself handles these two.
			case "moved":
			case "removed":
				return;
			case "participantJoined":
			case "participantUpdated":
			case "participantLeft":
			case "trackPublished":
			case "trackUpdated":
			case "trackUnpublished":
			case "roomUpdated":
			case "topologyChanged":
			case "recordingChanged":
				if ("track" in event && event.participant === this.me.id) this.#ownTrack(event);
				for (const change of this.#model.apply(event)) this.#roster.change(change);
				if (event.type === "participantUpdated" || event.type === "roomUpdated") return;
				if (event.type === "recordingChanged") return;
				this.#media?.turn();
				return;
			default:
				event satisfies never;
		}
	}

	#news(news: VolatileFrame): void {
		switch (news.type) {
			case "presence":
				for (const change of this.#model.apply(news)) this.#roster.change(change);
				return;
			case "speakers":
				this.#roster.speakers(news);
				return;
			case "demand":
				for (const [track, layer] of Object.entries(news.demand))
					this.#media?.publisher.tracks.get(track)?.applyDemand(layer);
				return;
			case "layers":
				this.#roster.layers(news);
				return;
			case "quality":
				this.#roster.quality(news);
				return;
			case "iceServers":
				this.#media?.setIceServers(news);
				return;
			default:
				news satisfies never;
		}
	}

	/** Of own tracks the room tells only what this participant did not do itself. */
	#ownTrack(event: EventOf<"trackUpdated"> | EventOf<"trackPublished"> | EventOf<"trackUnpublished">): void {
		if (event.type === "trackUpdated" && event.muted) this.#mutedByOther(event.track);
		else if (event.type === "trackUnpublished") this.#media?.publisher.lost(event.track);
	}

	#mutedByOther(id: string): void {
		const track = this.#media?.publisher.tracks.get(id);
		if (track && !track.muting && track.applyMuted(true)) this.#roster.tellMuted(track, this.me);
	}

	async #chooseTrack(track: string, on: boolean): Promise<void> {
		await this.#subscriptions.choose(track, { on });
		// Its event may have been lost with the memory of a room; the answer is as good.
		if (!on && !this.#subscriptions.wants(track)) this.#media?.receiver.end(track);
		else this.#media?.receiver.bind(track);
		this.#media?.sync();
	}

	#closed(reason: CloseReason, code: number, error: SwitchyardError): void {
		this.#unwatch();
		this.#subscriptions.close();
		this.#endMedia();
		this.#media?.close();
		this.#setMediaState("disconnected");
		this.#setState("closed");
		if (this.#settled) this.#emitter.emit("closed", { reason, code });
		this.#settle(error);
	}

	// ------------------------------------------------------------ small things

	#endMedia(): void {
		this.#media?.end();
		if (this.#mediaState !== "new") this.#setMediaState("disconnected");
	}

	async #do<T extends Parameters<SignalConnection["request"]>[0]>(type: T, body: RequestInput<T>): Promise<void> {
		await this.#signal.request(type, body);
	}

	#setState(state: RoomState): void {
		if (this.#state === state) return;
		this.#state = state;
		if (this.#settled) this.#emitter.emit("stateChanged", state);
	}

	#setMediaState(state: MediaState): void {
		if (this.#mediaState === state) return;
		this.#mediaState = state;
		this.#emitter.emit("mediaStateChanged", state);
	}

	#onceHeard(tell: () => void): void {
		if (this.#early) this.#early.push(tell);
		else tell();
	}

	#settle(error?: SwitchyardError): void {
		if (this.#settled) return;
		this.#settled = true;
		this.#parts.settled(error);
		setTimeout(() => {
			const early = this.#early ?? [];
			this.#early = undefined;
			for (const tell of early) tell();
		}, 0);
	}
}
