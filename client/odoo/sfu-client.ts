/**
 * The client of Odoo's SFU, by its documented interface: the same calls, states, events and errors as the library that
 * Odoo ships, so that a deployment can use either against Switchyard.
 */
import { Device, type types } from "mediasoup-client";
import { Bus, type Message } from "./bus.ts";

export const SfuClientState = Object.freeze({
	DISCONNECTED: "disconnected",
	CONNECTING: "connecting",
	AUTHENTICATED: "authenticated",
	CONNECTED: "connected",
	RECOVERING: "recovering",
	CLOSED: "closed",
} as const);
export type SfuClientState = (typeof SfuClientState)[keyof typeof SfuClientState];
export { SfuClientState as SFU_CLIENT_STATE };

export const CLIENT_UPDATE = Object.freeze({
	BROADCAST: "broadcast",
	DISCONNECT: "disconnect",
	INFO_CHANGE: "info_change",
	TRACK: "track",
} as const);

const STREAM_TYPES = ["audio", "camera", "screen"] as const;
export type StreamType = (typeof STREAM_TYPES)[number];
export type SessionId = string | number;

export interface SessionInfo {
	isTalking?: boolean;
	isCameraOn?: boolean;
	isScreenSharingOn?: boolean;
	isSelfMuted?: boolean;
	isDeaf?: boolean;
	isRaisingHand?: boolean;
}

type ProducerOptions = Partial<types.ProducerOptions>;
type Consumers = Partial<Record<StreamType, types.Consumer>>;

interface TransportConfig {
	id: string;
	iceParameters: types.IceParameters;
	iceCandidates: types.IceCandidate[];
	dtlsParameters: types.DtlsParameters;
}
interface InitTransports {
	capabilities: Parameters<Device["load"]>[0]["routerRtpCapabilities"];
	ctsConfig: TransportConfig;
	stcConfig: TransportConfig;
	producerOptionsByKind?: Record<"audio" | "video", ProducerOptions>;
}
interface InitConsumer {
	id: string;
	kind: types.MediaKind;
	producerId: string;
	rtpParameters: types.RtpParameters;
	sessionId: SessionId;
	active: boolean;
	type: StreamType;
}

/** Close codes after which there is no coming back. */
const FINAL = { authenticationFailed: 4106, kicked: 4108, full: 4109 } as const;
const DEFAULT_OPTIONS: ProducerOptions = { stopTracks: false, disableTrackOnPause: false, zeroRtpOnPause: true };
/** All in ms. */
const RETRY = { first: 1_000, most: 30_000, factor: 1.5, jitter: 1_000 };
const UPLOAD_RETRY_MS = 1_000;
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
	#retryMs = RETRY.first;
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
		this.#device = await this._createDevice();
		await this.#connect();
	}

	/** Leaves, for good. */
	disconnect(): void {
		this.#clear();
		this.#close(1000);
		this.#set(SfuClientState.DISCONNECTED);
	}

	broadcast(message: unknown): void {
		this.#bus?.send({ name: "BROADCAST", payload: message });
	}

	updateInfo(info: SessionInfo, { needRefresh }: { needRefresh?: boolean } = {}): void {
		this.#bus?.send({ name: "C_INFO_CHANGE", payload: { info, needRefresh } });
	}

	/** Sends a track of a type, another one in its place, or (null) nothing for now. */
	async updateUpload(type: StreamType, track: MediaStreamTrack | null): Promise<void> {
		if (!STREAM_TYPES.includes(type)) throw new Error(`no stream type ${type}: there are ${STREAM_TYPES.join(", ")}`);
		clearTimeout(this.#retries.get(type));
		await this.#uploads.get(type);
		const producer = this.#producers.get(type);
		if (producer) {
			await producer.replaceTrack({ track });
			this.#bus?.send({ name: "PRODUCTION_CHANGE", payload: { type, active: Boolean(track) } });
			return;
		}
		if (!track || !this.#cts) return;
		const upload = this.#produce(type, track).finally(() => this.#uploads.delete(type));
		this.#uploads.set(
			type,
			upload.catch(() => {}),
		);
		try {
			await upload;
		} catch (error) {
			this.#failed(error);
			this.#retries.set(
				type,
				setTimeout(() => void this.updateUpload(type, track), UPLOAD_RETRY_MS),
			);
		}
	}

	/** Which streams of a session are received. */
	updateDownload(sessionId: SessionId, states: Partial<Record<StreamType, boolean>>): void {
		const consumers = this.#consumers.get(sessionId);
		if (!consumers) return;
		let changed = false;
		for (const [type, wanted] of Object.entries(states)) {
			const consumer = consumers[type as StreamType];
			if (!consumer || consumer.paused === !wanted) continue;
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
				stats[type] = await producer.getStats();
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
		this.#clear();
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
		this.#clear();
		this.#close(1011);
		this.#set(SfuClientState.RECOVERING);
		clearTimeout(this.#reconnect);
		this.#retryMs = Math.min(this.#retryMs * RETRY.factor, RETRY.most) + Math.random() * RETRY.jitter;
		this.#reconnect = setTimeout(() => void this.#connect(), this.#retryMs);
	}

	#failed(error: unknown): void {
		this.errors.push(error instanceof Error ? error : new Error(String(error)));
		if (this.errors.length > MOST_ERRORS) this.#recover();
	}

	/** Everything of one connection. */
	#clear(): void {
		clearTimeout(this.#reconnect);
		for (const timer of this.#retries.values()) clearTimeout(timer);
		this.#retries.clear();
		this.errors = [];
		this.#bus?.close();
		this.#bus = undefined;
		this.#producers.clear();
		this.#consumers.clear();
		this.#cts?.close();
		this.#stc?.close();
		this.#cts = undefined;
		this.#stc = undefined;
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
		if (!this.#stc) throw new Error("no transport");
		const consumers = this.#consumers.get(sessionId) ?? {};
		this.#consumers.set(sessionId, consumers);
		consumers[type]?.close();
		const consumer = await this.#stc.consume({ ...options, appData: { sessionId, type } });
		if (!active) consumer.pause();
		consumers[type] = consumer;
		this.#update(CLIENT_UPDATE.TRACK, { type, sessionId, track: consumer.track, active });
	}

	async #produce(type: StreamType, track: MediaStreamTrack): Promise<void> {
		if (!this.#cts) throw new Error("no transport");
		const options = this.#options[track.kind === "audio" ? "audio" : "video"];
		const cts = this.#cts;
		const producer = await cts.produce({ ...options, track, appData: { type } });
		// Of a connection that is gone by now.
		if (this.#cts !== cts) producer.close();
		else this.#producers.set(type, producer);
	}
}
