/** The two connections of a bot, by libdatachannel: one that sends RTP, one that receives and counts it. */
import { Audio, PeerConnection as Peer, type PeerConnection, type Track, Video } from "node-datachannel";
import type { RtpParameters, TransportParameters } from "../../../shared/media.ts";
import { audioStream, isRtcp, madeAt, nextPacket, type Stream, videoStream } from "./rtp.ts";
import { describe, fingerprintOf, type MediaConsumer, type Section } from "./sdp.ts";

const AUDIO_TYPE = 111;
const VIDEO_TYPE = 96;

export type Fingerprint = ReturnType<typeof fingerprintOf>;

export interface SenderOptions {
	audio?: boolean;
	video?: boolean;
	/** Of video; 30 unless given. */
	packetsPerSecond?: number;
	/** Of audio; 50 unless given. */
	audioPacketsPerSecond?: number;
	/** Payload of a video packet. */
	bytes?: number;
}

interface Sent {
	kind: "audio" | "video";
	perSecond: number;
	stream: Stream;
	track: Track;
	rtpParameters: RtpParameters;
	timer?: NodeJS.Timeout;
}

/** One microphone and one camera, or either. */
export class Sender {
	/** When its node reported last on what it gets, on the clock of `performance`; 0 before the first. */
	heardAt = 0;
	readonly #pc: PeerConnection;
	readonly tracks: Sent[];
	readonly #offer: Promise<string>;
	readonly #closed = Promise.withResolvers<never>();

