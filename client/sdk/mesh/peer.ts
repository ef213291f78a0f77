/**
 * The connection to one other participant: perfect negotiation (W3C WebRTC section 10.7) over the room's signals. Each
 * track has a media section of its own, one way; a description says which track each of the sender's sections carries.
 */
import type { LocalChannel } from "../channels.ts";
import { planVideo, sizeOf } from "../encodings.ts";
import type { LocalTrackImpl } from "../local-track.ts";
import type { Signal } from "../wire.ts";

/** How long a connection may take, at first or to mend itself, before it is said that there is none, ms. */
const PATIENCE_MS = 12_000;
/** How long ICE may mend itself before it is restarted, ms. A connection that failed is restarted at once. */
const DISCONNECTED_MS = 2_000;
/** How long this side goes on when the other does not say that it needs it no more, ms. */
const LINGER_MS = 10_000;

export interface PeerPort {
	/** Of now. */
	configuration(): RTCConfiguration;
	signal(signal: Signal): void;
	/** What is sent to everybody. */
	tracks(): Iterable<LocalTrackImpl>;
	channels(): Iterable<LocalChannel>;
	wants(track: string): boolean;
	/** A track of theirs comes this way, or does no more. */
	received(track: string, media: MediaStreamTrack | undefined): void;
	stateChanged(): void;
	/** Its way is lost, and another is looked for. */
	pathLost(): void;
	/** There is no way to it so far. */
	failed(): void;
	/** Neither side needs it any more. */
	finished(): void;
	channel(channel: RTCDataChannel): void;
}

export class Peer {
	readonly connection: RTCPeerConnection;
	readonly #polite: boolean;
	readonly #port: PeerPort;
	readonly #sent = new Map<LocalTrackImpl, RTCRtpTransceiver>();
	readonly #channels = new Map<LocalChannel, RTCDataChannel>();
	readonly #streams = new Map<string, MediaStream>();
	/** Their tracks by media section. */
	#theirs: Record<string, string> = {};
	#received = new Map<string, RTCRtpTransceiver>();
	#offering = false;
	#ignoring = false;
	/** One signal after the other, in the order they came. */
	#handled: Promise<void> = Promise.resolve();
	#patience: ReturnType<typeof setTimeout> | undefined;
	#mending: ReturnType<typeof setTimeout> | undefined;
	#lingering: ReturnType<typeof setTimeout> | undefined;
	readonly #done = { here: false, there: false };

	/** `polite`: gives way when both sides offer at once, and leaves the first offer to the other. */
	constructor(polite: boolean, port: PeerPort) {
		this.#polite = polite;
		this.#port = port;
		const connection = new RTCPeerConnection(port.configuration());
		this.connection = connection;
		connection.onnegotiationneeded = () => void this.#offer();
		connection.onicecandidate = ({ candidate }) => {
			if (candidate) port.signal({ candidates: [candidate.toJSON() as { candidate: string }] });
		};
		connection.onconnectionstatechange = () => this.#stateChanged();
		connection.ondatachannel = ({ channel }) => port.channel(channel);
		// So that there is a connection before anybody sends anything.
		connection.createDataChannel("", { negotiated: true, id: 0 });
		this.#wait();
		this.sync();
	}

	get connected(): boolean {
		return this.connection.connectionState === "connected";
	}

	get closed(): boolean {
		return this.connection.signalingState === "closed";
	}

