/**
 * What forwarding a packet costs the media worker: the node as it runs, against mediasoup with nothing around it and,
 * where it is installed, Janus, with the same publisher, the same subscribers and the same load. The worker has one
 * core, the load the other.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { cachedMediasoupWorker } from "../scripts/setup/mediasoup-worker.mjs";
import type { TransportParameters } from "../shared/media.ts";
import { Bot } from "../test/support/bot/bot.ts";
import { Receiver, Sender } from "../test/support/bot/peer.ts";
import type { MediaConsumer } from "../test/support/bot/sdp.ts";
import { Stack } from "../test/support/stack.ts";
import type { BareRequest } from "./bare-mediasoup.ts";
import { Janus, janusObstacle, janusVersion } from "./janus.ts";
import { type Figures, type Spread, showSpread, spread } from "./lib/figures.ts";
import { childrenOf, cpuMs, pin } from "./lib/process.ts";

const SUBSCRIBERS = 30;
/** Of the video; with 50 of audio beside it. */
const PACKETS_PER_SECOND = 300;
const MEASURE_MS = 8_000;
const MEDIA_CORE = 0;
const LOAD_CORE = 1;
/** Janus knows its publishers by numbers. */
const PUBLISHER = 1;

interface Run {
	/** Packets that came at the subscribers. */
	packets: number;
	/** CPU of the media worker, or all of Janus, per forwarded packet, µs. */
	workerUs: number;
	/** With the Node process that holds it, µs. */
	totalUs: number;
	/** Busy share of the worker's core. */
	core: number;
	/** Mean time from made to received, ms. */
	delayMs: number;
}

interface Counted {
	received: ReadonlyMap<string, { packets: number; delay: number }>;
}

function sum(subscribers: readonly Counted[], field: "packets" | "delay"): number {
	return subscribers.reduce((all, { received }) => all + [...received.values()].reduce((n, it) => n + it[field], 0), 0);
}

/** `host`: the process beside the worker that belongs to the cost, if there is one. */
async function measure(subscribers: readonly Counted[], worker: number, host?: number): Promise<Run> {
	const hostMs = () => (host === undefined ? 0 : cpuMs(host));
	for (const pid of [worker, host]) if (pid !== undefined) pin(pid, MEDIA_CORE);
	// Congestion control and key frames of the start are over.
	await sleep(1_500);
	const before = {
		worker: cpuMs(worker),
		host: hostMs(),
		packets: sum(subscribers, "packets"),
		delay: sum(subscribers, "delay"),
	};
	const began = performance.now();
	await sleep(MEASURE_MS);
	const ms = performance.now() - began;
	const packets = sum(subscribers, "packets") - before.packets;
	const workerMs = cpuMs(worker) - before.worker;
	return {
		packets,
		workerUs: (workerMs * 1_000) / packets,
		totalUs: ((workerMs + hostMs() - before.host) * 1_000) / packets,
		core: workerMs / ms,
		delayMs: (sum(subscribers, "delay") - before.delay) / packets,
	};
}

async function throughNode(stack: Stack, room: string): Promise<Run> {
	const [node] = stack.nodes;
	const host = node?.process.pid ?? 0;
	const worker = childrenOf(host).find(({ name }) => name.startsWith("mediasoup"))?.pid ?? 0;
	const publisher = await Bot.join(stack.url, room, "publisher", await stack.tokenFor(room, "publisher"));
	const tracks = await publisher.publish({ packetsPerSecond: PACKETS_PER_SECOND });
	const viewers = await Promise.all(
		Array.from({ length: SUBSCRIBERS }, async (_, i) =>
			Bot.join(stack.url, room, `viewer-${i}`, await stack.tokenFor(room, `viewer-${i}`)),
		),
	);
	await Promise.all(viewers.flatMap((viewer) => tracks.map((track) => viewer.receives(track))));
	const run = await measure(viewers, worker, host);
	await Promise.all([publisher, ...viewers].map((bot) => bot.leave()));
	return run;
}

