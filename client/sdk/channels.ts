/** Data channels: one way, from whoever opened one to everyone who subscribes, over SCTP. */
import type { types } from "mediasoup-client";
import type { ChannelEvents, ChannelOptions, DataChannel } from "./api.ts";
import { Emitter } from "./emitter.ts";
import { SwitchyardError } from "./error.ts";

type Data = Parameters<DataChannel["send"]>[0];

/** Messages that wait for a channel to open. */
const MOST_WAITING = 1_000;

abstract class Channel implements DataChannel {
	readonly id: string;
	readonly label: string;
	readonly protocol: string;
	abstract readonly writable: boolean;
	state: "connecting" | "open" | "closed" = "connecting";
	onmessage: ((data: string | ArrayBuffer) => void) | undefined;
	protected readonly emitter = new Emitter<ChannelEvents>();

	constructor(id: string, label: string, protocol: string) {
		this.id = id;
		this.label = label;
		this.protocol = protocol;
	}

	on<E extends keyof ChannelEvents>(event: E, listener: (...args: ChannelEvents[E]) => void): () => void {
		return this.emitter.on(event, listener);
	}

	abstract send(data: Data): void;
	abstract close(): void;

	protected opened(): void {
		if (this.state !== "connecting") return;
		this.state = "open";
		this.emitter.emit("open");
	}

	protected ended(): void {
		if (this.state === "closed") return;
		this.state = "closed";
		this.emitter.emit("close");
	}
}

/** One that was opened here. */
export class LocalChannel extends Channel {
	readonly writable = true;
	readonly options: ChannelOptions;
	announced = false;
	#producer: types.DataProducer | undefined;
	#waiting: Data[] = [];
	readonly #onClose: (channel: LocalChannel) => void;

	constructor(id: string, label: string, options: ChannelOptions, onClose: (channel: LocalChannel) => void) {
		super(id, label, options.protocol ?? "");
		this.options = options;
		this.#onClose = onClose;
	}

	send(data: Data): void {
		if (this.state === "closed") throw new SwitchyardError("closed", "the channel is closed");
		if (this.#producer?.readyState === "open") this.#producer.send(data);
		else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(data);
		else throw new SwitchyardError("busy", `${MOST_WAITING} messages wait for the channel to open`);
	}

	sentBy(producer: types.DataProducer): void {
		this.#producer = producer;
		const open = () => {
			for (const data of this.#waiting.splice(0)) producer.send(data);
			this.opened();
		};
		if (producer.readyState === "open") open();
		else producer.on("open", open);
	}

	/** The media side is gone; what is sent now waits for the next. */
	release(): void {
		this.#producer?.close();
		this.#producer = undefined;
		this.announced = false;
	}

	close(): void {
		if (this.state === "closed") return;
		this.#onClose(this);
		this.release();
		this.#waiting = [];
		this.ended();
	}
}

/** One that somebody else opened. */
export class RemoteChannel extends Channel {
	readonly writable = false;
	#consumer: types.DataConsumer | undefined;

	send(): void {
		throw new SwitchyardError("not_supported", "data channels are one way: open one of your own");
	}

	receivedBy(consumer: types.DataConsumer): void {
		this.#consumer = consumer;
		consumer.binaryType = "arraybuffer";
		consumer.on("message", (data: string | ArrayBuffer) => {
			this.onmessage?.(data);
			this.emitter.emit("message", data);
		});
		if (consumer.readyState === "open") this.opened();
		else consumer.on("open", () => this.opened());
	}

	close(): void {
		this.#consumer?.close();
		this.#consumer = undefined;
		this.ended();
	}
}
