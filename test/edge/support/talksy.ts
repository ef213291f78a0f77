/** A client of Talksy as its wire describes it, and nothing more. */
import { fetchEdge } from "./client.ts";
import { clientSdp } from "./sdp.ts";
import { TestSocket } from "./socket.ts";

interface Frame {
	status?: boolean;
	type: string;
	data: unknown;
}

export class TalksyClient {
	readonly socket: TestSocket;
	id = "";

	private constructor(socket: TestSocket) {
		this.socket = socket;
	}

	/** Connected, and told its id. */
	static async join(room: string | undefined, path = "/ws", token?: string): Promise<TalksyClient> {
		const query = new URLSearchParams({ ...(room !== undefined && { room_id: room }), ...(token && { token }) });
		const response = await fetchEdge(`${path}?${query}`, { headers: { Upgrade: "websocket" } });
		if (!response.webSocket) throw new Error(`not upgraded: ${response.status}`);
		const client = new TalksyClient(new TestSocket(response.webSocket));
		const first = await client.socket.take<Frame>(() => true);
		if (first.type !== "clientid" || "status" in first || typeof first.data !== "string") {
			throw new Error(`not greeted: ${JSON.stringify(first)}`);
		}
		client.id = first.data;
		return client;
	}

	say(type: string, data?: unknown): void {
		this.socket.send({ type, data });
	}
	offer(sdp = clientSdp): void {
		this.say("offer", sdp);
	}
	answer(sdp = clientSdp): void {
		this.say("answer", sdp);
	}

	/** The data of the next frame of a type. */
	async told<T>(type: string): Promise<T> {
		const frame = await this.socket.take<Frame>((it) => (it as Frame).type === type);
		if (frame.status !== (type !== "error")) throw new Error(`of another status: ${JSON.stringify(frame)}`);
		return frame.data as T;
	}
	error(): Promise<string> {
		return this.told("error");
	}
	/** Types of what came and was not taken. */
	get untaken(): string[] {
		return this.socket.untaken.map((frame) => (frame as Frame).type);
	}
	/** Everything sent to it so far has come. */
	async settled(): Promise<string[]> {
		this.socket.send('{"type":"settle"}');
		await this.socket.take((it) => (it as Frame).type === "error" && String((it as Frame).data).includes("settle"));
		return this.untaken;
	}
}
