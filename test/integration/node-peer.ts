/** A WebRTC client for tests, over libdatachannel: real ICE, DTLS, SRTP and SCTP against a node's transports. */
import { EventEmitter, once } from "node:events";
import { Audio, type DataChannel, PeerConnection, type Track } from "node-datachannel";
import type { ConsumerParameters, DtlsParameters, TransportParameters } from "../../shared/media.ts";

/** `levelId`: of the header extension that carries the audio level (RFC 6464). */
export const AUDIO = { ssrc: 1234, payloadType: 111, levelId: 6 };

type Sdp = { type: string; sdp: string };

/** One PeerConnection that sends or receives one Opus track (m-line `0`) and data channels (m-line `1`). */
export class TestPeer {
	readonly pc: PeerConnection;
	readonly track: Track;
	readonly packets: Buffer[] = [];
	readonly channel: DataChannel | undefined;
	readonly dtlsParameters: DtlsParameters;
	readonly #offer: Sdp;
	readonly #changed = new EventEmitter();

	private constructor(name: string, direction: "SendOnly" | "RecvOnly", data: number | undefined) {
		this.pc = new PeerConnection(name, { iceServers: [], disableAutoNegotiation: true });
		const audio = new Audio("0", direction);
		audio.addOpusCodec(AUDIO.payloadType);
		if (direction === "SendOnly") audio.addSSRC(AUDIO.ssrc, "test");
		this.track = this.pc.addTrack(audio);
		this.track.onMessage((packet) => {
			// RTCP comes here too (RFC 5761 section 4).
			if (((packet[1] ?? 0) & 0x7f) !== AUDIO.payloadType) return;
			this.packets.push(packet);
			this.#changed.emit("packet");
		});
		if (data !== undefined) this.channel = this.pc.createDataChannel("chat", { negotiated: true, id: data });
		this.pc.setLocalDescription("offer");
		this.#offer = this.pc.localDescription() as Sdp;
		const value = /a=fingerprint:sha-256 (\S+)/.exec(this.#offer.sdp)?.[1] ?? "";
		this.dtlsParameters = { role: "client", fingerprints: [{ algorithm: "sha-256", value }] };
	}

	static sender(data?: number): TestPeer {
		return new TestPeer("sender", "SendOnly", data);
	}

	static receiver(data?: number): TestPeer {
		return new TestPeer("receiver", "RecvOnly", data);
	}

	/** Begins ICE with a node's transport. `consumer`: what it will receive. */
	async connect(transport: TransportParameters, consumer?: ConsumerParameters): Promise<void> {
		const up = new Promise<void>((resolve, reject) => {
			this.pc.onStateChange((state) => {
				if (state === "connected") resolve();
				if (state === "failed") reject(new Error("the peer failed to connect"));
			});
		});
		this.pc.setRemoteDescription(this.#answer(transport, consumer), "answer");
		await up;
	}

	/** Sends `count` packets, 20 ms apart. `level`: -dBov, 0 to 127. */
	async send(count: number, level = 127): Promise<void> {
		for (let i = 0; i < count; i++) {
			const packet = Buffer.alloc(20 + 40, 0xfc);
			packet[0] = 0x90;
			packet.writeUInt32BE(0xbede0001, 12);
			packet.writeUInt32BE(((AUDIO.levelId << 28) | (level << 16)) >>> 0, 16);
			packet[1] = AUDIO.payloadType;
			packet.writeUInt16BE(this.#sequence & 0xffff, 2);
			packet.writeUInt32BE(this.#sequence * 960, 4);
			packet.writeUInt32BE(AUDIO.ssrc, 8);
			this.#sequence++;
			this.track.sendMessageBinary(packet);
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	}
	#sequence = 1;

	async received(count: number, ms = 5_000): Promise<void> {
		const signal = AbortSignal.timeout(ms);
		while (this.packets.length < count) await once(this.#changed, "packet", { signal });
	}

	close(): void {
		this.pc.close();
	}

	#answer(transport: TransportParameters, consumer: ConsumerParameters | undefined): string {
		const { iceParameters: ice, iceCandidates, dtlsParameters } = transport;
		const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === "sha-256");
		const sending = this.#offer.sdp.includes("a=sendonly");
		const common = [
			`a=ice-ufrag:${ice.usernameFragment}`,
			`a=ice-pwd:${ice.password}`,
			`a=fingerprint:sha-256 ${fingerprint?.value}`,
			"a=setup:passive",
			"a=rtcp-mux",
		];
		const ssrc =
			consumer && consumer.kind !== "data" ? [`a=ssrc:${consumer.rtpParameters.encodings?.[0]?.ssrc} cname:node`] : [];
		const candidates = iceCandidates
			.filter(({ protocol }) => protocol === "udp")
			.map((it) => `a=candidate:${it.foundation} 1 udp ${it.priority} ${it.address} ${it.port} typ host`);
		const lines = [
			"v=0",
			"o=- 1 1 IN IP4 127.0.0.1",
			"s=-",
			"t=0 0",
			"a=ice-lite",
			this.channel ? "a=group:BUNDLE 0 1" : "a=group:BUNDLE 0",
			`m=audio 9 UDP/TLS/RTP/SAVPF ${AUDIO.payloadType}`,
			"c=IN IP4 0.0.0.0",
			"a=mid:0",
			sending ? "a=recvonly" : "a=sendonly",
			`a=rtpmap:${AUDIO.payloadType} opus/48000/2`,
			...common,
			...ssrc,
			...candidates,
			"a=end-of-candidates",
		];
		// libdatachannel numbers its m-lines itself.
		const dataMid = /m=application[\s\S]*?a=mid:(\S+)/.exec(this.#offer.sdp)?.[1];
		if (dataMid) {
			lines.push("m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", `a=mid:${dataMid}`);
			lines.push(...common, "a=sctp-port:5000", "a=max-message-size:262144");
			lines[5] = `a=group:BUNDLE 0 ${dataMid}`;
		}
		return `${lines.join("\r\n")}\r\n`;
	}
}
