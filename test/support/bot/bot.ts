/**
 * A participant without a browser: real ICE, DTLS and SRTP by libdatachannel, RTP made by hand. It sends and counts;
 * it decodes nothing.
 */
import { Audio, PeerConnection as Peer, type PeerConnection, type Track, Video } from "node-datachannel";
import type { RtpParameters } from "../../../shared/media.ts";
import type { EventFrame, RequestInput } from "../../../shared/native.ts";
import { ROUTER_CAPABILITIES } from "../../../shared/router-capabilities.ts";
import { audioStream, isRtcp, madeAt, nextPacket, type Stream, videoStream } from "./rtp.ts";
import { describe, fingerprintOf, type MediaConsumer, type Section } from "./sdp.ts";
import { BotSignal } from "./signal.ts";

const AUDIO_TYPE = 111;
const VIDEO_TYPE = 96;

export interface Received {
	track: string;
	participant: string;
	kind: "audio" | "video";
	packets: number;
	bytes: number;
	/** From made to received, summed, ms. */
	delay: number;
	lastAt: number;
}

type Subscribed = Extract<EventFrame, { type: "subscribed" }>;
type EndpointEvent = Extract<EventFrame, { type: "endpoint" }>;

export class Bot {
	readonly id: string;
	readonly signal: BotSignal;
	/** By track. */
	readonly received = new Map<string, Received>();
	#endpoint: EndpointEvent | undefined;
	#sender: { pc: PeerConnection; tracks: { track: Track; stream: Stream; timer?: NodeJS.Timeout }[] } | undefined;
	#receiver: PeerConnection | undefined;
	readonly #sections: (Section & { consumer: MediaConsumer })[] = [];
	#connected = false;
	#negotiation = Promise.resolve();
	readonly #waiting: { test: () => boolean; resolve: () => void }[] = [];

	private constructor(id: string, signal: BotSignal) {
		this.id = id;
		this.signal = signal;
	}

	static async join(
		edge: string,
		room: string,
		id: string,
		token: string,
		options: RequestInput<"join"> & { media?: boolean; heartbeat?: boolean } = {},
	): Promise<Bot> {
		const { media = true, heartbeat = true, ...join } = options;
		const signal = await BotSignal.open(edge, room, token, heartbeat);
		const bot = new Bot(id, signal);
		signal.onFrame = (frame) => {
			if (frame.type === "subscribed") bot.#subscribed(frame);
			else if (frame.type === "unsubscribed") for (const track of frame.tracks) bot.#unsubscribed(track);
			else if (frame.type === "trackUnpublished") bot.#unsubscribed(frame.track);
		};
		const endpoint = media ? signal.event("endpoint") : undefined;
		await signal.request("join", { ...(media && { rtpCapabilities: ROUTER_CAPABILITIES }), data: false, ...join });
		bot.#endpoint = await endpoint;
		return bot;
	}

	/** Publishes one microphone and one camera and sends on both until `leave`. */
	async publish({ audio = true, video = true, packetsPerSecond = 30, bytes = 1_000 } = {}): Promise<string[]> {
		const endpoint = this.#endpoint;
		if (!endpoint?.send) throw new Error("no endpoint to send on");
		const pc = new Peer(`${this.id}-send`, { iceServers: [] });
		const kinds = [...(audio ? ["audio" as const] : []), ...(video ? ["video" as const] : [])];
		const tracks = kinds.map((kind, i) => {
			const ssrc = 1 + Math.floor(Math.random() * 0xfffffff0);
			const media = kind === "audio" ? new Audio(String(i), "SendOnly") : new Video(String(i), "SendOnly");
			if (media instanceof Audio) media.addOpusCodec(AUDIO_TYPE);
			else media.addVP8Codec(VIDEO_TYPE);
			media.addSSRC(ssrc, this.id, this.id, `${this.id}-${kind}`);
			const stream = kind === "audio" ? audioStream(ssrc, AUDIO_TYPE) : videoStream(ssrc, VIDEO_TYPE, bytes);
			return { kind, ssrc, stream, track: pc.addTrack(media) };
		});
		this.#sender = { pc, tracks };
		const offer = await localDescription(pc, () => pc.setLocalDescription("offer"));
		const sections = tracks.map(
			({ kind, ssrc }, i): Section => ({
				mid: String(i),
				kind,
				direction: "recvonly",
				rtpParameters: parametersOf(kind, ssrc, String(i)),
			}),
		);
		const opened = Promise.all(
			tracks.map(({ track }) => new Promise<void>((resolve) => (track.isOpen() ? resolve() : track.onOpen(resolve)))),
		);
		await this.signal.request("connectTransport", {
			endpoint: endpoint.endpoint,
			direction: "send",
			dtlsParameters: { role: "client", fingerprints: [fingerprintOf(offer)] },
		});
		pc.setRemoteDescription(describe(endpoint.send, sections, "answer"), "answer");
		const ids = tracks.map(({ kind }) => `${this.id}-${kind}`);
		await Promise.all(
			tracks.map(({ kind }, i) =>
				this.signal.request("publish", {
					endpoint: endpoint.endpoint,
					track: ids[i] ?? "",
					source: kind === "audio" ? "audio" : "camera",
					media: { kind, rtpParameters: sections[i]?.rtpParameters ?? { codecs: [] } },
				}),
			),
		);
		await opened;
		for (const it of this.#sender.tracks) {
			const perSecond = it.stream.payloadType === AUDIO_TYPE ? 50 : packetsPerSecond;
			const began = performance.now();
			let sent = 0;
			it.timer = setInterval(() => {
				// As many as are due: timers come late when the machine is busy.
				const due = Math.floor(((performance.now() - began) / 1_000) * perSecond);
				for (; sent < due; sent++) if (it.track.isOpen()) it.track.sendMessageBinary(nextPacket(it.stream));
			}, 20);
		}
		return ids;
	}

