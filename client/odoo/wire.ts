/** What the server's requests carry. */
import type { Device, types } from "mediasoup-client";
import type { SessionId, StreamType } from "./names.ts";

export type ProducerOptions = Partial<types.ProducerOptions>;

export interface TransportConfig {
	id: string;
	iceParameters: types.IceParameters;
	iceCandidates: types.IceCandidate[];
	dtlsParameters: types.DtlsParameters;
}
export interface InitTransports {
	capabilities: Parameters<Device["load"]>[0]["routerRtpCapabilities"];
	ctsConfig: TransportConfig;
	stcConfig: TransportConfig;
	producerOptionsByKind?: Record<"audio" | "video", ProducerOptions>;
}
export interface InitConsumer {
	id: string;
	kind: types.MediaKind;
	producerId: string;
	rtpParameters: types.RtpParameters;
	sessionId: SessionId;
	active: boolean;
	type: StreamType;
}
