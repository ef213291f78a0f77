/** The media workers: one process per core, each with one port for all its transports, replaced when it dies. */
import { EventEmitter } from "node:events";
import { createWorker } from "mediasoup";
import type { Router, RouterRtpCodecCapability, TransportListenInfo, WebRtcServer, Worker } from "mediasoup/types";
import { ROUTER_CODECS } from "../../shared/codecs.ts";
import type { Config } from "../config.ts";
import { type Log, log } from "../observability/logger.ts";

export interface MediaWorker {
	index: number;
	worker: Worker;
	server: WebRtcServer;
	/** Rooms with a router on it: how the next room chooses. */
	rooms: number;
}

type WorkerConfig = Pick<Config, "workers" | "listenAddress" | "announced" | "mediaPort">;

/** Emits `died` with a worker whose process ended; its rooms' media is gone. */
export class Workers extends EventEmitter<{ died: [MediaWorker] }> {
	readonly #config: WorkerConfig;
	readonly #workers: MediaWorker[] = [];
	readonly #log: Log = log.child({ part: "workers" });
	#closed = false;
	/** Since start. */
	deaths = 0;

	private constructor(config: WorkerConfig) {
		super();
		this.#config = config;
	}

	static async start(config: WorkerConfig): Promise<Workers> {
		const workers = new Workers(config);
		await Promise.all(Array.from({ length: config.workers }, (_, index) => workers.#start(index)));
		return workers;
	}

	get all(): readonly MediaWorker[] {
		return this.#workers;
	}

	/** A router on the worker with the fewest rooms. */
	async createRouter(): Promise<{ media: MediaWorker; router: Router }> {
		const [media] = [...this.#workers].sort((a, b) => a.rooms - b.rooms);
		if (!media) throw new Error("no media worker is running");
		media.rooms++;
		try {
			const mediaCodecs = [...ROUTER_CODECS] as RouterRtpCodecCapability[];
			const router = await media.worker.createRouter({ mediaCodecs });
			router.observer.once("close", () => media.rooms--);
			return { media, router };
		} catch (error) {
			media.rooms--;
			throw error;
		}
	}

	close(): void {
		this.#closed = true;
		for (const { worker } of this.#workers) worker.close();
	}

	async #start(index: number): Promise<void> {
		const worker = await createWorker({ logLevel: "warn" });
		const server = await worker.createWebRtcServer({ listenInfos: this.#listenInfos(index) });
		const media: MediaWorker = { index, worker, server, rooms: 0 };
		this.#workers.push(media);
		this.#log.info({ index, pid: worker.pid }, "media worker started");
		worker.once("died", (error) => {
			this.#workers.splice(this.#workers.indexOf(media), 1);
			this.deaths++;
			this.#log.error({ index, pid: worker.pid, err: error }, "media worker died");
			this.emit("died", media);
			if (!this.#closed) void this.#restart(index);
		});
	}

	async #restart(index: number): Promise<void> {
		try {
			await this.#start(index);
		} catch (error) {
			this.#log.error({ index, err: error }, "media worker could not be started again; once more in a second");
			setTimeout(() => this.#closed || void this.#restart(index), 1_000);
		}
	}

	/** One UDP and one TCP port for each announced address. */
	#listenInfos(index: number): TransportListenInfo[] {
		const { announced, listenAddress: ip, mediaPort } = this.#config;
		return announced.flatMap((announcedAddress, i) => {
			const port = mediaPort === 0 ? undefined : mediaPort + index * announced.length + i;
			return (["udp", "tcp"] as const).map((protocol) => ({ protocol, ip, announcedAddress, ...(port && { port }) }));
		});
	}
}
