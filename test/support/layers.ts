/** A sender of simulcast whose layers come and go as a test says: VP8 packets and sender reports written by hand. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { RtpParameters } from "../../shared/media.ts";

const PAYLOAD_TYPE = 96;
const SSRC = [1_000, 2_000, 3_000] as const;
const FRAME_MS = 33;
const SR_MS = 500;
const rtcpFeedback = [{ type: "nack" }, { type: "nack", parameter: "pli" }, { type: "transport-cc" }];
const VP8 = { mimeType: "video/VP8", payloadType: PAYLOAD_TYPE, clockRate: 90_000, rtcpFeedback };

/** Of each layer. */
export const SIZES = [320, 640, 1_280].map((width) => ({ width, height: (width * 9) / 16 }));
export const RTP_PARAMETERS: RtpParameters = { codecs: [VP8], encodings: SSRC.map((ssrc) => ({ ssrc })) };

/** Each of its frames is a key frame of one packet (RFC 7741). Each layer begins its timestamps where it likes. */
export class Layers {
	readonly #socket: Socket;
	readonly #port: number;
	readonly #layers = SSRC.map((ssrc, i) => {
		const size = SIZES[i] ?? { width: 0, height: 0 };
		return { ssrc, size, on: false, reports: false, seq: 1, packets: 0, begins: Math.floor(Math.random() * 2 ** 32) };
	});
	readonly #timers: NodeJS.Timeout[];

	/** To that port of this machine. */
	static async open(port: number): Promise<Layers> {
		const socket = createSocket("udp4");
		socket.bind(0, "127.0.0.1");
		await once(socket, "listening");
		return new Layers(socket, port);
	}

	private constructor(socket: Socket, port: number) {
		this.#socket = socket;
		this.#port = port;
		this.#timers = [setInterval(() => this.#frame(), FRAME_MS), setInterval(() => this.#report(), SR_MS)];
	}

	/** Whether it comes, and whether reports of it do. */
	set(index: number, on: boolean, reports = on): void {
		Object.assign(this.#layers[index] ?? {}, { on, reports });
	}

	stop(): void {
		for (const timer of this.#timers) clearInterval(timer);
		this.#socket.close();
	}

	#frame(): void {
		for (const layer of this.#layers) {
			if (!layer.on) continue;
			const packet = Buffer.alloc(600);
			packet.writeUInt8(0x80, 0);
			packet.writeUInt8(0x80 | PAYLOAD_TYPE, 1);
			packet.writeUInt16BE(layer.seq++ & 0xffff, 2);
			packet.writeUInt32BE(timestamp(layer), 4);
			packet.writeUInt32BE(layer.ssrc, 8);
			// S: the first of its partition; then the tag of a key frame that is shown, and its size (RFC 6386 section 9.1).
			packet.writeUInt8(0x10, 12);
			packet.writeUInt8(0x10, 13);
			packet.set([0x9d, 0x01, 0x2a], 16);
			packet.writeUInt16LE(layer.size.width, 19);
			packet.writeUInt16LE(layer.size.height, 21);
			layer.packets++;
			this.#socket.send(packet, this.#port, "127.0.0.1");
		}
	}

	#report(): void {
		for (const layer of this.#layers) {
			const { ssrc, on, reports, packets } = layer;
			if (!on || !reports) continue;
			const report = Buffer.alloc(28);
			report.writeUInt8(0x80, 0);
			report.writeUInt8(200, 1);
			report.writeUInt16BE(6, 2);
			report.writeUInt32BE(ssrc, 4);
			const seconds = Date.now() / 1_000 + 2_208_988_800;
			report.writeUInt32BE(Math.floor(seconds), 8);
			report.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), 12);
			report.writeUInt32BE(timestamp(layer), 16);
			report.writeUInt32BE(packets, 20);
			report.writeUInt32BE(packets * 588, 24);
			this.#socket.send(report, this.#port, "127.0.0.1");
		}
	}
}

/** Of now. */
function timestamp({ begins }: { begins: number }): number {
	return (begins + performance.now() * 90) >>> 0;
}
