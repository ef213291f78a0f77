/** The edge's side of a node's sockets, for tests: keys, the fleet, and the links of rooms. No room behind them. */
import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { type WebSocket, WebSocketServer } from "ws";
import { CLOSE } from "../../shared/close-codes.ts";
import { FLEET_SUBPROTOCOL, type FleetMessage, type NodeReport } from "../../shared/fleet.ts";
import { HEARTBEAT } from "../../shared/limits.ts";
import { LINK_SUBPROTOCOL, type LinkCommand, type LinkReport, LinkReports } from "../../shared/link.ts";
import { AUDIENCE } from "../../shared/tokens.ts";

const PATIENCE_MS = 5_000;

export type ReportOf<T extends LinkReport["type"]> = Extract<LinkReport, { type: T }>;

/** Frames of one socket, taken one by one in any order. */
class Inbox<T extends { type: string }> {
	readonly #items: T[] = [];
	readonly #changed = new EventEmitter();

	put(...items: T[]): void {
		this.#items.push(...items);
		this.#changed.emit("put");
	}

	async take<K extends T["type"]>(
		type: K,
		fits: (item: Extract<T, { type: K }>) => boolean = () => true,
		ms = PATIENCE_MS,
	): Promise<Extract<T, { type: K }>> {
		const signal = AbortSignal.timeout(ms);
		for (;;) {
			const at = this.#items.findIndex((item) => item.type === type && fits(item as Extract<T, { type: K }>));
			if (at >= 0) return this.#items.splice(at, 1)[0] as Extract<T, { type: K }>;
			await once(this.#changed, "put", { signal }).catch(() => {
				throw new Error(`no ${type} in ${ms} ms; there is ${JSON.stringify(this.#items).slice(0, 2_000)}`);
			});
		}
	}

	has(type: T["type"]): boolean {
		return this.#items.some((item) => item.type === type);
	}
}

export class TestLink extends Inbox<LinkReport> {
	readonly ws: WebSocket;
	readonly room: string;
	readonly token: string;
	/** Of each frame, the types it carried. */
	readonly frames: string[][] = [];
	readonly closed: Promise<number>;

	constructor(ws: WebSocket, room: string, token: string) {
		super();
		this.room = room;
		this.ws = ws;
		this.token = token;
		this.closed = new Promise((resolve) => ws.once("close", resolve));
		ws.on("message", (data) => {
			const text = data.toString();
			if (text === HEARTBEAT.ping) return ws.send(HEARTBEAT.pong);
			const reports = LinkReports.parse(JSON.parse(text));
			this.frames.push(reports.map(({ type }) => type));
			this.put(...reports);
		});
	}

	command(...commands: LinkCommand[]): void {
		this.ws.send(JSON.stringify(commands));
	}

	attach(room: string, epoch: number, token = `link-token-${epoch}`): Promise<ReportOf<"attached">> {
		this.command({ type: "attach", room, epoch, token });
		return this.take("attached");
	}
}

export class TestEdge {
	readonly url: string;
	readonly fleet = new Inbox<NodeReport>();
	/** Refuses the next links with this HTTP status. */
	refuseLinks: number | undefined;
	/** Of the fleet. */
	answersHeartbeats = true;
	fleetSocket: WebSocket | undefined;
	fleetToken = "";
	/** How often its keys were fetched. */
	keysFetched = 0;
	readonly #links: TestLink[] = [];
	/** Those that nobody took yet. */
	readonly #waiting: TestLink[] = [];
	readonly #changed = new EventEmitter();
	readonly #server = createServer();
	readonly #sign: (claims: Record<string, unknown>) => Promise<string>;