	constructor(name: string, options: SenderOptions = {}) {
		const { audio = true, video = true, packetsPerSecond = 30, audioPacketsPerSecond = 50, bytes = 1_000 } = options;
		this.#pc = new Peer(name, { iceServers: [] });
		const kinds = [...(audio ? ["audio" as const] : []), ...(video ? ["video" as const] : [])];
		this.tracks = kinds.map((kind, i) => {
			const ssrc = 1 + Math.floor(Math.random() * 0xffff_fff0);
			const mid = String(i);
			const media = kind === "audio" ? new Audio(mid, "SendOnly") : new Video(mid, "SendOnly");
			if (media instanceof Audio) media.addOpusCodec(AUDIO_TYPE);
			else media.addVP8Codec(VIDEO_TYPE);
			media.addSSRC(ssrc, name, name, `${name}-${kind}`);
			const stream = kind === "audio" ? audioStream(ssrc, AUDIO_TYPE) : videoStream(ssrc, VIDEO_TYPE, bytes);
			const perSecond = kind === "audio" ? audioPacketsPerSecond : packetsPerSecond;
			return { kind, perSecond, stream, track: this.#pc.addTrack(media), rtpParameters: parametersOf(kind, ssrc, mid) };
		});
		for (const { track } of this.tracks) {
			track.onMessage(() => {
				this.heardAt = performance.now();
			});
		}
		this.#offer = localDescription(this.#pc, () => this.#pc.setLocalDescription("offer"));
		this.#closed.promise.catch(() => {});
	}

	/** Without candidates: the other side is ICE-lite and learns them from the checks. */
	offer(): Promise<string> {
		return this.#offer;
	}

	async fingerprint(): Promise<Fingerprint> {
		return fingerprintOf(await this.#offer);
	}

	/** Resolves when media can flow; rejects when it is closed before. The other side must know the fingerprint. */
	async connect(transport: TransportParameters): Promise<void> {
		const sections = this.tracks.map(
			({ kind, rtpParameters }, i): Section => ({
				mid: String(i),
				kind,
				direction: "recvonly",
				rtpParameters,
			}),
		);
		await this.take(describe(transport, sections, "answer"));
	}

	/** The same, with the answer as the other side wrote it. */
	async take(answer: string): Promise<void> {
		await this.#offer;
		const opened = this.tracks.map(
			({ track }) => new Promise<void>((resolve) => (track.isOpen() ? resolve() : track.onOpen(resolve))),
		);
		this.#pc.setRemoteDescription(answer, "answer");
		await Promise.race([Promise.all(opened), this.#closed.promise]);
	}

	/** Sends until `close`. */
	start(): void {
		for (const it of this.tracks) {
			const began = performance.now();
			let sent = 0;
			it.timer = setInterval(() => {
				// As many as are due: timers come late when the machine is busy.
				const due = Math.floor(((performance.now() - began) / 1_000) * it.perSecond);
				for (; sent < due; sent++) if (it.track.isOpen()) it.track.sendMessageBinary(nextPacket(it.stream));
			}, 10);
		}
	}

	close(): void {
		for (const { timer } of this.tracks) clearInterval(timer);
		this.#closed.reject(new Error("closed before it was open"));
		this.#pc.close();
	}
}

export interface Received {
	track: string;
	participant: string;
	kind: "audio" | "video";
	packets: number;
	bytes: number;
	/** From made to received, summed, ms. */
	delay: number;
	/** On the clock of `performance`; 0 before the first. */
	lastAt: number;
	/** Longest time between two packets, ms. */
	longestGap: number;
}

export class Receiver {
	/** By track. Several connections of one bot count into the same. */
	readonly received: Map<string, Received>;
	/** A packet came. */
	onPacket: () => void = () => {};
	/** When anything came last, RTCP too, on the clock of `performance`; 0 before the first. */
	heardAt = 0;
	/** Consumers of which a packet has come. */
	readonly flowing = new Set<string>();
	readonly #pc: PeerConnection;
	readonly #sections: (Section & { consumer: Pick<MediaConsumer, "id" | "track"> })[] = [];
	/** Held, or the binding collects them and their packets are lost. */
	readonly #tracks: Track[] = [];

	constructor(name: string, received = new Map<string, Received>()) {
		this.received = received;
		this.#pc = new Peer(name, { iceServers: [] });
		this.#pc.onTrack((track) => this.#receive(track));
	}

	/** True when it was not known. */
	add(consumer: Omit<MediaConsumer, "type" | "paused">): boolean {
		if (this.#sections.some((it) => it.consumer.id === consumer.id)) return false;
		const { kind, rtpParameters, track, participant } = consumer;
		this.#sections.push({ mid: String(this.#sections.length), kind, direction: "sendonly", rtpParameters, consumer });
		if (!this.received.has(track)) {
			this.received.set(track, { track, participant, kind, packets: 0, bytes: 0, delay: 0, lastAt: 0, longestGap: 0 });
		}
		return true;
	}

	remove(track: string): void {
		for (const section of this.#sections) if (section.consumer.track === track) section.direction = "inactive";
	}

	/** Something is to come. */
	get expects(): boolean {
		return this.#sections.some(({ direction }) => direction === "sendonly");
	}

	/** Negotiates what was added and removed. */
	async negotiate(transport: TransportParameters): Promise<Fingerprint> {
		return fingerprintOf(await this.answer(describe(transport, this.#sections, "offer")));
	}

	/** The same, with the offer as the other side wrote it; what was added is in its order. */
	answer(offer: string): Promise<string> {
		return localDescription(this.#pc, () => this.#pc.setRemoteDescription(offer, "offer"));
	}

	close(): void {
		this.#pc.close();
	}

	#receive(track: Track): void {
		const section = this.#sections[Number(track.mid())];
		const counts = section && this.received.get(section.consumer.track);
		if (!counts) return;
		this.#tracks.push(track);
		track.onMessage((packet) => {
			this.heardAt = performance.now();
			if (isRtcp(packet)) return;
			counts.packets++;
			counts.bytes += packet.length;
			const delay = Date.now() - madeAt(packet);
			// A probe of congestion control is padding, and was made by nobody.
			if (delay >= 0 && delay < 60_000) counts.delay += delay;
			const now = performance.now();
			if (counts.lastAt > 0) counts.longestGap = Math.max(counts.longestGap, now - counts.lastAt);
			counts.lastAt = now;
			this.flowing.add(section.consumer.id);
			this.onPacket();
		});
	}
}

function localDescription(pc: PeerConnection, start: () => void): Promise<string> {
	return new Promise((resolve) => {
		pc.onLocalDescription((sdp) => resolve(sdp));
		start();
	});
}

function parametersOf(kind: "audio" | "video", ssrc: number, mid: string): RtpParameters {
	const codec =
		kind === "audio"
			? { mimeType: "audio/opus", payloadType: AUDIO_TYPE, clockRate: 48_000, channels: 2 }
			: {
					mimeType: "video/VP8",
					payloadType: VIDEO_TYPE,
					clockRate: 90_000,
					rtcpFeedback: [{ type: "nack" }, { type: "nack", parameter: "pli" }],
				};
	return { mid, codecs: [codec], encodings: [{ ssrc }], rtcp: { cname: `bot-${ssrc}` } };
}
