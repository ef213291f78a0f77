/** A consumer of one share of the feed. */
import { EVENTS_SUBPROTOCOL, type FeedFrame } from "../../../shared/events.ts";
import { feedAt } from "../../../worker/events/feed/locate.ts";
import { fetchEdge, testEnv } from "../../edge/support/client.ts";
import { TestSocket } from "../../edge/support/socket.ts";

type Frame<T extends FeedFrame["type"]> = Extract<FeedFrame, { type: T }>;

export function dial(query: string, headers: Record<string, string> = {}): Promise<Response> {
	return fetchEdge(`/v1/events/connect?${query}`, {
		headers: {
			Upgrade: "websocket",
			"Sec-WebSocket-Protocol": EVENTS_SUBPROTOCOL,
			Authorization: `Bearer ${testEnv.AUTH_KEY}`,
			...headers,
		},
	});
}

export class TestConsumer {
	readonly socket: TestSocket;
	hello!: Frame<"hello">;

	readonly #shard: number;
	readonly #name: string;

	private constructor(socket: TestSocket, shard: number, name: string) {
		this.socket = socket;
		this.#shard = shard;
		this.#name = name;
	}

	static async open(shard: number, consumer: string, from = "oldest"): Promise<TestConsumer> {
		const response = await dial(`consumer=${consumer}&shard=${shard}&from=${from}`);
		if (!response.webSocket) throw new Error(`not upgraded: ${response.status} ${await response.text()}`);
		const opened = new TestConsumer(new TestSocket(response.webSocket), shard, consumer);
		opened.hello = await opened.#frame("hello");
		return opened;
	}

	/** The next ones, when so many have come. */
	async take(count: number): Promise<{ position: number; seq: number; room: string }[]> {
		const taken: { position: number; seq: number; room: string }[] = [];
		while (taken.length < count) {
			const { events } = await this.#frame("events");
			taken.push(...events.map(({ position, event: { seq, room } }) => ({ position, seq, room })));
		}
		return taken;
	}

	/** Resolves when the edge has it. */
	async ack(position: number): Promise<void> {
		this.socket.send({ type: "ack", position });
		for (let at = -1; at < position; ) {
			const { consumers } = await feedAt(testEnv, this.#shard).consumers();
			at = consumers.find(({ name }) => name === this.#name)?.position ?? -1;
		}
	}

	/** What was sent and not taken, of all that was sent before now. */
	async rest(): Promise<number> {
		this.socket.send("ping");
		await this.socket.take((frame) => frame === "pong");
		return this.socket.untaken.length;
	}

	#frame<T extends FeedFrame["type"]>(type: T): Promise<Frame<T>> {
		return this.socket.take((frame) => (frame as FeedFrame).type === type);
	}
}
