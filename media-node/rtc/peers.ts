/**
 * The room's other nodes: to each one connection, over which tracks go both ways (UDP, SRTP with keys that the links
 * carried). Each side makes its port and is told the other's, in whatever order that comes.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { PipeTransport } from "mediasoup/types";
import type { PeerParameters } from "../../shared/media.ts";
import type { Home } from "./home.ts";
import { bindingOf } from "./listen.ts";

const STALE = "stale";
/** Streams of data channels between two nodes, each way. */
const SCTP_STREAMS = { OS: 1_024, MIS: 1_024 };

export interface PeerLimits {
	listenAddress: string;
	/** Where other nodes reach this one. */
	pipeAddress: string;
	/** UDP ports of pipes; absent: the system's choice. */
	pipePorts?: { min: number; max: number };
}

export interface Peer {
	transport: PipeTransport;
	home: Home;
}

export class Peers {
	readonly #home: () => Promise<Home>;
	readonly #limits: PeerLimits;
	readonly #peers = new Map<number, Promise<Peer>>();
	/** What each was connected to, so that the same thing told twice is done once. */
	readonly #connected = new WeakMap<PipeTransport, string>();
	/** By node, where both sides know each other. */
	readonly connected = new Map<number, PipeTransport>();

	constructor(home: () => Promise<Home>, limits: PeerLimits) {
		this.#home = home;
		this.#limits = limits;
	}

	/** The connection to a node, made when it is first asked for. */
	get(epoch: number): Promise<Peer> {
		let peer = this.#peers.get(epoch);
		if (!peer) {
			const made = this.#make();
			peer = made;
			this.#peers.set(epoch, made);
			const forget = () => this.#peers.get(epoch) === made && this.#peers.delete(epoch);
			made.then(({ transport }) => transport.observer.once("close", forget)).catch(forget);
		}
		return peer;
	}

	/** What the other node needs to connect to this one; undefined when that was forgotten meanwhile. */
	async describe(epoch: number): Promise<PeerParameters | undefined> {
		const { transport } = await this.get(epoch);
		if (transport.closed) return undefined;
		const { tuple, srtpParameters } = transport;
		if (!srtpParameters) throw new Error("a pipe without SRTP");
		return {
			address: tuple.localAddress,
			port: tuple.localPort,
			srtpParameters,
		};
	}

	/** False: it was connected to another port before, which the other node has no more. Told once of each. */
	async connect(epoch: number, { address, port, srtpParameters }: PeerParameters): Promise<boolean> {
		const { transport } = await this.get(epoch);
		const key = JSON.stringify([address, port, srtpParameters]);
		const before = this.#connected.get(transport);
		if (before === key || before === STALE) return true;
		if (before !== undefined) {
			this.#connected.set(transport, STALE);
			return false;
		}
		this.#connected.set(transport, key);
		// The worker takes no names here.
		const ip = isIP(address) ? address : (await lookup(address)).address;
		await transport.connect({
			ip,
			port,
			srtpParameters: srtpParameters as NonNullable<PipeTransport["srtpParameters"]>,
		});
		if (transport.closed) return true;
		this.connected.set(epoch, transport);
		transport.observer.once("close", () => this.connected.get(epoch) === transport && this.connected.delete(epoch));
		return true;
	}

	/** Closes the connection, and with it all that went over it. */
	forget(epoch: number): void {
		const peer = this.#peers.get(epoch);
		this.#peers.delete(epoch);
		peer?.then(({ transport }) => transport.close()).catch(() => {});
	}

	close(): void {
		for (const epoch of [...this.#peers.keys()]) this.forget(epoch);
	}

	async #make(): Promise<Peer> {
		const home = await this.#home();
		const { listenAddress, pipeAddress, pipePorts } = this.#limits;
		const ip = bindingOf(listenAddress, pipeAddress);
		const transport = await home.router.createPipeTransport({
			listenInfo: { protocol: "udp", ip, announcedAddress: pipeAddress, ...(pipePorts && { portRange: pipePorts }) },
			enableSctp: true,
			numSctpStreams: SCTP_STREAMS,
			enableRtx: true,
			enableSrtp: true,
		} as Parameters<Home["router"]["createPipeTransport"]>[0]);
		return { transport, home };
	}
}
