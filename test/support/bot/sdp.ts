/** The SDP that a mediasoup transport amounts to, for a WebRTC stack that takes nothing else (RFC 8829, RFC 8839). */
import type { ConsumerParameters, RtpParameters, TransportParameters } from "../../../shared/media.ts";

export interface Section {
	mid: string;
	kind: "audio" | "video";
	/** As the mediasoup side sees it. */
	direction: "sendonly" | "recvonly" | "inactive";
	rtpParameters: RtpParameters;
}

function session(transport: TransportParameters, mids: readonly string[]): string[] {
	return [
		"v=0",
		"o=- 1 1 IN IP4 127.0.0.1",
		"s=-",
		"t=0 0",
		"a=ice-lite",
		...transport.dtlsParameters.fingerprints
			.filter(({ algorithm }) => algorithm === "sha-256")
			.map(({ algorithm, value }) => `a=fingerprint:${algorithm} ${value}`),
		`a=group:BUNDLE ${mids.join(" ")}`,
		"a=msid-semantic: WMS *",
	];
}

function transportLines(transport: TransportParameters, setup: string): string[] {
	const { iceParameters, iceCandidates } = transport;
	return [
		"c=IN IP4 127.0.0.1",
		`a=ice-ufrag:${iceParameters.usernameFragment}`,
		`a=ice-pwd:${iceParameters.password}`,
		...iceCandidates
			.filter(({ protocol }) => protocol === "udp")
			.map((it) => `a=candidate:${it.foundation} 1 udp ${it.priority} ${it.address} ${it.port} typ host`),
		"a=end-of-candidates",
		`a=setup:${setup}`,
		"a=rtcp-mux",
	];
}

function media(
	{ mid, kind, direction, rtpParameters }: Section,
	transport: TransportParameters,
	setup: string,
): string[] {
	const { codecs, encodings = [], rtcp } = rtpParameters;
	const lines = [
		`m=${kind} 7 UDP/TLS/RTP/SAVPF ${codecs.map(({ payloadType }) => payloadType).join(" ")}`,
		...transportLines(transport, setup),
		`a=mid:${mid}`,
		`a=${direction}`,
	];
	for (const codec of codecs) {
		const channels = (codec.channels ?? 1) > 1 ? `/${codec.channels}` : "";
		lines.push(`a=rtpmap:${codec.payloadType} ${codec.mimeType.split("/")[1]}/${codec.clockRate}${channels}`);
		for (const { type, parameter } of codec.rtcpFeedback ?? []) {
			lines.push(`a=rtcp-fb:${codec.payloadType} ${type}${parameter ? ` ${parameter}` : ""}`);
		}
		const fmtp = Object.entries(codec.parameters ?? {}).map(([key, value]) => `${key}=${value}`);
		if (fmtp.length > 0) lines.push(`a=fmtp:${codec.payloadType} ${fmtp.join(";")}`);
	}
	if (direction === "sendonly") {
		for (const { ssrc } of encodings) if (ssrc) lines.push(`a=ssrc:${ssrc} cname:${rtcp?.cname ?? "cname"}`);
	}
	return lines;
}

/** Remote description for what mediasoup receives (its answer) or sends (its offer). */
export function describe(
	transport: TransportParameters,
	sections: readonly Section[],
	type: "offer" | "answer",
): string {
	const setup = type === "offer" ? "actpass" : "passive";
	const lines = session(
		transport,
		sections.map(({ mid }) => mid),
	);
	for (const section of sections) lines.push(...media(section, transport, setup));
	return `${lines.join("\r\n")}\r\n`;
}

export type MediaConsumer = Extract<ConsumerParameters, { kind: "audio" | "video" }>;

/** The fingerprint that a local description names. */
export function fingerprintOf(sdp: string): { algorithm: "sha-256"; value: string } {
	const value = /a=fingerprint:sha-256 (\S+)/i.exec(sdp)?.[1];
	if (!value) throw new Error("no SHA-256 fingerprint in the local description");
	return { algorithm: "sha-256", value };
}
