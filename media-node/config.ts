/** Settings of a media node, from its environment. docs/media-node.md lists them; an invalid one stops the start and names itself. */
import { availableParallelism, networkInterfaces } from "node:os";
import * as z from "zod";
import { PortRange, readEnvironment } from "../shared/environment.ts";
import { NodeId, Region } from "../shared/ids.ts";
import { RECORDING_ENVIRONMENT, type RecordingConfig, recordingConfig } from "./recording/settings.ts";
import { MIN_OUTGOING_BITRATE } from "./rtc/limits.ts";
import { TURN_ENVIRONMENT, type TurnConfig, turnConfig } from "./turn/settings.ts";

/** What one participant may send unless told otherwise, bits per second. */
const INCOMING_BITRATE = 10_000_000;

const port = z.coerce.number().int().min(0).max(65_535);
const positive = z.coerce.number().int().positive();
/** As Odoo's SFU reads its bit rates: what is none is as good as absent. */
const odooBitrate = z.coerce.number().int().positive().optional().catch(undefined);
const list = z
	.string()
	.transform((text) => text.split(",").map((item) => item.trim()))
	.pipe(z.array(z.string().min(1)).min(1));

const Environment = z.object({
	/** Origin of the edge, `https://…`. */
	EDGE_URL: z.url({ protocol: /^https?$/ }),
	NODE_ID: NodeId,
	NODE_REGION: Region.default("local"),
	/** This node's credential, from `POST /v1/nodes/{id}/token`. */
	NODE_TOKEN: z.string().min(1),
	/** Where media sockets are bound. */
	LISTEN_ADDRESS: z.string().default("0.0.0.0"),
	/** Addresses or names that clients are told, comma-separated. Each costs a port per worker. */
	ANNOUNCED_ADDRESS: list.optional(),
	/** First media port (UDP and TCP); each worker and announced address takes the next. 0: free ones. */
	MEDIA_PORT: port.default(40_000),
	/** Media workers; one fills a core. */
	WORKERS: positive.max(256).optional(),
	/** Tracks that one worker sends to participants before a room goes on to the next worker. */
	WORKER_CONSUMERS: positive.default(500),
	/** Where other nodes reach this one for the rooms they share; the first announced address unless given. */
	PIPE_ADDRESS: z.string().min(1).optional(),
	/** UDP ports for that, `min-max`: one for each room and other node. Absent: the system's choice. */
	PIPE_PORTS: PortRange.optional(),
	/** Most participants this node takes; its load limits it sooner or later in any case. */
	MAX_ENDPOINTS: positive.optional(),
	/** Bits per second that one participant may send. */
	MAX_INCOMING_BITRATE: positive.optional(),
	/** Bits per second of media that one participant is sent; absent: what its connection carries. */
	MAX_OUTGOING_BITRATE: positive.min(MIN_OUTGOING_BITRATE).optional(),
	/** The same two, by the names that Odoo's SFU has for them. */
	MAX_BITRATE_IN: odooBitrate,
	MAX_BITRATE_OUT: odooBitrate,
	/** Bits per second that congestion control begins with towards one participant. */
	INITIAL_OUTGOING_BITRATE: positive.default(1_000_000),
	/** How long effects wait for packets that are late, ms: what they add to the delay, and hear no gaps of. */
	EFFECTS_JITTER_BUFFER: z.coerce.number().int().min(0).max(2_000).default(150),
	/** Processes that wait for a recording or for effects, where there are such. */
	SPARE_PIPELINES: z.coerce.number().int().min(0).max(64).default(1),
	...TURN_ENVIRONMENT,
	...RECORDING_ENVIRONMENT,
	/** How long rooms may take to move away after SIGTERM; 0: they are cut at once. */
	DRAIN_SECONDS: z.coerce.number().int().min(0).max(86_400).default(30),
	/** Health, readiness, metrics. */
	HTTP_ADDRESS: z.string().default("127.0.0.1"),
	HTTP_PORT: port.default(9_090),
	LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

export interface Config {
	edge: string;
	id: string;
	region: string;
	token: string;
	listenAddress: string;
	announced: string[];
	mediaPort: number;
	workers: number;
	workerConsumers: number;
	pipeAddress: string;
	pipePorts?: { min: number; max: number };
	maxEndpoints?: number;
	maxIncomingBitrate: number;
	maxOutgoingBitrate?: number;
	initialOutgoingBitrate: number;
	effectsLatencyMs: number;
	sparePipelines: number;
	/** Beside a TURN server. */
	turn?: TurnConfig;
	/** Where it may record. */
	recordings?: RecordingConfig;
	drainSeconds: number;
	httpAddress: string;
	httpPort: number;
	logLevel: string;
}

export function readConfig(env: NodeJS.ProcessEnv): Config {
	const it = readEnvironment(Environment, env, "media node settings");
	const announced = it.ANNOUNCED_ADDRESS ?? ownAddresses();
	const workers = it.WORKERS ?? availableParallelism();
	if (it.MEDIA_PORT + workers * announced.length - 1 > 65_535) {
		throw new Error("media node settings:\n  MEDIA_PORT: too high for a port per worker and announced address");
	}
	return {
		edge: it.EDGE_URL.replace(/\/+$/, ""),
		id: it.NODE_ID,
		region: it.NODE_REGION,
		token: it.NODE_TOKEN,
		listenAddress: it.LISTEN_ADDRESS,
		announced,
		mediaPort: it.MEDIA_PORT,
		workers,
		workerConsumers: it.WORKER_CONSUMERS,
		pipeAddress: it.PIPE_ADDRESS ?? announced[0] ?? "127.0.0.1",
		pipePorts: it.PIPE_PORTS,
		maxEndpoints: it.MAX_ENDPOINTS,
		maxIncomingBitrate: it.MAX_INCOMING_BITRATE ?? it.MAX_BITRATE_IN ?? INCOMING_BITRATE,
		maxOutgoingBitrate: it.MAX_OUTGOING_BITRATE ?? it.MAX_BITRATE_OUT,
		initialOutgoingBitrate: it.INITIAL_OUTGOING_BITRATE,
		effectsLatencyMs: it.EFFECTS_JITTER_BUFFER,
		sparePipelines: it.SPARE_PIPELINES,
		turn: turnConfig(it, announced),
		recordings: recordingConfig(it),
		drainSeconds: it.DRAIN_SECONDS,
		httpAddress: it.HTTP_ADDRESS,
		httpPort: it.HTTP_PORT,
		logLevel: it.LOG_LEVEL,
	};
}

/** The machine's first outward IPv4 address, and loopback for a browser on the same machine. */
function ownAddresses(): string[] {
	const outward = Object.values(networkInterfaces())
		.flatMap((addresses) => addresses ?? [])
		.find(({ family, internal }) => family === "IPv4" && !internal);
	return outward ? [outward.address, "127.0.0.1"] : ["127.0.0.1"];
}
