/** Data channels: one way, from whoever opened one to everyone who subscribes, over SCTP. */
import type { types } from "mediasoup-client";
import type { ChannelEvents, ChannelOptions, DataChannel } from "./api.ts";
import { Emitter } from "./emitter.ts";
import { SwitchyardError } from "./error.ts";
import { Outlet } from "./mesh/outlet.ts";

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
	/** To each participant, where it goes directly. */
	readonly #outlets = new Set<Outlet>();
	#direct = false;
	#waiting: Data[] = [];
	readonly #onClose: (channel: LocalChannel) => void;

	constructor(id: string, label: string, options: ChannelOptions, onClose: (channel: LocalChannel) => void) {
		super(id, label, options.protocol ?? "");
		this.options = options;
		this.#onClose = onClose;
	}

	send(data: Data): void {
		if (this.state === "closed") throw new SwitchyardError("closed", "the channel is closed");
		const producer = this.#producer?.readyState === "open" ? this.#producer : undefined;
		// Each way is left when the next one is open, so that nothing comes by both.
		if (producer && !(this.#direct && [...this.#outlets].every(({ open }) => open))) producer.send(data);
		else if (this.#direct || this.#outlets.size > 0) for (const outlet of this.#outlets) outlet.send(data);
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

	/** The room is a mesh, which knows of it: it is open to whoever is there. */
	goDirect(direct: boolean): void {
		this.#direct = direct;
		if (!direct) return;
		this.opened();
		// By then everybody there has an outlet, with what has waited.
		queueMicrotask(() => {
			if (this.#direct) this.#waiting = [];
		});
	}

	/** Opens it to one participant. */
	openTo(connection: RTCPeerConnection): RTCDataChannel {
		const { ordered, maxRetransmits, maxPacketLifeTime } = this.options;
		// Labelled with the id: the track's own label is in what the room tells of it.
		const channel = connection.createDataChannel(this.id, {
			ordered,
			maxRetransmits,
			maxPacketLifeTime,
			protocol: this.protocol,
		});
		const outlet = new Outlet(channel, this.#waiting);
		this.#outlets.add(outlet);
		channel.addEventListener("close", () => this.#outlets.delete(outlet));
		return channel;
	}

	/** A media side has it. */
	get sent(): boolean {
		return this.#producer !== undefined;
	}

	get direct(): boolean {
		return this.#direct;
	}

	/** No media side has it: it goes directly. */
	leaveSide(): void {
		this.#producer?.close();
		this.#producer = undefined;
	}

	/** The media side is gone; what is sent now waits for the next. */
	release(): void {
		this.leaveSide();
		this.announced = false;
	}

	close(): void {
		if (this.state === "closed") return;
		this.#onClose(this);
		this.release();
		for (const { channel } of this.#outlets) channel.close();
		this.#waiting = [];
		this.ended();
	}
}

/** One that somebody else opened. */
export class RemoteChannel extends Channel {
	readonly writable = false;
	#consumer: types.DataConsumer | undefined;
	readonly #direct = new Set<RTCDataChannel>();

	send(): void {
		throw new SwitchyardError("not_supported", "data channels are one way: open one of your own");
	}

	receivedBy(consumer: types.DataConsumer): void {
		if (consumer === this.#consumer) return;
		this.#consumer = consumer;
		consumer.binaryType = "arraybuffer";
		consumer.on("message", (data: string | ArrayBuffer) => this.#heard(data));
		if (consumer.readyState === "open") this.opened();
		else consumer.on("open", () => this.opened());
	}

	receivedDirectly(channel: RTCDataChannel): void {
		if (this.#direct.has(channel)) return;
		this.#direct.add(channel);
		channel.binaryType = "arraybuffer";
		channel.addEventListener("message", ({ data }) => this.#heard(data as string | ArrayBuffer));
		channel.addEventListener("close", () => this.#direct.delete(channel));
		if (channel.readyState === "open") this.opened();
		else channel.addEventListener("open", () => this.opened());
	}

	close(): void {
		this.#consumer?.close();
		this.#consumer = undefined;
		for (const channel of this.#direct) channel.close();
		this.ended();
	}

	#heard(data: string | ArrayBuffer): void {
		if (this.state === "closed") return;
		this.onmessage?.(data);
		this.emitter.emit("message", data);
	}
}