	private constructor(url: string, jwk: JWK, sign: (claims: Record<string, unknown>) => Promise<string>) {
		this.url = url;
		this.#sign = sign;
		const sockets = new WebSocketServer({
			noServer: true,
			handleProtocols: (offered) => [...offered][0] ?? false,
		});
		this.#server.on("request", (request, response) => {
			const known = request.url === "/.well-known/jwks.json";
			if (known) this.keysFetched++;
			response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
			response.end(JSON.stringify({ keys: [jwk] }));
		});
		this.#server.on("upgrade", (request, socket, head) => {
			const isLink = request.headers["sec-websocket-protocol"] === LINK_SUBPROTOCOL;
			if (isLink && this.refuseLinks) {
				socket.end(`HTTP/1.1 ${this.refuseLinks} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
				return;
			}
			sockets.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, request));
		});
	}

	static async start(port = 0): Promise<TestEdge> {
		const { publicKey, privateKey } = await generateKeyPair("EdDSA");
		const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "EdDSA", use: "sig" };
		const sign = (claims: Record<string, unknown>) =>
			new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", kid: "k1", typ: AUDIENCE.assignment }).sign(privateKey);
		const probe = createServer();
		probe.listen(port, "127.0.0.1");
		await once(probe, "listening");
		const { port: free } = probe.address() as AddressInfo;
		probe.close();
		await once(probe, "close");
		const edge = new TestEdge(`http://127.0.0.1:${free}`, jwk, sign);
		await edge.listen();
		return edge;
	}

	get listening(): boolean {
		return this.#server.listening;
	}

	async listen(): Promise<void> {
		this.#server.listen(Number(new URL(this.url).port), "127.0.0.1");
		await once(this.#server, "listening");
	}

	/** As a deploy or an outage does: every socket drops, and nobody answers. */
	async vanish(): Promise<void> {
		this.fleetSocket?.terminate();
		for (const link of this.#links) link.ws.terminate();
		this.#server.close();
		this.#server.closeAllConnections();
		await once(this.#server, "close");
	}

	async stop(): Promise<void> {
		if (this.listening) await this.vanish();
	}

	send(message: FleetMessage): void {
		this.fleetSocket?.send(JSON.stringify(message));
	}

	/** Registers the next node. */
	async register(): Promise<Extract<NodeReport, { type: "register" }>> {
		const register = await this.fleet.take("register");
		this.send({ type: "registered", node: register.node, reportMs: 100 });
		return register;
	}

	mint(claims: { node: string; room: string; epoch: number; jti?: string; age?: number }): Promise<string> {
		const { node, room, epoch, jti = crypto.randomUUID(), age = 0 } = claims;
		const iat = Math.floor(Date.now() / 1000) - age;
		return this.#sign({ aud: node, sub: room, jti, epoch, edge: this.url, iat, exp: iat + 60 });
	}

	/** Assigns a room and attaches the link that comes of it. */
	async assign(node: string, room: string, epoch = 1): Promise<TestLink> {
		this.send({ type: "assignment", room, token: await this.mint({ node, room, epoch }) });
		const link = await this.link(room);
		await link.attach(room, epoch);
		return link;
	}

	/** The next link that is dialed to a room. */
	async link(room: string, ms = PATIENCE_MS): Promise<TestLink> {
		const signal = AbortSignal.timeout(ms);
		for (;;) {
			const at = this.#waiting.findIndex((link) => link.room === room);
			const link = this.#waiting.splice(at, at < 0 ? 0 : 1)[0];
			if (link) return link;
			await once(this.#changed, "link", { signal });
		}
	}

	/** Ends every link as if no room needed media any more. */
	release(): void {
		for (const link of this.#links.splice(0)) link.ws.close(CLOSE.released);
		this.#waiting.length = 0;
	}

	#accept(ws: WebSocket, request: IncomingMessage): void {
		const token = request.headers.authorization?.replace("Bearer ", "") ?? "";
		if (request.headers["sec-websocket-protocol"] === FLEET_SUBPROTOCOL) {
			this.fleetSocket = ws;
			this.fleetToken = token;
			ws.on("message", (data) => {
				const text = data.toString();
				if (text === HEARTBEAT.ping) this.answersHeartbeats && ws.send(HEARTBEAT.pong);
				else this.fleet.put(JSON.parse(text) as NodeReport);
			});
			return;
		}
		const room = /^\/v1\/rooms\/([^/]+)\/link$/.exec(request.url ?? "")?.[1] ?? "";
		const link = new TestLink(ws, room, token);
		this.#links.push(link);
		this.#waiting.push(link);
		this.#changed.emit("link");
	}
}