	/** Resolves when a track's packets have come since the call. */
	async receives(track: string, packets = 5): Promise<Received> {
		const from = this.received.get(track)?.packets ?? 0;
		await this.#when(() => (this.received.get(track)?.packets ?? 0) >= from + packets);
		return this.received.get(track) as Received;
	}

	/** Ends the membership and closes everything. */
	async leave(): Promise<void> {
		await this.signal.request("leave", {}).catch(() => {});
		this.destroy();
	}

	/** Closes everything without a word, as a crash would. */
	destroy(): void {
		for (const { timer } of this.#sender?.tracks ?? []) clearInterval(timer);
		this.#sender?.pc.close();
		this.#receiver?.close();
		this.signal.close();
	}

	#when(test: () => boolean): Promise<void> {
		if (test()) return Promise.resolve();
		return new Promise((resolve) => this.#waiting.push({ test, resolve }));
	}

	#check(): void {
		for (let i = this.#waiting.length - 1; i >= 0; i--) {
			if (this.#waiting[i]?.test()) this.#waiting.splice(i, 1)[0]?.resolve();
		}
	}

	#subscribed({ endpoint, consumers }: Subscribed): void {
		for (const consumer of consumers) {
			if (consumer.kind === "data" || this.#sections.some((it) => it.consumer.id === consumer.id)) continue;
			const { kind, rtpParameters, track, participant } = consumer;
			this.#sections.push({ mid: String(this.#sections.length), kind, direction: "sendonly", rtpParameters, consumer });
			const now = this.received.get(track);
			if (!now) this.received.set(track, { track, participant, kind, packets: 0, bytes: 0, delay: 0, lastAt: 0 });
		}
		this.#negotiate(endpoint);
	}

	#unsubscribed(track: string): void {
		for (const section of this.#sections) if (section.consumer.track === track) section.direction = "inactive";
	}

	/** One offer at a time; what comes meanwhile goes into the next. */
	#negotiate(endpoint: string): void {
		this.#negotiation = this.#negotiation.then(async () => {
			const recv = this.#endpoint?.recv;
			if (!recv) return;
			this.#receiver ??= this.#makeReceiver();
			const pc = this.#receiver;
			const answer = await localDescription(pc, () => {
				pc.setRemoteDescription(describe(recv, this.#sections, "offer"), "offer");
			});
			if (this.#connected) return;
			this.#connected = true;
			await this.signal.request("connectTransport", {
				endpoint,
				direction: "recv",
				dtlsParameters: { role: "client", fingerprints: [fingerprintOf(answer)] },
			});
		});
	}

	#makeReceiver(): PeerConnection {
		const pc = new Peer(`${this.id}-recv`, { iceServers: [] });
		pc.onTrack((track) => {
			const section = this.#sections[Number(track.mid())];
			const counts = section && this.received.get(section.consumer.track);
			if (!counts) return;
			track.onMessage((packet) => {
				if (isRtcp(packet)) return;
				counts.packets++;
				counts.bytes += packet.length;
				const delay = Date.now() - madeAt(packet);
				// A probe of congestion control is padding, and was made by nobody.
				if (delay >= 0 && delay < 60_000) counts.delay += delay;
				counts.lastAt = performance.now();
				this.#check();
			});
			this.#tracks.push(track);
		});
		return pc;
	}

	/** Held, or the binding collects them and their packets are lost. */
	readonly #tracks: Track[] = [];
}

function localDescription(pc: PeerConnection, start: () => void): Promise<string> {
	return new Promise((resolve) => {
		pc.onLocalDescription((sdp) => resolve(sdp));
		start();
	});
}

function parametersOf(kind: "audio" | "video", ssrc: number, mid: string): RtpParameters {
	return {
		mid,
		codecs: [
			kind === "audio"
				? { mimeType: "audio/opus", payloadType: AUDIO_TYPE, clockRate: 48_000, channels: 2 }
				: {
						mimeType: "video/VP8",
						payloadType: VIDEO_TYPE,
						clockRate: 90_000,
						rtcpFeedback: [{ type: "nack" }, { type: "nack", parameter: "pli" }],
					},
		],
		encodings: [{ ssrc }],
		rtcp: { cname: `bot-${ssrc}` },
	};
}
