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
import { DirectMedia } from "./direct-media.ts";
import { Emitter } from "./emitter.ts";
import { SwitchyardError } from "./error.ts";
import { IceServerList } from "./ice-servers.ts";
import { Latest } from "./latest.ts";
import { LocalParticipantImpl } from "./local-participant.ts";
import { MediaSides } from "./media-sides.ts";
import { watchNetwork } from "./network.ts";
import type { RemoteParticipantImpl } from "./participants.ts";
import { Publisher } from "./publisher.ts";
import { Receiver } from "./receiver.ts";
import { wholeList } from "./recording-list.ts";
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
	readonly #publisher: Publisher | undefined;
	readonly #receiver: Receiver | undefined;
	readonly #sides: MediaSides | undefined;
	readonly #direct: DirectMedia | undefined;
	readonly #presence: Latest<unknown>;
	readonly #stats: RoomStatsReader;
	readonly #unwatch: () => void;
	#state: RoomState = "reconnecting";
	#mediaState: MediaState = "new";
	readonly #ice: IceServerList;
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
				muted: (track) => this.#roster.tellMuted(track, this.me),
				directChanged: () => this.#direct?.sync(),
			});
			this.#receiver = new Receiver({
				publication: (track) => this.#roster.publications.get(track),
				join: (participant) => this.#model.participants.get(participant)?.join ?? 0,
				trackPort: (track) => ({
					adaptive: options.adaptive ?? true,
					choose: (choice) => {
						const chosen = this.#subscriptions.choose(track, choice);
						if (choice.paused !== undefined) this.#direct?.sync();
						return chosen;
					},
					keyFrame: () => this.#do("keyFrame", { track }),
				}),
				subscribed: (track) => this.#emitter.emit("trackSubscribed", track, track.participant),
				unsubscribed: (track) => this.#emitter.emit("trackUnsubscribed", track, track.participant),
				channel: (channel, publication) => this.#emitter.emit("channel", channel, publication.participant),
				cameDirectly: () => this.#direct?.tellReady(),
			});
			this.#sides = new MediaSides(this.#publisher, this.#receiver, {
				request: (type, body) => this.#signal.request(type, body),
				stateChanged: (state) => this.#setMediaState(this.#direct?.active ? this.#bestState() : state),
				carried: () => this.#direct?.done(),
				pathLost: () => this.#ice.doubt(),
				nodeChanged: (node) => {
					this.#stats.restart();
					this.#emitter.emit("nodeChanged", node);
				},
			});
		}
		this.#roster = new Roster(new LocalParticipantImpl(this.#publisher), this.#emitter, {
			wants: (track) => this.#subscriptions.wants(track),
			choose: (track, on) => this.#chooseTrack(track, on),
			published: ({ id }) => this.#receiver?.bind(id),
			unpublished: (publication) => {
				this.#receiver?.end(publication.id, publication);
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
		this.#stats = new RoomStatsReader({
			roster: this.#roster,
			receiver: this.#receiver,
			endpoint: () => this.#sides?.current,
			peers: () => this.#direct?.peers ?? [],
		});
		if (options.mesh ?? true) this.#direct = this.#makeDirect();
		this.#ice = new IceServerList(() => this.#signal.get("ice-servers"));
		this.#presence = new Latest((presence) => this.#signal.request("presence", { presence }));
		this.#signal = parts.signal({
			joined: (whole, how, welcome) => this.#joined(whole, how, welcome),
			resumed: (whole) => this.#resumed(whole),
			greeted: ({ iceServers, iceServersExpireAt }) => {
				if (device) this.#ice.set({ iceServers, expiresAt: iceServersExpireAt });
			},
			event: (event) => this.#event(event),
			news: (news) => this.#news(news),
			reconnecting: () => this.#setState("reconnecting"),
			closed: (reason, code, error) => this.#closed(reason, code, error),
		});
		this.#unwatch = watchNetwork((anew) => {
			this.#signal.check(anew);
			this.#sides?.current?.check(anew);
			this.#direct?.check(anew);
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
		return this.#sides?.current?.node;
	}

	on<E extends keyof RoomEvents>(event: E, listener: (...args: RoomEvents[E]) => void): () => void {
		return this.#emitter.on(event, listener);
	}

	/** What to join with, now: a later session begins with what was set meanwhile. */
	async joinBody(welcome: Welcome): Promise<RequestInput<"join">> {
		const { name, metadata, presence } = this.me;
		this.#device = await this.#parts.device;
		if (this.#device && this.#parts.options.iceTransportPolicy === "relay") await this.#ice.requireRelays();
		const media = await this.#device?.joinParameters(welcome);
		return {
			...media,
			data: media !== undefined,
			mesh: media !== undefined && this.#direct !== undefined,
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
		this.#direct?.sync();
	}

	openChannel(label: string, options: ChannelOptions = {}): DataChannel {
		if (!this.#publisher) throw new SwitchyardError("not_supported", "connected without media");
		if (!this.me.rights.publish.includes("data")) throw new SwitchyardError("forbidden", "no right to publish data");
		return this.#publisher.openChannel(label, options);
	}

	stats(): Promise<RoomStats> {
		return this.#stats.read();
	}

	async leave(): Promise<void> {
		// Told first, so that the room hears of the leaving and not of every track.
		const left = this.#signal.leave();
		this.#direct?.close();
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
		this.me.id = welcome.participant;
		this.me.rights = welcome.rights;
		// The room of the former session has let go of its media side.
		if (how !== "first") this.#endMedia();
		this.#takeWhole(whole, how === "moved" ? "moved" : "left");
		this.#direct?.turn();
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
			this.#direct?.tellAgain();
			this.#direct?.turn();
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
				this.#openEndpoint(event);
				return;
			case "endpointLost":
				if (this.#direct && (this.topology === "mesh" || this.#direct.active)) {
					this.#sides?.leave(event.endpoint);
					this.#setMediaState(this.#bestState());
					if (this.#direct.active || this.topology === "mesh") return;
				} else this.#sides?.lost(event.endpoint);
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
			case "effects":
				this.#onceHeard(() => this.#emitter.emit("effectsChanged", event.state, event.error));
				return;
			case "signal":
				this.#direct?.signalled(event);
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
				this.#direct?.turn();
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
					this.#publisher?.tracks.get(track)?.applyDemand(layer);
				return;
			case "layers":
				this.#roster.layers(news);
				return;
			case "quality":
				this.#roster.quality(news);
				return;
			case "iceServers":
				if (this.#sides) this.#ice.set(news);
				return;
			default:
				news satisfies never;
		}
	}

	/** Of own tracks the room tells only what this participant did not do itself. */
	#ownTrack(event: EventOf<"trackUpdated"> | EventOf<"trackPublished"> | EventOf<"trackUnpublished">): void {
		if (event.type === "trackUpdated" && event.muted) this.#mutedByOther(event.track);
		else if (event.type === "trackUnpublished") this.#publisher?.lost(event.track);
	}

	#mutedByOther(id: string): void {
		const track = this.#publisher?.tracks.get(id);
		if (track && !track.muting && track.applyMuted(true)) this.#roster.tellMuted(track, this.me);
	}

	async #chooseTrack(track: string, on: boolean): Promise<void> {
		await this.#subscriptions.choose(track, { on });
		// Its event may have been lost with the memory of a room; the answer is as good.
		if (!on && !this.#subscriptions.wants(track)) this.#receiver?.end(track);
		else this.#receiver?.bind(track);
		this.#direct?.sync();
	}

	#closed(reason: CloseReason, code: number, error: SwitchyardError): void {
		this.#unwatch();
		this.#ice.close();
		this.#subscriptions.close();
		this.#endMedia();
		this.#publisher?.stopAll();
		for (const publication of this.#roster.publications.values()) this.#receiver?.end(publication.id, publication);
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
		const iceServers = () => this.#ice.servers;
		// The node before is about to go, and its TURN server with it.
		if (event.former !== undefined) this.#ice.doubt();
		this.#sides?.open(event, { device, iceServers, iceTransportPolicy }, this.#direct?.active ?? false);
		this.#direct?.tellReady();
	}

	/** None for a participant without media. */
	#makeDirect(): DirectMedia | undefined {
		const [publisher, receiver, sides] = [this.#publisher, this.#receiver, this.#sides];
		if (!publisher || !receiver || !sides) return undefined;
		return new DirectMedia({
			model: this.#model,
			roster: this.#roster,
			subscriptions: this.#subscriptions,
			...{ publisher, receiver, sides },
			configuration: () => ({
				iceServers: this.#ice.servers,
				iceTransportPolicy: this.#parts.options.iceTransportPolicy,
			}),
			pathLost: () => this.#ice.doubt(),
			signal: (to, signal) => this.#signal.request("signal", { to, signal }),
			ready: (endpoint) => void this.#do("meshReady", { endpoint }).catch(() => {}),
			failed: () => void this.#do("meshFailed", {}).catch(() => {}),
			connected: () => this.#state === "connected",
			stateChanged: () => this.#setMediaState(this.#bestState()),
		});
	}

	/** While media turns from one way to another, the better of the two. */
	#bestState(): MediaState {
		const states = [this.#sides?.current?.state, this.#direct?.active ? this.#direct.state : undefined];
		const best = (["connected", "connecting", "disconnected"] as const).find((state) => states.includes(state));
		return best ?? "new";
	}

	#endMedia(): void {
		this.#direct?.end();
		this.#sides?.moveTo(undefined);
		if (this.#mediaState !== "new") this.#setMediaState("disconnected");
	}

	// ------------------------------------------------------------ small things

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
