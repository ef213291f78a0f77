/** Talksy's protocol in a browser (docs/talksy.md): one socket, one peer connection, and its `internal` channel. */
import type { AvailableTrack, ClientStats, Quality } from "../../shared/talksy.ts";

/** Layers of the camera, largest first: that is the order in which browsers leave them out. */
const LAYERS: RTCRtpEncodingParameters[] = [
	{ rid: "high", maxBitrate: 1_200_000, scaleResolutionDownBy: 1 },
	{ rid: "mid", maxBitrate: 500_000, scaleResolutionDownBy: 2 },
	{ rid: "low", maxBitrate: 150_000, scaleResolutionDownBy: 4 },
];
const STATS_MS = 1_000;

export interface Listener {
	onId(id: string): void;
	/** Somebody's tracks have come, or some of them. */
	onStream(stream: MediaStream): void;
	onStreamGone(id: string): void;
	onAvailable(tracks: AvailableTrack[]): void;
	onVoice(stream: string, speaking: boolean): void;
	onStats(stats: ClientStats): void;
	onCondition(stable: boolean): void;
	onConnection(state: RTCPeerConnectionState): void;
	onError(message: string): void;
	onClosed(code: number): void;
	/** Each frame, for whoever wants to look. */
	onFrame(direction: "in" | "out", type: string, data: unknown): void;
}

interface Frame {
	type: string;
	data: unknown;
}

export class TalksyConnection {
	readonly #pc = new RTCPeerConnection();
	readonly #ws: WebSocket;
	readonly #listener: Listener;
	readonly #own: MediaStream;
	readonly #red: boolean;
	/** Ids of tracks that show a screen. */
	readonly #screens = new Set<string>();
	readonly #reports: ReturnType<typeof setInterval>;
	#channel: RTCDataChannel | undefined;
	/** Frames are handled one after the other. */
	#handled: Promise<void> = Promise.resolve();

