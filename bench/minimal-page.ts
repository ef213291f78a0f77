/** The page of minimal-server.ts: mediasoup-client as its documentation has it, with nothing around it. */
import { Device } from "mediasoup-client";
import type {
	DtlsParameters,
	RtpCapabilities,
	RtpParameters,
	Transport,
	TransportOptions,
} from "mediasoup-client/types";

interface Consumed {
	transport: TransportOptions;
	consumers: { id: string; producerId: string; kind: "audio" | "video"; rtpParameters: RtpParameters }[];
}

class Socket {
	readonly capabilities: Promise<RtpCapabilities>;
	readonly #ws: WebSocket;
	#id = 0;
	readonly #answers = new Map<number, (value: never) => void>();

	constructor() {
		this.#ws = new WebSocket(location.origin.replace(/^http/, "ws"));
		this.capabilities = new Promise((resolve) => {
			this.#ws.onmessage = ({ data }) => {
				const message = JSON.parse(data as string);
				if (message.routerRtpCapabilities) resolve(message.routerRtpCapabilities);
				else this.#answers.get(message.id)?.(message.value as never);
			};
		});
	}

	ask<T>(type: string, body: object = {}): Promise<T> {
		const id = ++this.#id;
		this.#ws.send(JSON.stringify({ id, type, ...body }));
		return new Promise<T>((resolve) => this.#answers.set(id, resolve as (value: never) => void));
	}
}

function connect(socket: Socket, transport: Transport): void {
	transport.on("connect", ({ dtlsParameters }: { dtlsParameters: DtlsParameters }, done: () => void) => {
		void socket.ask("connect", { dtlsParameters }).then(done);
	});
}

export async function publish(tracks: MediaStreamTrack[]): Promise<void> {
	const socket = new Socket();
	const device = await Device.factory();
	await device.load({ routerRtpCapabilities: await socket.capabilities });
	const transport = device.createSendTransport(await socket.ask<TransportOptions>("transport"));
	connect(socket, transport);
	transport.on("produce", ({ kind, rtpParameters }, done) => {
		void socket.ask<{ id: string }>("produce", { kind, rtpParameters }).then(done);
	});
	for (const track of tracks) await transport.produce({ track });
}

/** The tracks, in the order they were published. */
export async function watch(): Promise<MediaStreamTrack[]> {
	const socket = new Socket();
	const device = await Device.factory();
	await device.load({ routerRtpCapabilities: await socket.capabilities });
	const { transport: options, consumers } = await socket.ask<Consumed>("consume", {
		rtpCapabilities: device.recvRtpCapabilities,
	});
	const transport = device.createRecvTransport(options);
	connect(socket, transport);
	return Promise.all(consumers.map(async (consumer) => (await transport.consume(consumer)).track));
}
