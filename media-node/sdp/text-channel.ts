/**
 * A data channel for texts between a client and its dialect, opened by the node in the band itself (RFC 8832), so that
 * the browser's `ondatachannel` fires. mediasoup carries messages between producers and consumers of data; the node's
 * own end is a direct transport.
 */
import type { DataConsumer, DataProducer, DirectTransport, Router, WebRtcTransport } from "mediasoup/types";

/** Payload protocol identifiers (RFC 8831 section 8). */
const PPID = { control: 50, text: 51, emptyText: 56 } as const;
const MOST_PER_SECOND = 50;
const MAX_BYTES = 65_536;

export class TextChannel {
	readonly #direct: DirectTransport;
	readonly #producer: DataProducer;
	#second = 0;
	#heard = 0;

	private constructor(direct: DirectTransport, producer: DataProducer) {
		this.#direct = direct;
		this.#producer = producer;
	}

	/** Once the transport's SCTP association is up. Its client's messages go to `onText`; what comes too fast is dropped. */
	static async open(
		router: Router,
		transport: WebRtcTransport,
		label: string,
		onText: (text: string) => void,
	): Promise<TextChannel> {
		const direct = await router.createDirectTransport({ maxSendMessageSize: MAX_BYTES });
		try {
			const producer = await direct.produceData({ label });
			const streamId = await oddStream(transport, producer);
			const incoming = await transport.produceData({ label, sctpStreamParameters: { streamId, ordered: true } });
			const consumer = await direct.consumeData({ dataProducerId: incoming.id });
			const channel = new TextChannel(direct, producer);
			consumer.on("message", (message, ppid) => {
				const empty = ppid === PPID.emptyText;
				if ((ppid === PPID.text || empty) && channel.#mayHear()) onText(empty ? "" : message.toString("utf8"));
			});
			producer.send(openMessage(label), PPID.control);
			return channel;
		} catch (error) {
			direct.close();
			throw error;
		}
	}

	send(text: string): void {
		if (!this.#producer.closed) this.#producer.send(text);
	}

	close(): void {
		this.#direct.close();
	}

	#mayHear(): boolean {
		const second = Math.floor(Date.now() / 1_000);
		if (second !== this.#second) this.#heard = 0;
		this.#second = second;
		return ++this.#heard <= MOST_PER_SECOND;
	}
}

/** Browsers are DTLS clients here and take the even streams for their own channels (RFC 8832 section 6). */
async function oddStream(transport: WebRtcTransport, producer: DataProducer): Promise<number> {
	const even: DataConsumer[] = [];
	for (;;) {
		const consumer = await transport.consumeData({ dataProducerId: producer.id, ordered: true });
		const { streamId = 0 } = consumer.sctpStreamParameters ?? {};
		if (streamId % 2 === 1) {
			for (const it of even) it.close();
			return streamId;
		}
		await consumer.pause();
		even.push(consumer);
	}
}

/** DATA_CHANNEL_OPEN (RFC 8832 section 5.1): reliable and ordered. */
function openMessage(label: string): Buffer {
	const name = Buffer.from(label, "utf8");
	const message = Buffer.alloc(12 + name.length);
	message.writeUInt8(0x03, 0);
	message.writeUInt16BE(name.length, 8);
	name.copy(message, 12);
	return message;
}
