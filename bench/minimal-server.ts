/**
 * The least that a mediasoup call can be, as a process of its own: a page and a socket, one worker, one router, one
 * publisher. What the join bench measures against.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { createWorker } from "mediasoup";
import type {
	DtlsParameters,
	Producer,
	RouterRtpCodecCapability,
	RtpCapabilities,
	RtpParameters,
	WebRtcTransport,
} from "mediasoup/types";
import { type WebSocket, WebSocketServer } from "ws";
import { ROUTER_CODECS } from "../shared/codecs.ts";

type Request =
	| { id: number; type: "transport" }
	| { id: number; type: "connect"; dtlsParameters: DtlsParameters }
	| { id: number; type: "produce"; kind: "audio" | "video"; rtpParameters: RtpParameters }
	| { id: number; type: "consume"; rtpCapabilities: RtpCapabilities };

const page = await build({
	entryPoints: [new URL("./minimal-page.ts", import.meta.url).pathname],
	bundle: true,
	format: "esm",
	write: false,
	target: "es2022",
});
const worker = await createWorker({ logLevel: "error" });
const webRtcServer = await worker.createWebRtcServer({ listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }] });
const router = await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] as RouterRtpCodecCapability[] });
const producers: Producer[] = [];

async function makeTransport() {
	const transport = await router.createWebRtcTransport({ webRtcServer });
	const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
	return { transport, parameters: { id, iceParameters, iceCandidates, dtlsParameters } };
}

function serve(ws: WebSocket): void {
	let transport: WebRtcTransport | undefined;
	ws.send(JSON.stringify({ routerRtpCapabilities: router.rtpCapabilities }));
	const answer = async (request: Request): Promise<unknown> => {
		if (request.type === "transport" || request.type === "consume") {
			const made = await makeTransport();
			transport = made.transport;
			if (request.type === "transport") return made.parameters;
			const consumers = await Promise.all(
				producers.map(({ id: producerId }) =>
					made.transport.consume({ producerId, rtpCapabilities: request.rtpCapabilities }),
				),
			);
			return {
				transport: made.parameters,
				consumers: consumers.map(({ id, producerId, kind, rtpParameters }) => ({
					id,
					producerId,
					kind,
					rtpParameters,
				})),
			};
		}
		if (!transport) throw new Error("no transport yet");
		if (request.type === "connect") {
			await transport.connect({ dtlsParameters: request.dtlsParameters });
			return {};
		}
		const producer = await transport.produce({ kind: request.kind, rtpParameters: request.rtpParameters });
		producers.push(producer);
		return { id: producer.id };
	};
	ws.on("message", (data: Buffer) => {
		const request = JSON.parse(data.toString()) as Request;
		void answer(request).then((value) => ws.send(JSON.stringify({ id: request.id, value })));
	});
	ws.on("close", () => transport?.close());
}

const server = createServer((request, response) => {
	if (request.url === "/page.js")
		response.writeHead(200, { "content-type": "text/javascript" }).end(page.outputFiles[0]?.text);
	else response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>minimal</title>");
});
new WebSocketServer({ server, perMessageDeflate: false }).on("connection", serve);
server.listen(0, "127.0.0.1", () =>
	process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
);
process.on("disconnect", () => process.exit(0));
