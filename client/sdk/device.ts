/**
 * What can be made ready before the room says a word: a certificate, so that the media node knows its fingerprint
 * with the join and no transport waits for a round trip (W3C WebRTC section 4.9), and mediasoup-client's device.
 */
import { Device } from "mediasoup-client";
import { ROUTER_CAPABILITIES } from "../../shared/router-capabilities.ts";
import { SwitchyardError } from "./error.ts";
import type { DtlsParameters, RequestInput, Welcome } from "./wire.ts";

type RouterCapabilities = Parameters<Device["load"]>[0]["routerRtpCapabilities"];

export class MediaDevice {
	#device: Device;
	/** The certificate of both transports, where the browser lets one be chosen. */
	readonly certificate: RTCCertificate | undefined;
	readonly #fingerprints: DtlsParameters["fingerprints"];
	#capabilities: string;

	private constructor(
		device: Device,
		certificate: RTCCertificate | undefined,
		fingerprints: DtlsParameters["fingerprints"],
	) {
		this.#device = device;
		this.certificate = certificate;
		this.#fingerprints = fingerprints;
		this.#capabilities = JSON.stringify(ROUTER_CAPABILITIES);
	}

	static async prepare(): Promise<MediaDevice> {
		const [device, known] = await Promise.all([loadDevice(ROUTER_CAPABILITIES), makeCertificate()]);
		return new MediaDevice(device, known?.certificate, known?.fingerprints ?? []);
	}

	get device(): Device {
		return this.#device;
	}

	/** What `join` tells of this side. */
	async joinParameters(welcome: Welcome): Promise<Pick<RequestInput<"join">, "rtpCapabilities" | "dtlsParameters">> {
		const capabilities = JSON.stringify(welcome.routerRtpCapabilities);
		if (capabilities !== this.#capabilities) {
			// The fleet is newer or older than this SDK.
			this.#device = await loadDevice(welcome.routerRtpCapabilities);
			this.#capabilities = capabilities;
		}
		return {
			rtpCapabilities: this.#device.recvRtpCapabilities as Welcome["routerRtpCapabilities"],
			dtlsParameters: this.certificate && { role: "client", fingerprints: this.#fingerprints },
		};
	}
}

async function loadDevice(capabilities: Welcome["routerRtpCapabilities"]): Promise<Device> {
	try {
		const device = await Device.factory();
		await device.load({ routerRtpCapabilities: capabilities as RouterCapabilities });
		return device;
	} catch (error) {
		throw new SwitchyardError("not_supported", "this browser cannot be used for calls", { cause: error });
	}
}

/** Undefined where the browser cannot: its transports are then connected by a request each. */
async function makeCertificate(): Promise<
	{ certificate: RTCCertificate; fingerprints: DtlsParameters["fingerprints"] } | undefined
> {
	try {
		const certificate = await RTCPeerConnection.generateCertificate({
			name: "ECDSA",
			namedCurve: "P-256",
		} as AlgorithmIdentifier);
		// mediasoup-client clones the settings of a transport, which throws where certificates cannot be cloned.
		structuredClone({ certificates: [certificate] });
		const fingerprints = certificate.getFingerprints?.() ?? (await fingerprintsOf(certificate));
		const known = fingerprints.flatMap(({ algorithm, value }) =>
			// The worker compares text: the algorithm in lower case, the value in upper case (RFC 8122 section 5).
			algorithm && value ? [{ algorithm: algorithm.toLowerCase(), value: value.toUpperCase() }] : [],
		) as DtlsParameters["fingerprints"];
		return known.length > 0 ? { certificate, fingerprints: known } : undefined;
	} catch {
		return undefined;
	}
}

/** Firefox has no `getFingerprints`, but says them in an offer. */
async function fingerprintsOf(certificate: RTCCertificate): Promise<RTCDtlsFingerprint[]> {
	const connection = new RTCPeerConnection({ certificates: [certificate] });
	try {
		connection.createDataChannel("");
		const { sdp = "" } = await connection.createOffer();
		const [, algorithm, value] = /^a=fingerprint:(\S+) (\S+)/m.exec(sdp) ?? [];
		return algorithm && value ? [{ algorithm, value }] : [];
	} finally {
		connection.close();
	}
}
