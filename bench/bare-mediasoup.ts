/**
 * mediasoup with nothing around it, as a process of its own: one worker, one router, transports on request. What the
 * forward bench measures the node against. Driven over IPC.
 */
import { createWorker } from "mediasoup";
import type { RouterRtpCodecCapability, RtpCapabilities, RtpParameters, WebRtcTransport } from "mediasoup/types";
import { ROUTER_CODECS } from "../shared/codecs.ts";
import type { DtlsParameters } from "../shared/media.ts";
import { ROUTER_CAPABILITIES } from "../shared/router-capabilities.ts";

export type BareRequest =
	| { id: number; type: "transport" }
	| { id: number; type: "connect"; transport: string; dtlsParameters: DtlsParameters }
	| { id: number; type: "produce"; transport: string; kind: "audio" | "video"; rtpParameters: RtpParameters }
	| { id: number; type: "consume"; transport: string; producer: string };

const worker = await createWorker({ logLevel: "error" });
const webRtcServer = await worker.createWebRtcServer({
	listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }],
});
const router = await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] as RouterRtpCodecCapability[] });
const transports = new Map<string, WebRtcTransport>();

function transportOf(id: string): WebRtcTransport {
	const transport = transports.get(id);
	if (!transport) throw new Error(`no transport ${id}`);
	return transport;
}

async function answer(request: BareRequest): Promise<unknown> {
	switch (request.type) {
		case "transport": {
			const transport = await router.createWebRtcTransport({
				webRtcServer,
				initialAvailableOutgoingBitrate: 1_000_000,
			});
			transports.set(transport.id, transport);
			const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
			return { id, iceParameters, iceCandidates, dtlsParameters };
		}
		case "connect":
			await transportOf(request.transport).connect({ dtlsParameters: request.dtlsParameters });
			return {};
		case "produce": {
			const { kind, rtpParameters } = request;
			return { id: (await transportOf(request.transport).produce({ kind, rtpParameters })).id };
		}
		case "consume": {
			const consumer = await transportOf(request.transport).consume({
				producerId: request.producer,
				rtpCapabilities: ROUTER_CAPABILITIES as RtpCapabilities,
			});
			const { id, kind, rtpParameters, type } = consumer;
			return { id, kind, rtpParameters, type, paused: false };
		}
	}
}

process.on("message", (request: BareRequest) => {
	answer(request).then(
		(value) => process.send?.({ id: request.id, value }),
		(error: unknown) => process.send?.({ id: request.id, error: String(error) }),
	);
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: worker.pid });