	/** Sends what is to be sent, asks for what is wanted, and nothing else. */
	sync(): void {
		if (this.closed) return;
		const tracks = new Set(this.#port.tracks());
		for (const [track, transceiver] of this.#sent) {
			if (tracks.has(track)) continue;
			this.#sent.delete(track);
			track.direct.delete(transceiver.sender);
			transceiver.stop();
		}
		for (const track of tracks) if (!this.#sent.has(track)) this.#add(track);
		const channels = new Set(this.#port.channels());
		for (const [channel, outlet] of this.#channels) {
			if (channels.has(channel)) continue;
			this.#channels.delete(channel);
			outlet.close();
		}
		for (const channel of channels) {
			if (!this.#channels.has(channel)) this.#channels.set(channel, channel.openTo(this.connection));
		}
		this.#ask();
	}

	/** A signal of the other side. */
	receive(signal: Signal): void {
		this.#handled = this.#handled
			.then(() => this.#receive(signal))
			.catch((error: unknown) => {
				if (!this.closed) console.warn("switchyard: a direct connection could not be negotiated", error);
			});
	}

	/** The other side has made its connection anew: this one cannot go on with it. */
	isOther({ description }: Signal): boolean {
		const before = fingerprintOf(this.connection.remoteDescription?.sdp);
		const now = fingerprintOf(description?.sdp);
		return before !== undefined && now !== undefined && before !== now;
	}

	/** This side has everything from elsewhere. It goes on until the other has as well. */
	done(): void {
		if (this.#done.here || this.closed) return;
		this.#done.here = true;
		this.#port.signal({ done: true });
		if (this.#done.there) this.#port.finished();
		else this.#lingering = setTimeout(() => this.#port.finished(), LINGER_MS);
	}

	/** It is needed again. False: it may be ending already. */
	keep(): boolean {
		return !this.#done.here && !this.#done.there && !this.closed;
	}

	/** A path that does not work any more is looked for anew without waiting; `anew`: nor does one that seems to. */
	check(anew = false): void {
		const { connectionState } = this.connection;
		const lost = connectionState === "disconnected" || connectionState === "failed";
		if (lost || (anew && connectionState === "connected")) this.#restartIce();
	}

	close(): void {
		clearTimeout(this.#patience);
		clearTimeout(this.#mending);
		clearTimeout(this.#lingering);
		for (const [track, { sender }] of this.#sent) track.direct.delete(sender);
		this.#sent.clear();
		this.connection.close();
		for (const track of this.#received.keys()) this.#port.received(track, undefined);
		this.#received.clear();
	}

	/** Media sections by track, for statistics. */
	sections(): { sent: [LocalTrackImpl, string][]; received: [string, string][] } {
		const of = <T>(all: Map<T, RTCRtpTransceiver>) =>
			[...all].flatMap(([track, { mid }]): [T, string][] => (mid === null ? [] : [[track, mid]]));
		return { sent: of(this.#sent), received: of(this.#received) };
	}

	#add(track: LocalTrackImpl): void {
		const { options, kind, mediaStreamTrack: media } = track;
		const group = track.source === "screen" || track.source === "screenAudio" ? "screen" : "self";
		// Browsers keep the tracks of one stream in step: voice with face, and a screen with its sound.
		const stream = this.#streams.get(group) ?? new MediaStream();
		this.#streams.set(group, stream);
		const { source, codec, metadata } = options;
		// Each receiver has an encoder of its own: one stream, in the size that its path carries.
		const plan =
			kind === "video" ? planVideo(sizeOf(media), { source, codec, metadata, simulcast: false, svc: "" }) : {};
		const transceiver = this.connection.addTransceiver(track.muted ? kind : media, {
			direction: "sendonly",
			streams: [stream],
			sendEncodings: plan.encodings,
		});
		if (codec) prefer(transceiver, `video/${codec}`);
		this.#sent.set(track, transceiver);
		track.direct.add(transceiver.sender);
	}

	/** Media sections that carry what nobody here wants are inactive. */
	#ask(): void {
		const own = new Set(this.#sent.values());
		for (const transceiver of this.connection.getTransceivers()) {
			const track = transceiver.mid === null ? undefined : this.#theirs[transceiver.mid];
			if (track === undefined || own.has(transceiver) || transceiver.direction === "stopped") continue;
			const direction = this.#port.wants(track) ? "recvonly" : "inactive";
			if (transceiver.direction !== direction) transceiver.direction = direction;
		}
	}

	async #offer(): Promise<void> {
		// The first offer is the other's, which makes a collision rare.
		if (this.#polite && !this.connection.remoteDescription) return;
		this.#offering = true;
		try {
			await this.connection.setLocalDescription();
			this.#describe();
		} catch (error) {
			if (!this.closed) console.warn("switchyard: a direct connection could not be offered", error);
		} finally {
			this.#offering = false;
		}
	}

	async #receive({ description, candidates = [], tracks = {}, done }: Signal): Promise<void> {
		const { connection } = this;
		if (this.closed) return;
		if (done) {
			this.#done.there = true;
			if (this.#done.here) this.#port.finished();
		}
		if (description) {
			const offered = description.type === "offer";
			const collision = offered && (this.#offering || connection.signalingState !== "stable");
			this.#ignoring = collision && !this.#polite;
			if (this.#ignoring) return;
			await connection.setRemoteDescription(description as RTCSessionDescriptionInit);
			// Not before: until then an offer of this side that gives way may use the same mids for its own.
			this.#theirs = tracks;
			if (offered) {
				this.#ask();
				await connection.setLocalDescription();
				this.#describe();
			}
			this.#show();
		}
		for (const candidate of candidates) {
			try {
				await connection.addIceCandidate(candidate as RTCIceCandidateInit);
			} catch (error) {
				// Of an offer that was passed over, or of a connection before this one.
				if (!this.#ignoring && !this.closed) console.debug("switchyard: a candidate was refused", error);
			}
		}
	}

	#describe(): void {
		const { localDescription } = this.connection;
		if (!localDescription) return;
		const tracks: Record<string, string> = {};
		for (const [track, { mid }] of this.#sent) if (mid !== null) tracks[mid] = track.id;
		const { type, sdp } = localDescription;
		this.#port.signal({ description: { type, sdp }, tracks });
	}

	/** Tells which of their tracks come this way now. */
	#show(): void {
		const now = new Map<string, RTCRtpTransceiver>();
		for (const transceiver of this.connection.getTransceivers()) {
			const track = transceiver.mid === null ? undefined : this.#theirs[transceiver.mid];
			if (track !== undefined && transceiver.currentDirection === "recvonly") now.set(track, transceiver);
		}
		const before = this.#received;
		this.#received = now;
		for (const track of before.keys()) if (!now.has(track)) this.#port.received(track, undefined);
		for (const [track, { receiver }] of now) {
			if (before.get(track)?.receiver !== receiver) this.#port.received(track, receiver.track);
		}
	}

	#stateChanged(): void {
		const { connectionState } = this.connection;
		clearTimeout(this.#mending);
		if (connectionState === "failed" || connectionState === "disconnected") this.#port.pathLost();
		if (connectionState === "connected") clearTimeout(this.#patience);
		else if (connectionState === "failed") {
			this.#wait();
			this.#restartIce();
		} else if (connectionState === "disconnected") {
			this.#wait();
			this.#mending = setTimeout(() => this.check(), DISCONNECTED_MS);
		}
		this.#port.stateChanged();
	}

	/** With the ICE servers of now. */
	#restartIce(): void {
		const { iceServers } = this.#port.configuration();
		this.connection.setConfiguration({ ...this.connection.getConfiguration(), iceServers });
		this.connection.restartIce();
	}

	#wait(): void {
		clearTimeout(this.#patience);
		this.#patience = setTimeout(() => this.#port.failed(), PATIENCE_MS);
	}
}

/** Of the certificate, which each connection has of its own. */
function fingerprintOf(sdp: string | undefined): string | undefined {
	return /^a=fingerprint:(.+)$/m.exec(sdp ?? "")?.[1]?.trim();
}

function prefer(transceiver: RTCRtpTransceiver, mimeType: string): void {
	const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
	const is = (codec: { mimeType: string }) => codec.mimeType.toLowerCase() === mimeType;
	transceiver.setCodecPreferences([...codecs.filter(is), ...codecs.filter((codec) => !is(codec))]);
}
