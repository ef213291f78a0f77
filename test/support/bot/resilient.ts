/**
 * A bot on the SDK's own connection: it comes back after a lost socket, resumes its session or joins anew, and its
 * media follows. For tests that break things.
 */
import WebSocket from "ws";
import { SignalConnection } from "../../../client/sdk/signal.ts";
import type { WebSocketConstructor } from "../../../client/sdk/socket.ts";
import { ROUTER_CAPABILITIES } from "../../../shared/router-capabilities.ts";
import { BotMedia } from "./media.ts";
import type { SenderOptions } from "./peer.ts";

export class ResilientBot {
	readonly id: string;
	readonly room: string;
	readonly media: BotMedia;
	/** How often it had to join anew. */
	anew = 0;
	/** Why it is out, once it is. */
	closed: string | undefined;
	readonly #connection: SignalConnection;
	readonly #sockets = new Set<WebSocket>();

	private constructor(edge: string, room: string, id: string, token: () => Promise<string>, joined: () => void) {
		this.id = id;
		this.room = room;
		const sockets = this.#sockets;
		// Locally, workerd leaves a connection open for ten seconds after both sides have said Close.
		const options: WebSocket.ClientOptions & { closeTimeout: number } = { perMessageDeflate: false, closeTimeout: 200 };
		const Tracked = class extends WebSocket {
			constructor(url: string, protocols: string[]) {
				super(url, protocols, options);
				sockets.add(this);
				this.once("close", () => sockets.delete(this));
			}
		};
		this.#connection = new SignalConnection(
			{
				url: edge,
				room,
				token,
				holdsOn: () => true,
				join: () => ({ rtpCapabilities: ROUTER_CAPABILITIES, data: false }),
				WebSocket: Tracked as unknown as WebSocketConstructor,
			},
			{
				joined: (_, how) => {
					if (how === "first") return joined();
					this.anew++;
					this.media.reset();
				},
				resumed: () => {},
				event: (event) => this.media.handle(event),
				news: () => {},
				reconnecting: () => {},
				closed: (reason, code, error) => {
					this.closed = `${reason} ${code} ${error.message}`;
				},
			},
		);
		this.media = new BotMedia(id, (type, body) => this.#connection.request(type, body));
		this.media.watch();
	}

	/** In the room, with a media side, publishing. */
	static async join(
		edge: string,
		room: string,
		id: string,
		token: () => Promise<string>,
		publish?: SenderOptions,
	): Promise<ResilientBot> {
		const bot = await new Promise<ResilientBot>((resolve) => {
			const made: ResilientBot = new ResilientBot(edge, room, id, token, () => resolve(made));
			made.#connection.start();
		});
		await bot.media.until(() => bot.media.node !== undefined);
		if (publish) await bot.media.publish(publish);
		return bot;
	}

	/** Breaks its socket as a network would. */
	breakSocket(): void {
		for (const ws of this.#sockets) ws.terminate();
	}

	/** Says that its node is not reached, though it may be: it is moved to another. */
	async giveUpMedia(): Promise<void> {
		const endpoint = this.media.endpoints.at(-1)?.endpoint;
		if (endpoint !== undefined) await this.#connection.request("mediaLost", { endpoint });
	}

	async leave(): Promise<void> {
		await this.#connection.leave();
		this.media.close();
	}
}
