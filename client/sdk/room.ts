/** The room as the application holds it: what the connection tells, put on participants, tracks and media. */
import type {
	ChannelOptions,
	CloseReason,
	ConnectOptions,
	DataChannel,
	LeaveReason,
	MediaState,
	Node,
	Participant,
	Room,
	RoomEvents,
	RoomState,
	RoomStats,
	SubscribeDefault,
} from "./api.ts";
import type { MediaDevice } from "./device.ts";
import { Emitter } from "./emitter.ts";
import { SwitchyardError } from "./error.ts";
import { Latest } from "./latest.ts";
import { LocalParticipantImpl } from "./local-participant.ts";
import type { LocalTrackImpl } from "./local-track.ts";
import { MediaSides } from "./media-sides.ts";
import { watchNetwork } from "./network.ts";
import { PublicationImpl, RemoteParticipantImpl, SILENCE, type Signs } from "./participants.ts";
import { Publisher } from "./publisher.ts";
import { Receiver } from "./receiver.ts";
import type { SignalConnection, SignalHandlers } from "./signal.ts";
import { type Change, RoomStateModel } from "./state.ts";
import { type Before, normalize, type StatsTrack } from "./stats.ts";
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
	readonly me: LocalParticipantImpl;
	readonly participants = new Map<string, RemoteParticipantImpl>();
	readonly #publications = new Map<string, PublicationImpl>();
	readonly #emitter = new Emitter<RoomEvents>();
	readonly #model = new RoomStateModel();
	readonly #parts: RoomParts;
	readonly #signal: SignalConnection;
	readonly #subscriptions: Subscriptions;
	readonly #publisher: Publisher | undefined;
	readonly #receiver: Receiver | undefined;
	readonly #sides: MediaSides | undefined;
	readonly #presence: Latest<unknown>;
	readonly #statsBefore: Before = new Map();
	readonly #unwatch: () => void;
	#state: RoomState = "reconnecting";
	#mediaState: MediaState = "new";
	#welcome: Welcome | undefined;
	/** Ready before the first join. */
	#device: MediaDevice | undefined;
	#settled = false;
	/** What came before whoever called `connect` could listen; messages are not found in any state later. */
	#early: (() => void)[] | undefined = [];

	constructor(parts: RoomParts) {
		this.#parts = parts;
		const { options, device } = parts;
		if (device) {
			this.#publisher = new Publisher({
				request: (type, body) => this.#signal.request(type, body),
				published: (track) => this.#emitter.emit("localTrackPublished", track),
				unpublished: (track) => this.#emitter.emit("localTrackUnpublished", track),
				muted: (track) => this.#tellMuted(track, this.me),
			});
			this.#receiver = new Receiver({
				publication: (track) => this.#publications.get(track),
				join: (participant) => this.#model.participants.get(participant)?.join ?? 0,
				trackPort: (track) => ({
					adaptive: options.adaptive ?? true,
					choose: (choice) => this.#subscriptions.choose(track, choice),
					keyFrame: () => this.#do("keyFrame", { track }),
				}),
				subscribed: (track) => this.#emitter.emit("trackSubscribed", track, track.participant),
				unsubscribed: (track) => this.#emitter.emit("trackUnsubscribed", track, track.participant),
				channel: (channel, publication) => this.#emitter.emit("channel", channel, publication.participant),
			});
			this.#sides = new MediaSides(this.#publisher, this.#receiver, {
				request: (type, body) => this.#signal.request(type, body),
				stateChanged: (state) => this.#setMediaState(state),
				nodeChanged: (node) => {
					this.#statsBefore.clear();
					this.#emitter.emit("nodeChanged", node);
				},
			});
		}
		this.me = new LocalParticipantImpl(this.#publisher);
		Object.assign(this.me, { name: options.name, metadata: options.metadata, presence: options.presence });
		this.#subscriptions = new Subscriptions(
			options.subscribe ?? "all",
			(body) => this.#signal.request("subscribe", body),
			(track) => this.#publications.has(track),
		);
		this.#presence = new Latest((presence) => this.#signal.request("presence", { presence }));
		this.#signal = parts.signal({
			joined: (whole, how, welcome) => this.#joined(whole, how, welcome),
			resumed: (whole) => this.#resumed(whole),
			event: (event) => this.#event(event),
			news: (news) => this.#news(news),
			reconnecting: () => this.#setState("reconnecting"),
			closed: (reason, code, error) => this.#closed(reason, code, error),
		});
		this.#unwatch = watchNetwork(() => {
			this.#signal.check();
			this.#sides?.current?.check();
		});
		this.#signal.start();
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
	get node(): Node | undefined {
		return this.#sides?.current?.node;
	}

	on<E extends keyof RoomEvents>(event: E, listener: (...args: RoomEvents[E]) => void): () => void {
		return this.#emitter.on(event, listener);
	}

	/** What to join with, now: a later session begins with what was set meanwhile. */
	async joinBody(welcome: Welcome): Promise<RequestInput<"join">> {
		const { name, metadata, presence } = this.me;
		this.#device = await this.#parts.device;
		const media = await this.#device?.joinParameters(welcome);
		return {
			...media,
			data: media !== undefined,
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

	async setSubscribeDefault(value: SubscribeDefault): Promise<void> {
		this.#subscriptions.default = value;
		await this.#do("subscribe", { default: value });
	}

	openChannel(label: string, options: ChannelOptions = {}): DataChannel {
		if (!this.#publisher) throw new SwitchyardError("not_supported", "connected without media");
		if (!this.me.rights.publish.includes("data")) throw new SwitchyardError("forbidden", "no right to publish data");
		return this.#publisher.openChannel(label, options);
	}

	async stats(): Promise<RoomStats> {
		const endpoint = this.#sides?.current;
		const [send, recv] = await Promise.all([endpoint?.send?.getStats(), endpoint?.recv?.getStats()]);
		return normalize(
			send && { report: send.values(), tracks: this.#sentTracks() },
			recv && { report: recv.values(), tracks: this.#receivedTracks() },
			this.#statsBefore,
		);
	}

	async leave(): Promise<void> {
		// Told first, so that the room hears of the leaving and not of every track.
		const left = this.#signal.leave();
		this.#sides?.moveTo(undefined);
		this.#publisher?.stopAll();
		await left;
	}

	/** Before it was ever in the room. */
	abandon(error: SwitchyardError): void {
		this.#signal.abandon(error);
	}

	// ------------------------------------------------------------ what the connection tells

	#joined(whole: Whole, how: "first" | "anew" | "moved", welcome: Welcome): void {
		this.#welcome = welcome;
		this.me.id = welcome.participant;
		this.me.rights = welcome.rights;
		// The room of the former session has let go of its media side.
		if (how !== "first") this.#endMedia();
		this.#takeWhole(whole, how === "moved" ? "moved" : "left");
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
		}
		this.#setState("connected");
	}

	#takeWhole(whole: Whole, gone: LeaveReason): void {
		const changes = this.#model.replace(whole, gone);
		const own = this.#model.participants.get(this.me.id);
		this.me.name = own?.name;
		this.me.metadata = own?.metadata;
		this.me.presence = own?.presence ?? this.me.presence;
		for (const change of changes) this.#change(change);
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
				this.#openEndpoint(event);
				return;
			case "endpointLost":
				this.#sides?.lost(event.endpoint);
				if (this.#sides?.current) return;
				this.#setMediaState("disconnected");
				this.#onceHeard(() => this.#emitter.emit("mediaUnavailable", event.reason));
				return;
			case "ice":
				this.#sides
					?.get(event.endpoint)
					?.onIce(event)
					.catch(() => {});
				return;
			case "subscribed":
				this.#receiver?.subscribed(event.endpoint, event.consumers);
				return;
			case "unsubscribed":
				if (event.endpoint === this.#sides?.current?.id) for (const track of event.tracks) this.#receiver?.end(track);
				return;
			case "subscriptionFailed":
				console.warn(`switchyard: track ${event.track} cannot be received: ${event.error.message}`);
				return;
			// Mesh is not spoken by this SDK yet; the connection itself handles the other two.
			case "signal":
			case "topologyChanged":
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
				if ("track" in event && event.participant === this.me.id) this.#ownTrack(event);
				for (const change of this.#model.apply(event)) this.#change(change);
				return;
			default:
				event satisfies never;
		}
	}

	#news(news: VolatileFrame): void {
		switch (news.type) {
			case "presence":
				for (const change of this.#model.apply(news)) this.#change(change);
				return;
			case "speakers":
				this.#speakers(news);
				return;
			case "demand":
				for (const [track, layer] of Object.entries(news.demand))
					this.#publisher?.tracks.get(track)?.applyDemand(layer);
				return;
			case "layers":
				for (const [track, layer] of Object.entries(news.layers)) {
					this.#publications.get(track)?.received?.setLayer(layer);
				}
				return;
			case "quality":
				for (const [id, score] of Object.entries(news.quality)) {
					const participant = this.#participant(id);
					if (!participant || participant.quality === score) continue;
					participant.quality = score;
					this.#emitter.emit("qualityChanged", participant, score);
				}
				return;
			default:
				news satisfies never;
		}
	}

	/** Puts one change of the state on the objects that the application holds, and tells it. */
	#change(change: Change): void {
		if (change.type === "roomUpdated") {
			this.#emitter.emit("roomUpdated", change.metadata);
			return;
		}
		const { id } = change.participant;
		if (id === this.me.id) {
			this.#ownChange(change);
			return;
		}
		if (change.type === "participantJoined") {
			const joined = new RemoteParticipantImpl(change.participant);
			this.participants.set(id, joined);
			this.#emitter.emit("participantJoined", joined);
			return;
		}
		const participant = this.participants.get(id);
		if (!participant) return;
		switch (change.type) {
			case "participantUpdated":
				this.#emitter.emit("participantUpdated", participant);
				return;
			case "participantLeft":
				this.participants.delete(id);
				this.#emitter.emit("participantLeft", participant, change.reason);
				return;
			case "presenceChanged":
				this.#emitter.emit("presenceChanged", participant);
				return;
			case "trackPublished": {
				const publication = new PublicationImpl(participant, change.track, {
					wants: (track) => this.#subscriptions.wants(track),
					choose: (track, choice) => this.#chooseTrack(track, choice.on),
				});
				participant.tracks.set(publication.id, publication);
				this.#publications.set(publication.id, publication);
				this.#emitter.emit("trackPublished", publication, participant);
				this.#receiver?.bind(publication.id);
				return;
			}
			case "trackUnpublished": {
				const publication = participant.tracks.get(change.track.id);
				if (!publication) return;
				this.#receiver?.end(publication.id, publication);
				participant.tracks.delete(publication.id);
				this.#publications.delete(publication.id);
				this.#subscriptions.forget(publication.id);
				this.#emitter.emit("trackUnpublished", publication, participant);
				return;
			}
			case "trackMuted": {
				const publication = participant.tracks.get(change.track.id);
				if (publication) this.#tellMuted(publication, participant);
				return;
			}
			default:
				change satisfies never;
		}
	}

	/** What the room says of this participant itself, after it had forgotten what it said before. */
	#ownChange(change: Change): void {
		if (change.type === "trackMuted" || change.type === "trackPublished") {
			if (change.track.muted) this.#mutedByOther(change.track.id);
		} else if (change.type === "participantUpdated") {
			this.me.name = change.participant.name;
			this.me.metadata = change.participant.metadata;
		}
	}

	/** Of own tracks the room tells only what this participant did not do itself. */
	#ownTrack(event: EventOf<"trackUpdated"> | EventOf<"trackPublished"> | EventOf<"trackUnpublished">): void {
		if (event.type === "trackUpdated" && event.muted) this.#mutedByOther(event.track);
		else if (event.type === "trackUnpublished") this.#publisher?.lost(event.track);
	}

	#mutedByOther(id: string): void {
		const track = this.#publisher?.tracks.get(id);
		if (track && !track.muting && track.applyMuted(true)) this.#tellMuted(track, this.me);
	}

	async #chooseTrack(track: string, on: boolean): Promise<void> {
		await this.#subscriptions.choose(track, { on });
		// Its event may have been lost with the memory of a room; the answer is as good.
		if (!on && !this.#subscriptions.wants(track)) this.#receiver?.end(track);
	}

	#speakers({ speakers, dominant }: Extract<VolatileFrame, { type: "speakers" }>): void {
		for (const signs of [this.me, ...this.participants.values()] as Signs[]) {
			signs.speaking = false;
			signs.audioLevel = SILENCE;
		}
		const known = speakers.flatMap(({ participant: id, track, volume }) => {
			const participant = this.#participant(id);
			if (!participant) return [];
			participant.speaking = true;
			participant.audioLevel = Math.max(participant.audioLevel, volume);
			return [{ participant, track: this.#publications.get(track) ?? this.me.tracks.get(track), volume }];
		});
		this.#emitter.emit("speakersChanged", known, dominant === undefined ? undefined : this.#participant(dominant));
	}

	#closed(reason: CloseReason, code: number, error: SwitchyardError): void {
		this.#unwatch();
		this.#subscriptions.close();
		this.#endMedia();
		this.#publisher?.stopAll();
		for (const publication of this.#publications.values()) this.#receiver?.end(publication.id, publication);
		this.#setMediaState("disconnected");
		this.#setState("closed");
		if (this.#settled) this.#emitter.emit("closed", { reason, code });
		this.#settle(error);
	}

	// ------------------------------------------------------------ media

	#openEndpoint(event: EventOf<"endpoint">): void {
		const device = this.#device;
		const { iceTransportPolicy } = this.#parts.options;
		if (!device) return;
		this.#sides?.open(event, { device, iceServers: this.#welcome?.iceServers ?? [], iceTransportPolicy });
	}

	#endMedia(): void {
		this.#sides?.moveTo(undefined);
		if (this.#mediaState !== "new") this.#setMediaState("disconnected");
	}

	#sentTracks(): StatsTrack[] {
		return [...this.me.tracks.values()].flatMap(({ id, source, kind, producer }) => {
			const mid = producer?.rtpParameters.mid;
			return mid === undefined ? [] : [{ mid, track: id, participant: this.me.id, source, kind }];
		});
	}

	#receivedTracks(): StatsTrack[] {
		return (this.#receiver?.consumers() ?? []).flatMap(([id, { localId: mid }]) => {
			const publication = this.#publications.get(id);
			const received = publication?.received;
			if (!publication || !received) return [];
			const { source, participant } = publication;
			const layer = received.currentLayer ?? undefined;
			return [{ mid, track: id, participant: participant.id, source, kind: received.kind, layer }];
		});
	}

	// ------------------------------------------------------------ small things

	async #do<T extends Parameters<SignalConnection["request"]>[0]>(type: T, body: RequestInput<T>): Promise<void> {
		await this.#signal.request(type, body);
	}

	#participant(id: string): (Participant & Signs) | undefined {
		return id === this.me.id ? this.me : this.participants.get(id);
	}

	#tellMuted(track: PublicationImpl | LocalTrackImpl, participant: Participant): void {
		this.#emitter.emit(track.muted ? "trackMuted" : "trackUnmuted", track, participant);
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
