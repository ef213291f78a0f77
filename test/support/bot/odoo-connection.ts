/** One socket of an Odoo SFU client, written from the protocol, with its two transports: real ICE, DTLS, SRTP and RTP. */
import WebSocket from "ws";
import type { RtpParameters, TransportParameters } from "../../../shared/media.ts";
import { ROUTER_CAPABILITIES } from "../../../shared/router-capabilities.ts";
import { type Received, Receiver, Sender, type SenderOptions } from "./peer.ts";

export type StreamType = "audio" | "camera" | "screen";

interface Envelope {
	message?: { name?: string; payload?: unknown };
	needResponse?: string;
	responseTo?: string;
}
interface Init {
	ctsConfig: TransportParameters;
	stcConfig: TransportParameters;
}
/** What INIT_CONSUMER tells. */
export interface Announced {
	id: string;
	kind: "audio" | "video";
	producerId: string;
	rtpParameters: RtpParameters;
	sessionId: number | string;
	active: boolean;
	type: StreamType;
}

export interface ConnectionHandlers {
	/** A plain message. */
	told(name: string, payload: unknown): void;
	/** Taken, and answered. */
	taken(consumer: Announced): void;
	packet(): void;
}

const ANSWER_MS = 5_000;

export class OdooConnection {
	readonly ws: WebSocket;
	/** The close code. */
	readonly closed: Promise<number>;
	/** The empty frame came. */
	readonly authenticated: Promise<void>;
	/** INIT_TRANSPORTS came and is answered. */
	readonly connected: Promise<void>;
	readonly #name: string;
	readonly #handlers: ConnectionHandlers;
	readonly #answers = new Map<string, (message: unknown) => void>();
	#requests = 0;
	#authenticated!: () => void;
	#connected!: () => void;
	#init: Init | undefined;
	readonly #receiver: Receiver;
	#receives = false;
	#sender: Sender | undefined;
	/** One negotiation at a time, of all that a frame announces. */
	#negotiation = Promise.resolve();

	constructor(
		name: string,
		url: string,
		credentials: { channelUUID: string; jwt: string },
		received: Map<string, Received>,
		handlers: ConnectionHandlers,
	) {
		this.#name = name;
		this.#handlers = handlers;
		this.#receiver = new Receiver(`${name}-stc`, received);
		this.#receiver.onPacket = () => handlers.packet();
		this.authenticated = new Promise((resolve) => {
			this.#authenticated = resolve;
		});
		this.connected = new Promise((resolve) => {
			this.#connected = resolve;
		});
		// Locally, workerd leaves the connection open for ten seconds after both sides have said Close.
		const options: WebSocket.ClientOptions & { closeTimeout: number } = { perMessageDeflate: false, closeTimeout: 200 };
		this.ws = new WebSocket(url.replace(/^http/, "ws"), options);
		this.closed = new Promise((resolve) => this.ws.once("close", resolve));
		// Refused upgrades and lost sockets close as well.
		this.ws.on("error", () => {});
		this.ws.once("open", () => this.ws.send(JSON.stringify(credentials)));
		this.ws.on("message", (data: Buffer) => this.#receive(data.toString()));
		void this.closed.then(() => this.#end());
	}

	tell(name: string, payload?: unknown): void {
		this.#put({ message: { name, payload } });
	}

	/** The answer's content; rejects when there is none in time. */
	ask(name: string, payload: unknown): Promise<unknown> {
		const id = `s_0_${this.#requests++}`;
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`${this.#name}: no answer to ${name}`)), ANSWER_MS);
			this.#answers.set(id, (message) => {
				clearTimeout(timer);
				resolve(message);
			});
			void this.closed.then(() => clearTimeout(timer));
			this.#put({ message: { name, payload }, needResponse: id });
		});
	}

	/** Uploads sound and camera, or either, and sends until it ends. */
	async upload(options?: SenderOptions): Promise<void> {
		if (!this.#init) throw new Error("not connected");
		const sender = new Sender(`${this.#name}-cts`, options);
		this.#sender = sender;
		const dtlsParameters = { role: "client", fingerprints: [await sender.fingerprint()] };
		await this.ask("CONNECT_CTS_TRANSPORT", { dtlsParameters });
		const opened = sender.connect(this.#init.ctsConfig);
		// It may be closed before that is waited for.
		opened.catch(() => {});
		for (const { kind, rtpParameters } of sender.tracks) {
			await this.ask("INIT_PRODUCER", { type: kind === "audio" ? "audio" : "camera", kind, rtpParameters });
		}
		await opened;
		sender.start();
	}

	close(code = 1000): void {
		this.ws.close(code);
	}

	#end(): void {
		this.#receiver.close();
		this.#sender?.close();
	}

	#put(...envelopes: Envelope[]): void {
		if (this.ws.readyState === WebSocket.OPEN) this.ws.send(JSON.stringify(envelopes));
	}

	#receive(text: string): void {
		if (text === "") return this.#authenticated();
		const announced: { id: string; consumer: Announced }[] = [];
		for (const { message, needResponse: id, responseTo } of JSON.parse(text) as Envelope[]) {
			if (responseTo !== undefined) {
				this.#answers.get(responseTo)?.(message);
				this.#answers.delete(responseTo);
			} else if (message?.name === "INIT_TRANSPORTS") {
				this.#init = message.payload as Init;
				this.#put({ message: ROUTER_CAPABILITIES as unknown as Envelope["message"], responseTo: id });
				this.#connected();
			} else if (message?.name === "INIT_CONSUMER") {
				announced.push({ id: id ?? "", consumer: message.payload as Announced });
			} else if (id !== undefined) this.#put({ responseTo: id });
			else if (message?.name) this.#handlers.told(message.name, message.payload);
		}
		if (announced.length > 0) this.#negotiation = this.#negotiation.then(() => this.#take(announced));
	}

	async #take(announced: readonly { id: string; consumer: Announced }[]): Promise<void> {
		if (!this.#init || this.ws.readyState !== WebSocket.OPEN) return;
		for (const { consumer } of announced) {
			const { id, kind, rtpParameters, producerId, sessionId } = consumer;
			this.#receiver.add({ id, kind, rtpParameters, track: producerId, participant: String(sessionId) });
		}
		const fingerprint = await this.#receiver.negotiate(this.#init.stcConfig);
		if (!this.#receives) {
			this.#receives = true;
			await this.ask("CONNECT_STC_TRANSPORT", { dtlsParameters: { role: "client", fingerprints: [fingerprint] } });
		}
		this.#put(...announced.map(({ id }) => ({ responseTo: id })));
		for (const { consumer } of announced) this.#handlers.taken(consumer);
	}
}
