/**
 * The client of Odoo's SFU, by its documented interface: the same calls, states, events and errors as the library that
 * Odoo ships, so that a deployment can use either against Switchyard.
 */
import { Device, type types } from "mediasoup-client";
import { Bus, type Message } from "./bus.ts";
import {
	CLIENT_UPDATE,
	type SessionId,
	type SessionInfo,
	SfuClientState,
	STREAM_TYPES,
	type StreamType,
} from "./names.ts";
import type { InitConsumer, InitTransports, ProducerOptions } from "./wire.ts";

type Consumers = Partial<Record<StreamType, types.Consumer>>;

/** Close codes after which there is no coming back. */
const FINAL = { authenticationFailed: 4106, kicked: 4108, full: 4109 } as const;
const DEFAULT_OPTIONS: ProducerOptions = { stopTracks: false, disableTrackOnPause: false, zeroRtpOnPause: true };
/** All in ms. */
const RETRY = { first: 1_000, most: 30_000, factor: 1.5, jitter: 1_000 };
const UPLOAD_RETRY_MS = 1_000;
/** What the former connection carried goes on for this long beside the new one. */
const FORMER_MS = 3_000;
/** The connection is begun anew with the next error. */
const MOST_ERRORS = 6;

export class SfuClient extends EventTarget {
	errors: Error[] = [];
	#state: SfuClientState = SfuClientState.DISCONNECTED;
	#url = "";
	#jwt = "";
	#channelUUID: string | undefined;
	#iceServers: RTCIceServer[] | undefined;
	#ws: WebSocket | undefined;
	#bus: Bus | undefined;
	#device: Device | undefined;
	#options: Record<"audio" | "video", ProducerOptions> = { audio: DEFAULT_OPTIONS, video: DEFAULT_OPTIONS };
	#cts: types.Transport | undefined;
	#stc: types.Transport | undefined;
	readonly #producers = new Map<StreamType, types.Producer>();
	/** Being produced: a second wish for the same type waits for the first. */
	readonly #uploads = new Map<StreamType, Promise<void>>();
	readonly #consumers = new Map<SessionId, Consumers>();
	readonly #retries = new Map<StreamType, ReturnType<typeof setTimeout>>();
	/** Transports of a connection that was lost, which may carry media still. */
	#former: types.Transport[] = [];
	#formerEnd: ReturnType<typeof setTimeout> | undefined;
	#retryMs = RETRY.first;
	/** Counts calls of `connect` and `disconnect`: the latest holds. */
	#wish = 0;
	#reconnect: ReturnType<typeof setTimeout> | undefined;

	get state(): SfuClientState {
		return this.#state;
	}

