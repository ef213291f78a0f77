/**
 * A room's media on a real node's workers, with browser pages that have nothing but RTCPeerConnection. It does what
 * the room and a dialect do: hands descriptions on, publishes what a description says is sent, and subscribes.
 */
import type { Frame, Page } from "playwright-core";
import { RoomMedia } from "../../media-node/rtc/room-media.ts";
import { Workers } from "../../media-node/rtc/workers.ts";
import type { LinkCommand, LinkReport, LinkReportInput } from "../../shared/link.ts";
import { LinkReport as Report } from "../../shared/link.ts";
import { type Description, SdpSettings, type Section, type SentTrack } from "../../shared/sdp.ts";

type Told = Extract<LinkReport, { type: "description" | "agreed" }>;

/** One node's workers, on a port of their own. */
export async function startWorkers(port: number, count = 1): Promise<Workers> {
	const workers = new Workers({
		...{ workers: count, workerConsumers: 500, listenAddress: "127.0.0.1" },
		...{ announced: ["127.0.0.1"], mediaPort: port },
	});
	await workers.start();
	return workers;
}

export class SdpRoom {
	readonly media: RoomMedia;
	readonly clients = new Map<string, SdpClient>();
	readonly reports: LinkReport[] = [];
	readonly #watchers = new Set<() => void>();
	/** Tracks that are there, with their owner. */
	readonly tracks = new Map<string, string>();

	constructor(name: string, workers: Workers) {
		const limits = {
			...{ maxIncomingBitrate: 10_000_000, initialOutgoingBitrate: 2_000_000 },
			...{ listenAddress: "127.0.0.1", pipeAddress: "127.0.0.1" },
			effectsLatencyMs: 150,
		};
		this.media = new RoomMedia(name, workers, limits, (report) => this.#hear(report));
	}

	execute(...commands: LinkCommand[]): void {
		for (const command of commands) this.media.execute(command);
	}

	/** The first report, now or later, for which it holds. */
	async report<T>(find: (report: LinkReport) => T | undefined): Promise<T> {
		for (;;) {
			for (const report of this.reports) {
				const found = find(report);
				if (found !== undefined) return found;
			}
			await new Promise<void>((resolve) => {
				const watch = () => {
					this.#watchers.delete(watch);
					resolve();
				};
				this.#watchers.add(watch);
			});
		}
	}

	/** A page, or a frame in one, with a connection whose client is in the room from now on. */
	async join(
		page: Page | Frame,
		id: string,
		settings: Partial<SdpSettings> = {},
		more: Joining = {},
	): Promise<SdpClient> {
		const client = new SdpClient(this, page, id);
		this.clients.set(client.endpoint, client);
		await client.open(more.reuse);
		this.execute({
			...{ type: "open", endpoint: client.endpoint, participant: id, send: true, recv: true, data: false },
			...{ sdp: SdpSettings.parse(settings), connections: more.connections },
		});
		this.subscribe(client);
		return client;
	}

	/** To all that others publish. */
	subscribe(client: SdpClient): void {
		const tracks = [...this.tracks].flatMap(([track, owner]) => (owner === client.id ? [] : [{ track }]));
		if (tracks.length > 0) this.execute({ type: "subscribe", endpoint: client.endpoint, tracks });
	}

	published(client: SdpClient, sends: readonly SentTrack[]): void {
		const now = new Set<string>();
		for (const { mid, kind, rtpParameters, stream, track: own } of sends) {
			const track = `${client.id}-${mid}`;
			now.add(track);
			if (this.tracks.has(track)) continue;
			this.tracks.set(track, client.id);
			const cause = { participant: client.id, request: 0 };
			this.execute({
				...{ type: "publish", endpoint: client.endpoint, track, source: kind === "audio" ? "audio" : "camera", cause },
				...{ media: { kind, rtpParameters: { ...rtpParameters, msid: `${stream || "-"} ${own}` } }, muted: false },
			});
			for (const other of this.clients.values()) {
				if (other !== client) this.execute({ type: "subscribe", endpoint: other.endpoint, tracks: [{ track }] });
			}
		}
		for (const [track, owner] of this.tracks) {
			if (owner !== client.id || now.has(track)) continue;
			this.tracks.delete(track);
			this.execute({ type: "unpublish", endpoint: client.endpoint, track });
		}
	}

	leave(client: SdpClient): void {
		this.clients.delete(client.endpoint);
		this.published(client, []);
		this.execute({ type: "close", endpoint: client.endpoint });
	}

	close(): void {
		this.media.close();
	}

	#hear(input: LinkReportInput): void {
		// As it is on the wire: a report that the room could not read would be lost there.
		const report = Report.parse(JSON.parse(JSON.stringify(input)));
		this.reports.push(report);
		for (const watch of this.#watchers) watch();
		if (report.type !== "description" && report.type !== "agreed" && report.type !== "sections") return;
		const client = this.clients.get(report.endpoint);
		if (!client) return;
		client.sections = report.sections;
		if (report.type === "sections") return;
		if (report.sends) this.published(client, report.sends);
		client.hear(report);
	}
}

interface Joining {
	connections?: Record<string, Section[]>;
	/** With the peer connection that the page has. */
	reuse?: boolean;
}

let endpoints = 0;
let requests = 0;

export class SdpClient {
	readonly id: string;
	readonly endpoint = `e${++endpoints}`;
	readonly page: Page | Frame;
	readonly #room: SdpRoom;
	/** Offers of the node that it was given. */
	offers = 0;
	sections: Section[] = [];
	/** What went wrong in the page. */
	readonly errors: string[] = [];
	/** The node's offers are not answered meanwhile. */
	held: Description[] | undefined;
	#answering: Promise<unknown> = Promise.resolve();

