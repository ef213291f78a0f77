/** A client of Pion_SFU as its wire describes it, and nothing more. */
import { fetchEdge } from "./client.ts";
import { clientSdp } from "./sdp.ts";
import { TestSocket } from "./socket.ts";

export interface Candidate {
	candidate: string;
	sdpMid: string;
	sdpMLineIndex: number;
	usernameFragment: string;
}

export class PionClient {
	readonly socket: TestSocket;
	readonly ids: { self_id: string; room_id: string };

	private constructor(socket: TestSocket, self_id: string, room_id: string) {
		this.socket = socket;
		this.ids = { self_id, room_id };
	}

	static async dial(self: string, room: string, path = "/", headers: Record<string, string> = {}) {
		const response = await fetchEdge(path, { headers: { Upgrade: "websocket", ...headers } });
		if (!response.webSocket) throw new Error(`not upgraded: ${response.status}`);
		return new PionClient(new TestSocket(response.webSocket), self, room);
	}

	/** In the room as far as it is told: that is nothing. */
	static async join(self: string, room: string, path = "/"): Promise<PionClient> {
		const client = await PionClient.dial(self, room, path);
		client.join();
		return client;
	}

	join(): void {
		this.say("joinRoom", this.ids);
	}
	say(event: string, data: unknown): void {
		this.socket.send({ event, data });
	}
	offer(sdp = clientSdp): void {
		this.say("offer", { ...this.ids, offer: { type: "offer", sdp } });
	}
	/** As its sample does: without the ids. */
	answer(sdp = clientSdp): void {
		this.say("answer", { answer: { type: "answer", sdp } });
	}

	/** The payload of the next frame of a kind, from its second JSON. */
	async told<T>(event: "offer" | "answer" | "candidate"): Promise<T> {
		return JSON.parse(await this.#data(event)) as T;
	}
	error(): Promise<string> {
		return this.#data("error");
	}
	/** Kinds of what came and was not taken. */
	get untaken(): string[] {
		return this.socket.untaken.map((frame) => (frame as { event: string }).event);
	}

	async #data(event: string): Promise<string> {
		const frame = await this.socket.take<{ event: string; data: string }>(
			(it) => (it as { event: string }).event === event,
		);
		if (Object.keys(frame).join() !== "event,data" || typeof frame.data !== "string") {
			throw new Error(`not of the protocol's form: ${JSON.stringify(frame)}`);
		}
		return frame.data;
	}
}