	/** Resolves when the server has accepted the token. It stays pending when the server does not: watch `stateChange`. */
	async connect(
		url: string,
		jwt: string,
		{ channelUUID, iceServers }: { channelUUID?: string; iceServers?: RTCIceServer[] } = {},
	): Promise<void> {
		this.#url = url.replace(/^http/, "ws");
		this.#jwt = jwt;
		this.#channelUUID = channelUUID;
		this.#iceServers = iceServers;
		const idle: SfuClientState[] = [SfuClientState.CLOSED, SfuClientState.DISCONNECTED, SfuClientState.RECOVERING];
		if (!idle.includes(this.#state)) return;
		this.#retryMs = RETRY.first;
		const wish = ++this.#wish;
		const device = await this._createDevice();
		if (wish !== this.#wish) return;
		this.#device = device;
		await this.#connect();
	}

	/** Leaves, for good. */
	disconnect(): void {
		this.#wish++;
		this.#clear();
		this.errors = [];
		this.#close(1000);
		this.#set(SfuClientState.DISCONNECTED);
	}

	broadcast(message: unknown): void {
		this.#bus?.send({ name: "BROADCAST", payload: message });
	}

	updateInfo(info: SessionInfo, { needRefresh }: { needRefresh?: boolean } = {}): void {
		this.#bus?.send({ name: "C_INFO_CHANGE", payload: { info, needRefresh } });
	}

	/** Sends a track of a type, another one in its place, or (null) nothing for now. What fails is tried again. */
	async updateUpload(type: StreamType, track: MediaStreamTrack | null): Promise<void> {
		if (!STREAM_TYPES.includes(type)) throw new Error(`no stream type ${type}: there are ${STREAM_TYPES.join(", ")}`);
		clearTimeout(this.#retries.get(type));
		await this.#uploads.get(type);
		const bus = this.#bus;
		try {
			await this.#upload(type, track);
		} catch (error) {
			// Of a connection that is gone: on the next one the application uploads again.
			if (!bus || this.#bus !== bus) return;
			const again = setTimeout(() => void this.updateUpload(type, track), UPLOAD_RETRY_MS);
			this.#retries.set(type, again);
			this.#failed(error);
		}
	}

	/** Which streams of a session are received. */
	updateDownload(sessionId: SessionId, states: Partial<Record<StreamType, boolean>>): void {
		const consumers = this.#consumers.get(sessionId);
		if (!consumers) return;
		let changed = false;
		for (const [type, wanted] of Object.entries(states)) {
			const consumer = consumers[type as StreamType];
			if (!consumer || wanted === undefined || consumer.paused === !wanted) continue;
			if (wanted) consumer.resume();
			else consumer.pause();
			changed = true;
		}
		if (changed) this.#bus?.send({ name: "CONSUMPTION_CHANGE", payload: { sessionId, states } });
	}

	async getStats(): Promise<Partial<Record<StreamType | "uploadStats" | "downloadStats", RTCStatsReport>>> {
		const [uploadStats, downloadStats] = await Promise.all([this.#cts?.getStats(), this.#stc?.getStats()]);
		const stats: Partial<Record<StreamType | "uploadStats" | "downloadStats", RTCStatsReport>> = {
			uploadStats,
			downloadStats,
		};
		await Promise.all(
			[...this.#producers].map(async ([type, producer]) => {
				if (!producer.closed) stats[type] = await producer.getStats();
			}),
		);
		return stats;
	}

	/** For tests. */
	async _createDevice(): Promise<Device> {
		return Device.factory();
	}

	/** For tests. */
	_createWebSocket(url: string): WebSocket {
		return new WebSocket(url);
	}

	// ------------------------------------------------------------ connecting

	async #connect(): Promise<void> {
		if (this.#state === SfuClientState.CONNECTED || this.#state === SfuClientState.CONNECTING) return;
		this.#hangUp();
		this.#setAside();
		this.errors = [];
		this.#set(SfuClientState.CONNECTING);
		await this.#open();
	}

	/** Resolves with the first frame, which says that the credentials are good. Stays pending when that never comes. */
	#open(): Promise<void> {
		return new Promise((resolve) => {
			const ws = this._createWebSocket(this.#url);
			this.#ws = ws;
			const current = () => this.#ws === ws;
			ws.addEventListener("open", () => ws.send(JSON.stringify({ channelUUID: this.#channelUUID, jwt: this.#jwt })), {
				once: true,
			});
			ws.addEventListener(
				"message",
				() => {
					if (!current()) return;
					this.#bus = new Bus(ws, {
						message: (message) => this.#message(message),
						request: (message) => this.#request(message),
					});
					this.#set(SfuClientState.AUTHENTICATED);
					resolve();
				},
				{ once: true },
			);
			ws.addEventListener("error", () => current() && this.#recover(), { once: true });
			ws.addEventListener("close", ({ code }) => current() && this.#closed(code), { once: true });
		});
	}

	#closed(code: number): void {
		if (code === FINAL.authenticationFailed || code === FINAL.kicked || code === FINAL.full) {
			this.#clear();
			this.#ws = undefined;
			this.#set(SfuClientState.CLOSED, code === FINAL.full ? "full" : undefined);
			return;
		}
		this.#recover();
	}

	#recover(): void {
		const over: SfuClientState[] = [SfuClientState.CLOSED, SfuClientState.DISCONNECTED];
		if (over.includes(this.#state)) return;
		this.#hangUp();
		this.#close(1011);
		this.#set(SfuClientState.RECOVERING);
		this.#retryMs = Math.min(this.#retryMs * RETRY.factor, RETRY.most) + Math.random() * RETRY.jitter;
		this.#reconnect = setTimeout(() => void this.#connect(), this.#retryMs);
	}

	#failed(error: unknown): void {
		this.errors.push(error instanceof Error ? error : new Error(String(error)));
		if (this.errors.length > MOST_ERRORS) this.#recover();
	}

	/** Everything of one connection. */
	#clear(): void {
		this.#hangUp();
		this.#setAside();
		this.#endFormer();
	}

	/** All but its media: that may flow, wherever the socket went. */
	#hangUp(): void {
		clearTimeout(this.#reconnect);
		for (const timer of this.#retries.values()) clearTimeout(timer);
		this.#retries.clear();
		this.#bus?.close();
		this.#bus = undefined;
	}

	/** Its media is a former connection's from now on. */
	#setAside(): void {
		this.#producers.clear();
		this.#consumers.clear();
		const transports = [this.#cts, this.#stc].filter((it) => it !== undefined);
		this.#cts = undefined;
		this.#stc = undefined;
		if (transports.length === 0) return;
		this.#endFormer();
		this.#former = transports;
	}

	#endFormer(): void {
		clearTimeout(this.#formerEnd);
		for (const transport of this.#former.splice(0)) transport.close();
	}

	#close(code: number): void {
		const ws = this.#ws;
		this.#ws = undefined;
		// A page may only say 1000 or an application's own code.
		ws?.close(code === 1011 ? 1000 : code);
	}

	#set(state: SfuClientState, cause?: string): void {
		if (this.#state === state) return;
		this.#state = state;
		this.dispatchEvent(new CustomEvent("stateChange", { detail: { state, cause } }));
	}

	#update(name: (typeof CLIENT_UPDATE)[keyof typeof CLIENT_UPDATE], payload: unknown): void {
		this.dispatchEvent(new CustomEvent("update", { detail: { name, payload } }));
	}

	// ------------------------------------------------------------ what the server says

	#message({ name, payload }: Message): void {
		switch (name) {
			case "BROADCAST":
				this.#update(CLIENT_UPDATE.BROADCAST, payload);
				return;
			case "S_INFO_CHANGE":
				this.#update(CLIENT_UPDATE.INFO_CHANGE, payload);
				return;
			case "SESSION_LEAVE": {
				const { sessionId } = payload as { sessionId: SessionId };
				const consumers = this.#consumers.get(sessionId);
				this.#consumers.delete(sessionId);
				for (const consumer of Object.values(consumers ?? {})) consumer.close();
				this.#update(CLIENT_UPDATE.DISCONNECT, payload);
				return;
			}
		}
	}

	async #request({ name, payload }: Message): Promise<unknown> {
		switch (name) {
			case "INIT_TRANSPORTS":
				return this.#initTransports(payload as InitTransports);
			case "INIT_CONSUMER":
				return this.#initConsumer(payload as InitConsumer);
			default:
				// PING; and what a later server may ask, which gets an empty answer too.
				return undefined;
		}
	}

	async #initTransports({
		capabilities,
		ctsConfig,
		stcConfig,
		producerOptionsByKind,
	}: InitTransports): Promise<unknown> {
		const device = this.#device;
		if (!device) throw new Error("no device");
		if (producerOptionsByKind) this.#options = producerOptionsByKind;
		if (!device.loaded) await device.load({ routerRtpCapabilities: capabilities });
		this.#stc = device.createRecvTransport({ ...stcConfig, iceServers: this.#iceServers });
		this.#cts = device.createSendTransport({ ...ctsConfig, iceServers: this.#iceServers });
		this.#connectBy(this.#stc, "CONNECT_STC_TRANSPORT");
		this.#connectBy(this.#cts, "CONNECT_CTS_TRANSPORT");
		this.#cts.on("produce", ({ kind, rtpParameters, appData }, done, failed) => {
			const asked = this.#ask({ name: "INIT_PRODUCER", payload: { type: appData.type, kind, rtpParameters } });
			asked.then((answer) => done(answer as { id: string }), failed);
		});
		this.#formerEnd = setTimeout(() => this.#endFormer(), FORMER_MS);
		this.#set(SfuClientState.CONNECTED);
		return device.recvRtpCapabilities;
	}

