/** Media between a worker and a pipeline on the same machine: RTP and RTCP on ports of their own, SRTP both ways. */
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { PlainTransport, Router, RtpCapabilities } from "mediasoup/types";

const ADDRESS = "127.0.0.1";
const SUITE = "AES_CM_128_HMAC_SHA1_80";
/** Of that suite: master key and salt. */
const KEY_BYTES = 30;

export interface Loopback {
	transport: PlainTransport;
	/** What the worker protects with; base64. */
	workerKey: string;
	/** What the pipeline protects with. */
	pipelineKey: string;
	connect(port: number, rtcpPort: number): Promise<void>;
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
		workerKey: transport.srtpParameters?.keyBase64 ?? "",
		pipelineKey,
		connect: (port, rtcpPort) => {
			const srtpParameters = { cryptoSuite: SUITE, keyBase64: pipelineKey } as const;
			return transport.connect({ ip: ADDRESS, port, rtcpPort, srtpParameters });
		},
	};
}

/** Whatever the router has, as it is: nothing is lost on the way, and nothing extends a header. */
export function plainCapabilities({ codecs = [] }: RtpCapabilities): RtpCapabilities {
	return { codecs: codecs.filter(({ mimeType }) => !/\/rtx$/i.test(mimeType)), headerExtensions: [] };
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
