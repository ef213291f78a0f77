/** A session of an Odoo channel without a browser. It comes back by itself as the stock client does, and uploads again. */
import type { SessionInfo } from "../../../client/odoo/names.ts";
import { type Announced, OdooConnection, type StreamType } from "./odoo-connection.ts";
import type { Received, SenderOptions } from "./peer.ts";

/** After these the stock client does not come back. */
const FINAL: readonly number[] = [4106, 4108, 4109];
/** Its first retry, ms. */
const RETRY = { least: 1_500, jitter: 1_000 };

export class OdooBot {
	readonly session: number;
	readonly #url: string;
	readonly #credentials: { channelUUID: string; jwt: string };
	#connection!: OdooConnection;
	#over = false;
	#upload: { options?: SenderOptions } | undefined;
	/** Of every connection it had that is closed, the code. */
	readonly codes: number[] = [];
	/** What it was told, in order. */
	readonly told: { name: string; payload: unknown }[] = [];
	/** By session, the latest. */
	readonly infos: Record<string, SessionInfo> = {};
	/** Consumers it has taken, in order. */
	readonly taken: Announced[] = [];
	/** By producer. */
	readonly received = new Map<string, Received>();
	/** Producers of each stream. */
	readonly #producers = new Map<string, Set<string>>();
	readonly #waiting: { test: () => boolean; resolve: () => void }[] = [];

	constructor(url: string, channelUUID: string, session: number, jwt: string) {
		this.session = session;
		this.#url = url;
		this.#credentials = { channelUUID, jwt };
		this.#connect();
	}

	/** In the channel, with transports. */
	async connected(): Promise<this> {
		await this.#connection.connected;
		return this;
	}

	/** That of the connection it has now. */
	get authenticated(): Promise<void> {
		return this.#connection.authenticated;
	}
	get closed(): Promise<number> {
		return this.#connection.closed;
	}

	/** Uploads until it leaves, on this connection and those that follow. */
	upload(options?: SenderOptions): Promise<void> {
		this.#upload = { options };
		return this.#connection.upload(options);
	}

	tell(name: string, payload?: unknown): void {
		this.#connection.tell(name, payload);
	}

	/** Packets of another session's stream that came so far, whatever producers it had. */
	packets(session: number | string, type: StreamType): number {
		let packets = 0;
		for (const id of this.#producers.get(`${session}/${type}`) ?? []) packets += this.received.get(id)?.packets ?? 0;
		return packets;
	}

	/** Resolves when a test passes that packets, messages, consumers or a lost connection can change. */
	until(test: () => boolean): Promise<void> {
		if (test()) return Promise.resolve();
		return new Promise((resolve) => this.#waiting.push({ test, resolve }));
	}

	leave(): void {
		this.#over = true;
		this.#connection.close();
	}

	#connect(): void {
		const connection = new OdooConnection(`o${this.session}`, this.#url, this.#credentials, this.received, {
			told: (name, payload) => {
				this.told.push({ name, payload });
				if (name === "S_INFO_CHANGE") Object.assign(this.infos, payload);
				this.#check();
			},
			taken: (consumer) => {
				this.taken.push(consumer);
				const stream = `${consumer.sessionId}/${consumer.type}`;
				this.#producers.set(stream, (this.#producers.get(stream) ?? new Set()).add(consumer.producerId));
				this.#check();
			},
			packet: () => this.#check(),
		});
		this.#connection = connection;
		void connection.closed.then((code) => {
			this.codes.push(code);
			this.#check();
			if (this.#over || FINAL.includes(code)) return;
			setTimeout(() => void this.#again(), RETRY.least + Math.random() * RETRY.jitter);
		});
	}

	async #again(): Promise<void> {
		if (this.#over) return;
		this.#connect();
		const connection = this.#connection;
		if (!this.#upload) return;
		await connection.connected;
		// Lost again: the next one uploads.
		await connection.upload(this.#upload.options).catch(() => {});
	}

	#check(): void {
		for (let i = this.#waiting.length - 1; i >= 0; i--) {
			if (this.#waiting[i]?.test()) this.#waiting.splice(i, 1)[0]?.resolve();
		}
	}
}