	constructor(room: SdpRoom, page: Page | Frame, id: string) {
		this.#room = room;
		this.page = page;
		this.id = id;
	}

	async open(reuse = false): Promise<void> {
		if (!reuse) await this.page.evaluate(openConnection);
	}

	/** Offers what the page's connection has to offer, and applies the answer. */
	async offer(): Promise<Told> {
		let sdp = "";
		await this.#inTurn(async () => {
			sdp = await this.page.evaluate(makeOffer);
		});
		const told = await this.describe({ type: "offer", sdp });
		if (told.type !== "description") throw new Error("no answer");
		await this.#answering;
		return told;
	}

	/** Gives the node a description; resolves to what it says to that. */
	async describe(description: Description): Promise<Told> {
		const request = ++requests;
		const cause = { participant: this.id, request };
		this.#room.execute({ type: "description", endpoint: this.endpoint, connection: "", description, cause });
		return this.#room.report((report) => {
			if (!("cause" in report) || report.cause?.request !== request) return undefined;
			if (report.type === "failed") throw new Error(`${report.error.code}: ${report.error.message}`);
			return report.type === "description" || report.type === "agreed" ? report : undefined;
		});
	}

	hear(report: Told): void {
		if (report.type !== "description") return;
		// In the order in which they come: what follows an answer is meant for who has it.
		if (report.cause) {
			void this.#inTurn(() => this.page.evaluate(applyAnswer, report.description.sdp));
			return;
		}
		this.offers++;
		if (this.held) this.held.push(report.description);
		else this.answer(report.description);
	}

	/** The impolite side of perfect negotiation (W3C webrtc, section 10.7): an offer that crosses its own is ignored. */
	answer({ sdp }: Description): void {
		void this.#inTurn(async () => {
			const answer = await this.page.evaluate(answerOffer, sdp);
			if (answer !== undefined) await this.describe({ type: "answer", sdp: answer });
		});
	}

	#inTurn(work: () => Promise<void>): Promise<unknown> {
		this.#answering = this.#answering.then(work).catch((error: unknown) => {
			// Its own offer was quicker than its answer, which is to nothing now.
			if (!String(error).includes("no offer to answer")) this.errors.push(String(error));
		});
		return this.#answering;
	}

	/** All that was said so far is answered. */
	async settled(): Promise<void> {
		for (let last: unknown; last !== this.#answering; ) {
			last = this.#answering;
			await last;
		}
	}

	/** Frames shown or sound heard of each section it receives in, once all of them have some. */
	async received(count: number): Promise<Received[]> {
		return this.page.evaluate(receivedTracks, count);
	}
}

export interface Received {
	mid: string;
	kind: string;
	track: string;
	stream: string;
	width: number;
	height: number;
	packets: number;
}

// ---------------------------------------------------------------- in the page

interface PageState {
	pc: RTCPeerConnection;
	streams: Map<string, string>;
}

declare global {
	interface Window {
		sdp: PageState;
	}
}

function openConnection(): void {
	const pc = new RTCPeerConnection();
	const streams = new Map<string, string>();
	window.sdp = { pc, streams };
	pc.addEventListener("track", ({ track, streams: of, transceiver }) => {
		streams.set(transceiver.mid ?? "", of[0]?.id ?? "");
		const element = document.createElement(track.kind as "audio" | "video");
		element.autoplay = true;
		element.muted = true;
		element.srcObject = new MediaStream([track]);
		document.body.append(element);
	});
}

async function makeOffer(): Promise<string> {
	const { pc } = window.sdp;
	await pc.setLocalDescription(await pc.createOffer());
	return pc.localDescription?.sdp ?? "";
}

async function applyAnswer(sdp: string): Promise<void> {
	await window.sdp.pc.setRemoteDescription({ type: "answer", sdp });
}

async function answerOffer(sdp: string): Promise<string | undefined> {
	const { pc } = window.sdp;
	if (pc.signalingState !== "stable") return undefined;
	await pc.setRemoteDescription({ type: "offer", sdp });
	await pc.setLocalDescription();
	return pc.localDescription?.sdp ?? "";
}

/** Sends the fake camera and microphone; `rids`: in so many simulcast layers, each half the size of the one before. */
export async function sendMedia({ audio, rids = [] }: { audio: boolean; rids?: string[] }): Promise<void> {
	const { pc } = window.sdp;
	const stream = await navigator.mediaDevices.getUserMedia({ audio, video: { width: 640, height: 480 } });
	const sendEncodings = rids.map((rid, i) => ({ rid, scaleResolutionDownBy: 2 ** i }));
	for (const track of stream.getTracks()) {
		const more = track.kind === "video" && rids.length > 0 ? { sendEncodings } : {};
		pc.addTransceiver(track, { direction: "sendrecv", streams: [stream], ...more });
	}
}

/** All of them, when there are so many. */
async function receivedTracks(count: number): Promise<Received[]> {
	const { pc, streams } = window.sdp;
	for (;;) {
		const all: Received[] = [];
		for (const { receiver, mid, currentDirection } of pc.getTransceivers()) {
			if (currentDirection !== "recvonly" && currentDirection !== "sendrecv") continue;
			for (const stats of (await receiver.getStats()).values()) {
				if (stats.type !== "inbound-rtp") continue;
				const { kind, frameWidth = 0, frameHeight = 0, framesDecoded = 0, packetsReceived = 0 } = stats;
				if (kind === "video" ? framesDecoded === 0 : packetsReceived === 0) continue;
				all.push({
					...{ mid: mid ?? "", kind, track: receiver.track.id, stream: streams.get(mid ?? "") ?? "" },
					...{ width: frameWidth, height: frameHeight, packets: packetsReceived },
				});
			}
		}
		if (all.length >= count) return all;
		await new Promise(requestAnimationFrame);
	}
}
