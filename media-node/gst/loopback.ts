/** Media between a worker and a pipeline on the same machine: RTP and RTCP on ports of their own, SRTP both ways. */
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Consumer, PlainTransport, Producer, Router, RtpCapabilities } from "mediasoup/types";
import { climb } from "../rtc/climbing.ts";
import type { Pipeline } from "./pipeline.ts";

const ADDRESS = "127.0.0.1";
const SUITE = "AES_CM_128_HMAC_SHA1_80";
/** Of that suite: master key and salt (RFC 3711 section 8.2). */
const KEY_BYTES = 30;

export interface Loopback {
	transport: PlainTransport;
	/** Of the worker, for reports. */
	rtcpPort: number;
	/** What the worker protects with; base64. */
	workerKey: string;
	/** What the pipeline protects with. */
	pipelineKey: string;
	/** To the ports of the pipeline. */
	connect(port: number, rtcpPort: number): Promise<void>;
}

export interface Tap extends Loopback {
	/** Paused still. */
	consumer: Consumer;
}

export async function loopback(router: Router): Promise<Loopback> {
	const listenInfo = { protocol: "udp" as const, ip: ADDRESS };
	const transport = await router.createPlainTransport({
		...{ listenInfo, rtcpListenInfo: listenInfo, rtcpMux: false, comedia: false },
		...{ enableSrtp: true, srtpCryptoSuite: SUITE },
	});
	const pipelineKey = randomBytes(KEY_BYTES).toString("base64");
	return {
		transport,
		rtcpPort: transport.rtcpTuple?.localPort ?? 0,
		workerKey: transport.srtpParameters?.keyBase64 ?? "",
		pipelineKey,
		connect: (port, rtcpPort) => {
			const srtpParameters = { cryptoSuite: SUITE, keyBase64: pipelineKey } as const;
			return transport.connect({ ip: ADDRESS, port, rtcpPort, srtpParameters });
		},
	};
}

/** What is sent to the room, on its way to a pipeline. */
export async function tap(router: Router, producer: Producer): Promise<Tap> {
	const way = await loopback(router);
	try {
		const rtpCapabilities = plainCapabilities(router.rtpCapabilities);
		const consumer = await way.transport.consume({ producerId: producer.id, rtpCapabilities, paused: true });
		climb(consumer, producer);
		return { ...way, consumer };
	} catch (error) {
		way.transport.close();
		throw error;
	}
}

/** Whatever the router has, as it is: nothing is lost on the way, and nothing extends a header. */
export function plainCapabilities({ codecs = [] }: RtpCapabilities): RtpCapabilities {
	return { codecs: codecs.filter(({ mimeType }) => !/\/rtx$/i.test(mimeType)), headerExtensions: [] };
}

/** One that an element of a pipeline has bound. */
export async function portOf(pipeline: Pipeline, element: string): Promise<number> {
	const port = Number(await pipeline.get(element, "port"));
	if (!(port > 0)) throw new Error(`${element} has no port`);
	return port;
}

/** One that was free a moment ago: a pipeline says from which one it sends before it is there. */
export async function freePort(): Promise<number> {
	const socket = createSocket("udp4");
	socket.bind(0, ADDRESS);
	await once(socket, "listening");
	const { port } = socket.address();
	socket.close();
	return port;
}

/** As texts of pipelines have keys. */
export function hex(base64: string): string {
	return Buffer.from(base64, "base64").toString("hex");
}