	#connectBy(transport: types.Transport, name: string): void {
		transport.on("connect", ({ dtlsParameters }, done, failed) => {
			this.#ask({ name, payload: { dtlsParameters } }).then(() => done(), failed);
		});
	}

	#ask(message: Message): Promise<unknown> {
		return this.#bus?.request(message) ?? Promise.reject(new Error("not connected"));
	}

	async #initConsumer({ sessionId, type, active, ...options }: InitConsumer): Promise<void> {
		const stc = this.#stc;
		if (!stc) throw new Error("no transport");
		const consumers = this.#consumers.get(sessionId) ?? {};
		this.#consumers.set(sessionId, consumers);
		consumers[type]?.close();
		const consumer = await stc.consume({ ...options, appData: { sessionId, type } });
		if (this.#consumers.get(sessionId) !== consumers) {
			consumer.close();
			throw new Error("gone meanwhile");
		}
		// Another one of the same stream may have been quicker.
		consumers[type]?.close();
		if (!active) consumer.pause();
		consumers[type] = consumer;
		this.#update(CLIENT_UPDATE.TRACK, { type, sessionId, track: consumer.track, active });
	}

	async #upload(type: StreamType, track: MediaStreamTrack | null): Promise<void> {
		const producer = this.#producers.get(type);
		if (producer) {
			await producer.replaceTrack({ track });
			this.#bus?.send({ name: "PRODUCTION_CHANGE", payload: { type, active: Boolean(track) } });
			return;
		}
		if (!track || !this.#bus) return;
		const produced = this.#produce(type, track).finally(() => this.#uploads.delete(type));
		this.#uploads.set(
			type,
			produced.catch(() => {}),
		);
		await produced;
	}

	async #produce(type: StreamType, track: MediaStreamTrack): Promise<void> {
		const cts = this.#cts;
		// Not there yet: the application uploads when it is.
		if (!cts) return;
		const options = this.#options[track.kind === "audio" ? "audio" : "video"];
		const producer = await cts.produce({ ...options, track, appData: { type } });
		// Of a connection that is gone by now.
		if (this.#cts !== cts) producer.close();
		else this.#producers.set(type, producer);
	}
}