	/** `red`: RED is preferred where the browser has it. The server answers Opus without. */
	constructor(address: string, own: MediaStream, listener: Listener, { red = true } = {}) {
		this.#own = own;
		this.#listener = listener;
		this.#red = red;
		this.#pc.onicecandidate = ({ candidate }) => candidate && this.#say("candidate", candidate.candidate);
		this.#pc.onconnectionstatechange = () => listener.onConnection(this.#pc.connectionState);
		this.#pc.ontrack = ({ streams: [stream] }) => stream && this.#show(stream);
		this.#pc.ondatachannel = ({ channel }) => this.#listen(channel);
		this.#ws = new WebSocket(address);
		this.#ws.onmessage = ({ data }) => this.#queue(JSON.parse(String(data)) as Frame);
		this.#ws.onclose = ({ code }) => {
			this.close();
			listener.onClosed(code);
		};
		this.#reports = setInterval(() => void this.#report(), STATS_MS);
	}

	switchQuality(quality: Quality): void {
		this.#say("switch_quality", quality);
	}

	/** bit/s */
	limit(bitsPerSecond: number): void {
		this.#say("set_bandwidth_limit", String(bitsPerSecond));
	}

	/** How large a track is shown, in device pixels; 0 when it is out of view. */
	resize(track_id: string, width: number, height: number): void {
		this.#tell("video_size", { track_id, width: Math.round(width), height: Math.round(height) });
	}

	shareScreen(stream: MediaStream): void {
		for (const track of stream.getTracks()) {
			this.#screens.add(track.id);
			this.#pc.addTransceiver(track, { direction: "sendonly", streams: [stream] });
		}
		this.#say("is_allow_renegotiation");
	}

	stopScreen(stream: MediaStream): void {
		const tracks = new Set<MediaStreamTrack | null>(stream.getTracks());
		for (const transceiver of this.#pc.getTransceivers()) {
			if (transceiver.sender.track && tracks.has(transceiver.sender.track)) transceiver.stop();
		}
		for (const track of stream.getTracks()) track.stop();
		this.#say("is_allow_renegotiation");
	}

	close(): void {
		clearInterval(this.#reports);
		this.#pc.close();
		this.#ws.close();
	}

	#say(type: string, data?: unknown): void {
		if (this.#ws.readyState !== WebSocket.OPEN) return;
		this.#listener.onFrame("out", type, data);
		this.#ws.send(JSON.stringify({ type, data }));
	}

	#queue(frame: Frame): void {
		this.#listener.onFrame("in", frame.type, frame.data);
		this.#handled = this.#handled
			.then(() => this.#take(frame))
			.catch((error: unknown) => {
				if (this.#pc.signalingState !== "closed") this.#listener.onError(String(error));
			});
	}

	async #take({ type, data }: Frame): Promise<void> {
		switch (type) {
			case "clientid":
				this.#listener.onId(String(data));
				this.#send();
				return this.#offer();
			case "answer":
				return this.#pc.setRemoteDescription(data as RTCSessionDescriptionInit);
			case "offer":
				await this.#pc.setRemoteDescription(data as RTCSessionDescriptionInit);
				await this.#pc.setLocalDescription();
				return this.#say("answer", this.#pc.localDescription?.sdp);
			case "candidate":
				return this.#pc.addIceCandidate(data as RTCIceCandidateInit);
			case "tracks_added": {
				const sources = Object.keys(data as object).map((id) => [id, this.#screens.has(id) ? "screen" : "media"]);
				return this.#say("tracks_added", Object.fromEntries(sources));
			}
			case "tracks_available": {
				const tracks = Object.values(data as Record<string, AvailableTrack>);
				this.#listener.onAvailable(tracks);
				return this.#say(
					"subscribe_tracks",
					tracks.map(({ client_id, id }) => ({ client_id, track_id: id })),
				);
			}
			case "allow_renegotiation":
				// "ok" tells that the server is done, which nobody here waits for.
				if (data === true) return this.#offer();
				if (data === false) setTimeout(() => this.#say("is_allow_renegotiation"), 500);
				return;
			case "network_condition":
				return this.#listener.onCondition(data === 1);
			case "track_stats":
				return this.#listener.onStats(data as ClientStats);
			case "error":
				return this.#listener.onError(String(data));
		}
	}

	/** Own tracks, or only places to receive in. */
	#send(): void {
		for (const kind of ["audio", "video"] as const) {
			const track = this.#own.getTracks().find((it) => it.kind === kind);
			const transceiver = this.#pc.addTransceiver(track ?? kind, {
				direction: track ? "sendrecv" : "recvonly",
				streams: track ? [this.#own] : [],
				...(track && kind === "video" && { sendEncodings: LAYERS }),
			});
			if (kind !== "audio" || !this.#red) continue;
			const codecs = RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];
			const isRed = ({ mimeType }: RTCRtpCodec) => mimeType.toLowerCase() === "audio/red";
			transceiver.setCodecPreferences([...codecs.filter(isRed), ...codecs.filter((codec) => !isRed(codec))]);
		}
	}

	async #offer(): Promise<void> {
		await this.#pc.setLocalDescription(await this.#pc.createOffer());
		this.#say("offer", this.#pc.localDescription?.sdp);
	}

	#show(stream: MediaStream): void {
		stream.onremovetrack = () => {
			if (stream.getTracks().length === 0) this.#listener.onStreamGone(stream.id);
			else this.#listener.onStream(stream);
		};
		this.#listener.onStream(stream);
	}

	#listen(channel: RTCDataChannel): void {
		this.#channel = channel;
		channel.onmessage = ({ data: text }) => {
			const { type, data } = JSON.parse(String(text)) as { type: string; data: { streamID: string } };
			if (type === "vad_started" || type === "vad_ended") this.#listener.onVoice(data.streamID, type === "vad_started");
		};
	}

	#tell(type: string, data: object): void {
		if (this.#channel?.readyState === "open") this.#channel.send(JSON.stringify({ type, data }));
	}

	/** What keeps this side from sending more. */
	async #report(): Promise<void> {
		if (this.#channel?.readyState !== "open") return;
		let bitrate: number | undefined;
		const reasons = new Set<string>();
		for (const stats of (await this.#pc.getStats()).values()) {
			if (stats.type === "candidate-pair" && stats.nominated) bitrate = stats.availableOutgoingBitrate ?? bitrate;
			if (stats.type === "outbound-rtp" && stats.qualityLimitationReason) reasons.add(stats.qualityLimitationReason);
		}
		const both = reasons.has("cpu") && reasons.has("bandwidth");
		const reason = both ? "both" : (["cpu", "bandwidth"].find((it) => reasons.has(it)) ?? "none");
		this.#tell("stats", { available_outgoing_bitrate: bitrate, quality_limitation_reason: reason });
		if (bitrate !== undefined) this.#say("update_bandwidth", Math.round(bitrate));
	}
}
