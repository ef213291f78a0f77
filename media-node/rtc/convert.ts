/**
 * Between the wire's types and mediasoup's, which are the same shapes: mediasoup names header extensions by a union of
 * the URIs it knows, the wire by any text. mediasoup itself checks every value, so this is the one place that casts.
 */
import type * as mediasoup from "mediasoup/types";
import type { DtlsParameters, RtpCapabilities, RtpParameters, TransportParameters } from "../../shared/media.ts";

export function rtpParametersIn(parameters: RtpParameters): mediasoup.RtpParameters {
	return parameters as mediasoup.RtpParameters;
}

export function rtpParametersOut(parameters: mediasoup.RtpParameters): RtpParameters {
	return parameters as RtpParameters;
}

export function rtpCapabilitiesIn(capabilities: RtpCapabilities): mediasoup.RtpCapabilities {
	return capabilities as mediasoup.RtpCapabilities;
}

export function dtlsParametersIn(parameters: DtlsParameters): mediasoup.DtlsParameters {
	return parameters;
}

export function transportOut(transport: mediasoup.WebRtcTransport): TransportParameters {
	const { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = transport;
	return { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } as TransportParameters;
}
