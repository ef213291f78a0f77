/** A media node as the edge sees it: the fleet's and the room's side of its two sockets, with no media behind. */
import type { FleetMessage, NodeReport } from "../../../shared/fleet.ts";
import { FLEET_SUBPROTOCOL } from "../../../shared/fleet.ts";
import { LINK_SUBPROTOCOL, type LinkCommand, type LinkReportInput } from "../../../shared/link.ts";
import type { RtpCapabilities, RtpParameters, TransportParameters } from "../../../shared/media.ts";
import { ROUTER_CAPABILITIES, ROUTER_CAPABILITIES_ID } from "../../../shared/router-capabilities.ts";
import { mintNodeToken } from "../../../worker/auth/tokens.ts";
import { fetchEdge, testEnv } from "./client.ts";
import { TestSocket } from "./socket.ts";

const IDLE = {
	cpu: 0,
	rooms: 0,
	endpoints: 0,
	producers: 0,
	consumers: 0,
	bitrateIn: 0,
	bitrateOut: 0,
	workers: 1,
	workerDeaths: 0,
};

type Command<T extends LinkCommand["type"]> = Extract<LinkCommand, { type: T }>;

export const capabilities: RtpCapabilities = ROUTER_CAPABILITIES;

export const rtpParameters: RtpParameters = {
	codecs: [{ mimeType: "audio/opus", payloadType: 111, clockRate: 48_000, channels: 2 }],
	encodings: [{ ssrc: 1234 }],
};

export function transport(id: string): TransportParameters {
	return {
		id,
		iceParameters: { usernameFragment: id, password: "password" },
		iceCandidates: [],
		dtlsParameters: { role: "auto", fingerprints: [{ algorithm: "sha-256", value: "00:11" }] },
	};
}

export class TestNode {
	readonly id: string;
	readonly fleet: TestSocket;

	private constructor(id: string, fleet: TestSocket) {
		this.id = id;
		this.fleet = fleet;
	}

	static async register(id = `node-${crypto.randomUUID().slice(0, 8)}`, region = "test"): Promise<TestNode> {
		const { token } = await mintNodeToken(testEnv, { node: id });
		const response = await fetchEdge("/v1/fleet", {
			headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": FLEET_SUBPROTOCOL, Authorization: `Bearer ${token}` },
		});
		if (!response.webSocket) throw new Error(`fleet refused: ${response.status} ${await response.text()}`);
		const node = new TestNode(id, new TestSocket(response.webSocket));
		const register: NodeReport = {
			type: "register",
			node: id,
			region,
			version: "0",
			capabilities: ROUTER_CAPABILITIES_ID,
			addresses: ["127.0.0.1"],
			load: IDLE,
		};
		node.fleet.send(register);
		await node.fleet.take((frame) => (frame as FleetMessage).type === "registered");
		// A node that is silent is never chosen.
		node.fleet.send("ping");
		const timer = setInterval(() => node.fleet.send("ping"), 1_000);
		void node.fleet.closed.then(() => clearInterval(timer));
		return node;
	}

	/** That it is idle. Until its next report, what it is assigned counts as load. */
	reportLoad(): void {
		this.fleet.send({ type: "load", load: IDLE });
	}

	/** The next assignment to a room. */
	async assignment(room: string): Promise<string> {
		const message = await this.fleet.take<Extract<FleetMessage, { type: "assignment" }>>(
			(frame) => (frame as FleetMessage).type === "assignment" && (frame as { room: string }).room === room,
		);
		return message.token;
	}

	/** Dials the room with the next assignment, as a node that serves nothing yet. */
	async link(room: string): Promise<TestLink> {
		const link = await TestLink.dial(room, await this.assignment(room));
		link.report({ type: "attached", endpoints: [] });
		return link;
	}
}

export class TestLink {
	readonly socket: TestSocket;
	/** To come back with. */
	token = "";
	/** Of its assignment. */
	epoch = 0;
	readonly #commands: LinkCommand[] = [];

	private constructor(socket: TestSocket) {
		this.socket = socket;
	}

	static async request(room: string, token: string): Promise<Response> {
		return fetchEdge(`/v1/rooms/${room}/link`, {
			headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": LINK_SUBPROTOCOL, Authorization: `Bearer ${token}` },
		});
	}

	static async dial(room: string, token: string): Promise<TestLink> {
		const response = await TestLink.request(room, token);
		if (!response.webSocket) throw new Error(`link refused: ${response.status} ${await response.text()}`);
		const link = new TestLink(new TestSocket(response.webSocket));
		({ token: link.token, epoch: link.epoch } = await link.command("attach"));
		return link;
	}

	/** The next command of a type; others stay for later. */
	async command<T extends LinkCommand["type"]>(type: T): Promise<Command<T>> {
		for (;;) {
			const at = this.#commands.findIndex((command) => command.type === type);
			if (at >= 0) return this.#commands.splice(at, 1)[0] as Command<T>;
			this.#commands.push(...(await this.socket.take<LinkCommand[]>((frame) => Array.isArray(frame))));
		}
	}

	/** Commands that came and were not taken. */
	get untaken(): readonly LinkCommand[] {
		const frames = this.socket.untaken.filter((frame): frame is LinkCommand[] => Array.isArray(frame));
		return [...this.#commands, ...frames.flat()];
	}

	report(...reports: LinkReportInput[]): void {
		this.socket.send(reports);
	}

	/** Opens the next endpoint as a node would. */
	async open(): Promise<Command<"open">> {
		const open = await this.command("open");
		const { endpoint } = open;
		this.report({ type: "opened", endpoint, send: transport(`${endpoint}-send`), recv: transport(`${endpoint}-recv`) });
		return open;
	}

	/** Accepts the next track. */
	async publish(): Promise<Command<"publish">> {
		const publish = await this.command("publish");
		const { endpoint, track, cause } = publish;
		this.report({ type: "published", endpoint, track, cause });
		return publish;
	}

	/** Accepts the next subscriptions of an endpoint, by consumers whose ids begin so. */
	async subscribe(participant: string, prefix = "consumer"): Promise<Command<"subscribe">> {
		const subscribe = await this.command("subscribe");
		this.report({
			type: "subscribed",
			endpoint: subscribe.endpoint,
			consumers: subscribe.tracks.map(({ track }) => ({
				kind: "audio",
				track,
				participant,
				id: `${prefix}-${track}`,
				rtpParameters,
				type: "simple",
				paused: false,
			})),
		});
		return subscribe;
	}
}