class Bare {
	readonly process: ChildProcess;
	readonly worker: number;
	#id = 0;
	readonly #answers = new Map<number, (answer: { value?: unknown; error?: string }) => void>();

	private constructor(child: ChildProcess, worker: number) {
		this.process = child;
		this.worker = worker;
		child.on("message", (message: { id: number; value?: unknown; error?: string }) => {
			this.#answers.get(message.id)?.(message);
			this.#answers.delete(message.id);
		});
	}

	static async start(): Promise<Bare> {
		const child = fork(new URL("./bare-mediasoup.ts", import.meta.url), {
			env: { ...process.env, MEDIASOUP_WORKER_BIN: cachedMediasoupWorker() },
		});
		const [message] = await once(child, "message");
		return new Bare(child, (message as { ready: number }).ready);
	}

	async ask<T>(request: Omit<BareRequest, "id"> & Record<string, unknown>): Promise<T> {
		const id = ++this.#id;
		const answer = new Promise<{ value?: unknown; error?: string }>((resolve) => this.#answers.set(id, resolve));
		this.process.send({ ...request, id });
		const { value, error } = await answer;
		if (error) throw new Error(error);
		return value as T;
	}

	async stop(): Promise<void> {
		const gone = once(this.process, "exit");
		this.process.disconnect();
		await gone;
	}
}

function firstPacket(receiver: Receiver): Promise<void> {
	return new Promise((resolve) => {
		receiver.onPacket = () => {
			receiver.onPacket = () => {};
			resolve();
		};
	});
}

async function throughBare(): Promise<Run> {
	const bare = await Bare.start();
	const sender = new Sender("publisher", { packetsPerSecond: PACKETS_PER_SECOND });
	const up = await bare.ask<TransportParameters>({ type: "transport" });
	const dtls = async (fingerprint: Awaited<ReturnType<Sender["fingerprint"]>>) => ({
		role: "client",
		fingerprints: [fingerprint],
	});
	await bare.ask({ type: "connect", transport: up.id, dtlsParameters: await dtls(await sender.fingerprint()) });
	const producers = await Promise.all(
		sender.tracks.map(({ kind, rtpParameters }) =>
			bare.ask<{ id: string }>({ type: "produce", transport: up.id, kind, rtpParameters }),
		),
	);
	await sender.connect(up);
	sender.start();
	const viewers = await Promise.all(
		Array.from({ length: SUBSCRIBERS }, async (_, i) => {
			const receiver = new Receiver(`viewer-${i}`);
			const down = await bare.ask<TransportParameters>({ type: "transport" });
			for (const { id: producer } of producers) {
				const consumer = await bare.ask<Omit<MediaConsumer, "track" | "participant">>({
					type: "consume",
					transport: down.id,
					producer,
				});
				receiver.add({ ...consumer, track: producer, participant: "publisher" });
			}
			const fingerprint = await receiver.negotiate(down);
			const first = firstPacket(receiver);
			await bare.ask({ type: "connect", transport: down.id, dtlsParameters: await dtls(fingerprint) });
			await first;
			return receiver;
		}),
	);
	const run = await measure(viewers, bare.worker, bare.process.pid);
	sender.close();
	for (const viewer of viewers) viewer.close();
	await bare.stop();
	return run;
}

async function throughJanus(eventLoops?: number): Promise<Run> {
	const janus = await Janus.start(eventLoops);
	const sender = new Sender("publisher", { packetsPerSecond: PACKETS_PER_SECOND });
	const viewers = Array.from({ length: SUBSCRIBERS }, (_, i) => new Receiver(`viewer-${i}`));
	try {
		await janus.publish(PUBLISHER, await sender.offer(), (answer) => sender.take(answer));
		sender.start();
		await Promise.all(
			viewers.map(async (viewer) => {
				for (const { kind, rtpParameters } of sender.tracks) {
					const shared = { participant: "publisher", type: "simple", paused: false } as const;
					viewer.add({ ...shared, id: kind, track: kind, kind, rtpParameters });
				}
				const first = firstPacket(viewer);
				await janus.subscribe(PUBLISHER, (offer) => viewer.answer(offer));
				await first;
			}),
		);
		return await measure(viewers, janus.pid);
	} finally {
		sender.close();
		for (const viewer of viewers) viewer.close();
		await janus.stop();
	}
}

interface Contender {
	name: string;
	/** In the JSON. */
	key: string;
	through(run: number): Promise<Run>;
	runs: Run[];
}

/** Over the runs, each against the other's run next to it. */
function ratio(of: Contender, to: Contender, pick: (run: Run) => number): Spread {
	return spread(of.runs.map((run, i) => pick(run) / pick(to.runs[i] as Run)));
}

export async function forward(runs: number): Promise<Figures> {
	pin(process.pid, LOAD_CORE);
	const obstacle = janusObstacle();
	const version = obstacle ? undefined : janusVersion();
	const stack = await Stack.start({ nodes: 1, nodeEnv: { WORKERS: "1" } });
	const bare: Contender = { name: "bare mediasoup", key: "bare", through: throughBare, runs: [] };
	const node: Contender = {
		name: "switchyard node",
		key: "node",
		through: (run) => throughNode(stack, `forward-${run}`),
		runs: [],
	};
	const both: Contender[] = [
		{ name: "janus videoroom", key: "janus", through: () => throughJanus(), runs: [] },
		// What suits one core best.
		{ name: "janus videoroom, 1 event loop", key: "janusOneLoop", through: () => throughJanus(1), runs: [] },
	];
	const januses = obstacle ? [] : both;
	const contenders = [bare, node, ...januses];
	try {
		for (let run = 0; run < runs; run++) for (const it of contenders) it.runs.push(await it.through(run));
	} finally {
		await stack.stop();
	}
	const worker = ratio(node, bare, (run) => run.workerUs);
	const total = ratio(node, bare, (run) => run.totalUs);
	const toJanus = januses.map((janus) => ({ janus, total: ratio(node, janus, (run) => run.totalUs) }));
	const row = ({ name, runs }: Contender) => {
		const of = (pick: (run: Run) => number) => spread(runs.map(pick));
		return [
			name,
			showSpread(of((run) => run.workerUs)),
			showSpread(of((run) => run.totalUs)),
			of((run) => run.packets / (MEASURE_MS / 1_000)).median.toFixed(0),
			`${(of((run) => run.core).median * 100).toFixed(0)} %`,
			(1_000_000 / of((run) => run.workerUs).median).toFixed(0),
			of((run) => run.delayMs).median.toFixed(2),
		];
	};
	return {
		name: "forward",
		what: `one publisher (${PACKETS_PER_SECOND} video packets of 1,000 bytes and 50 of audio a second) to ${SUBSCRIBERS} subscribers over ICE, DTLS and SRTP; CPU time of the media worker on one core`,
		head: ["", "worker µs/packet", "with Node µs/packet", "packets/s", "core busy", "packets/s per core", "delay ms"],
		rows: [
			...contenders.map(row),
			["switchyard / bare", showSpread(worker), showSpread(total), "", "", "", ""],
			...toJanus.map(({ janus, total }) => [
				`switchyard (worker + Node) / ${janus.name}`,
				"",
				showSpread(total),
				"",
				"",
				"",
				"",
			]),
		],
		notes: [obstacle ? `janus is left out: ${obstacle}` : `janus ${version}`],
		json: {
			subscribers: SUBSCRIBERS,
			packetsPerSecond: PACKETS_PER_SECOND,
			janus: version ?? null,
			runs: Object.fromEntries(contenders.map(({ key, runs }) => [key, runs])),
			ratio: {
				worker,
				total,
				toJanus: Object.fromEntries(toJanus.map(({ janus, total }) => [janus.key, total])),
			},
		},
		bars: [
			{
				bar: "worker CPU per forwarded packet at most 1.05 of bare mediasoup",
				value: worker.median,
				held: worker.median <= 1.05,
			},
		],
	};
}
