/** The media workers: one process per core, each with one port for all its transports, replaced when it dies. */
import { EventEmitter, once } from "node:events";
import { createWorker, setLogEventListeners } from "mediasoup";
import type { Router, RouterRtpCodecCapability, TransportListenInfo, WebRtcServer, Worker } from "mediasoup/types";
import { ROUTER_CODECS } from "../../shared/codecs.ts";
import type { Config } from "../config.ts";
import { type Log, log } from "../observability/logger.ts";
import { bindingOf } from "./listen.ts";

export interface MediaWorker {
	readonly index: number;
	readonly worker: Worker;
	readonly server: WebRtcServer;
	/** What costs CPU: how the next router chooses. */
	consumers: number;
	routers: number;
}

type WorkerConfig = Pick<Config, "workers" | "workerConsumers" | "listenAddress" | "announced" | "mediaPort">;

/** How long a room waits for a worker while none is running, and the pause after one that did not start, ms. */
const START_MS = 5_000;
const RETRY_MS = 1_000;

/** Emits `started` and `died`; a dead worker's rooms' media is gone. */
export class Workers extends EventEmitter<{ started: [MediaWorker]; died: [MediaWorker] }> {
	readonly #config: WorkerConfig;
	readonly #workers: MediaWorker[] = [];
	readonly #log: Log = log.child({ part: "workers" });
	#closed = false;
	/** Since start. */
	deaths = 0;

	constructor(config: WorkerConfig) {
		super();
		this.#config = config;
		this.setMaxListeners(0);
		const media = log.child({ part: "mediasoup" });
		setLogEventListeners({
			onwarn: (from, text) => media.warn({ from }, text),
			onerror: (from, text, error) => media.error({ from, err: error }, text),
		});
	}

	/** Resolves when all of them run. */
	async start(): Promise<void> {
		try {
			await Promise.all(Array.from({ length: this.#config.workers }, (_, index) => this.#start(index)));
		} catch (error) {
			await this.close();
			throw error;
		}
	}

	get all(): readonly MediaWorker[] {
		return this.#workers;
	}

	/** It takes no more participants of a room while another worker does. */
	isFull({ consumers }: MediaWorker): boolean {
		return consumers >= this.#config.workerConsumers;
	}

	/** A router on the worker that sends least, of those not named. */
	async createRouter(without: ReadonlySet<MediaWorker> = new Set()): Promise<{ media: MediaWorker; router: Router }> {
		if (this.#workers.length === 0) await once(this, "started", { signal: AbortSignal.timeout(START_MS) });
		const workers = this.#workers.filter((media) => !without.has(media));
		const [media] = (workers.length > 0 ? workers : this.#workers).toSorted(
			(a, b) => a.consumers - b.consumers || a.routers - b.routers,
		);
		if (!media) throw new Error("no media worker is running");
		media.routers++;
		try {
			const mediaCodecs = [...ROUTER_CODECS] as RouterRtpCodecCapability[];
			const router = await media.worker.createRouter({ mediaCodecs });
			router.observer.once("close", () => media.routers--);
			countConsumers(router, media);
			return { media, router };
		} catch (error) {
			media.routers--;
			throw error;
		}
	}

	/** Resolves when their processes are gone, and with them their ports. */
	async close(): Promise<void> {
		this.#closed = true;
		const gone = this.#workers.splice(0).map(({ worker }) => {
			const ended = new Promise<void>((resolve) => worker.once("subprocessclose", resolve));
			worker.close();
			return ended;
		});
		await Promise.all(gone);
	}

	async #start(index: number): Promise<void> {
		const worker = await createOwnWorker();
		let media: MediaWorker;
		try {
			const server = await worker.createWebRtcServer({ listenInfos: this.#listenInfos(index) });
			media = { index, worker, server, consumers: 0, routers: 0 };
			if (this.#closed) throw new Error("stopped meanwhile");
		} catch (error) {
			worker.close();
			throw error;
		}
		this.#workers.push(media);
		this.#log.info({ index, pid: worker.pid }, "media worker started");
		worker.once("died", (error) => {
			this.#workers.splice(this.#workers.indexOf(media), 1);
			this.deaths++;
			this.#log.error({ index, pid: worker.pid, err: error }, "media worker died");
			this.emit("died", media);
			if (!this.#closed) void this.#restart(index);
		});
		this.emit("started", media);
	}

	async #restart(index: number): Promise<void> {
		try {
			await this.#start(index);
		} catch (error) {
			if (this.#closed) return;
			this.#log.error({ index, err: error }, "media worker could not be started again; once more in a second");
			setTimeout(() => this.#closed || void this.#restart(index), RETRY_MS);
		}
	}

	/** One UDP and one TCP port for each announced address. */
	#listenInfos(index: number): TransportListenInfo[] {
		const { announced, listenAddress, mediaPort } = this.#config;
		return announced.flatMap((announcedAddress, i) => {
			const ip = bindingOf(listenAddress, announcedAddress);
			const port = mediaPort === 0 ? undefined : mediaPort + index * announced.length + i;
			return (["udp", "tcp"] as const).map((protocol) => ({ protocol, ip, announcedAddress, ...(port && { port }) }));
		});
	}
}

/**
 * A worker that lives until this process closes it. mediasoup would close it on SIGINT and SIGTERM by itself, and every
 * call with it, while a node that is told to stop still moves its people away.
 */
async function createOwnWorker(): Promise<Worker> {
	const signals = ["SIGINT", "SIGTERM"] as const;
	const before = signals.map((signal) => new Set(process.rawListeners(signal)));
	const worker = await createWorker({ logLevel: "warn" });
	for (const [i, signal] of signals.entries()) {
		for (const listener of process.rawListeners(signal)) {
			if (!before[i]?.has(listener)) process.removeListener(signal, listener as NodeJS.SignalsListener);
		}
	}
	return worker;
}

function countConsumers(router: Router, media: MediaWorker): void {
	router.observer.on("newtransport", (transport) => {
		transport.observer.on("newconsumer", (consumer) => {
			media.consumers++;
			consumer.observer.once("close", () => media.consumers--);
		});
	});
}
