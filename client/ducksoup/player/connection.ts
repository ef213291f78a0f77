/**
 * The peer connection: the server offers, this side answers. Offers and candidates are taken one after another, so that
 * none meets another half done; all other messages overtake them while a person is asked for the camera.
 */
import { DuckSoupError } from "./error.ts";
import { Rates } from "./rates.ts";
import { monoOpus } from "./sdp.ts";
import { figures, type Report, Sample, type StatsPayload } from "./statistics.ts";

const STATS_MS = 1_000;

/** What it needs of its player. */
export interface Side {
	send(kind: string, payload?: unknown): void;
	/** For the server's log, where the page wants that much of it. */
	log(level: 1 | 2, kind: string, payload?: unknown): void;
	local(stream: MediaStream): void;
	track(event: RTCTrackEvent): void;
	stats(payload: StatsPayload): void;
	/** `final`: there is no going on. */
	failed(error: DuckSoupError, final: boolean): void;
}

export class Connection {
	iceServers: RTCIceServer[] = [];
	readonly #side: Side;
	readonly #constraints: MediaStreamConstraints;
	#pc: RTCPeerConnection | undefined;
	#rates: Rates | undefined;
	#limit: number | undefined;
	#devices: MediaStream | undefined;
	#queue: Promise<void> = Promise.resolve();
	#closed = false;
	#answered = false;
	/** Of the server, before its first offer. */
	#early: RTCIceCandidateInit[] = [];
	/** Of this side, before the answer that they belong to is sent. */
	#held: RTCIceCandidateInit[] | undefined = [];
	#timer: ReturnType<typeof setInterval> | undefined;
	#told: Record<string, unknown> = {};

	constructor(side: Side, constraints: MediaStreamConstraints) {
		this.#side = side;
		this.#constraints = constraints;
	}

	/** From the first offer on. */
	get peer(): RTCPeerConnection | undefined {
		return this.#pc;
	}

	offer(description: unknown): void {
		this.#next(() => this.#answer(parse<RTCSessionDescriptionInit>(description)));
	}

	candidate(candidate: unknown): void {
		this.#next(() => this.#add(parse<RTCIceCandidateInit>(candidate)));
	}

	/** Of the call: everybody's media is there. */
	start(): void {
		this.#rates?.start();
		if (this.#timer || !this.#pc) return;
		let before: Sample | undefined;
		const look = async (pc: RTCPeerConnection) => {
			const now = new Sample((await pc.getStats()).values() as Iterable<Report>);
			if (before && !this.#closed) this.#report(now.since(before));
			before = now;
		};
		void look(this.#pc);
		this.#timer = setInterval(() => this.#pc && void look(this.#pc), STATS_MS);
	}

	limit(kilobits: number): void {
		this.#limit = kilobits;
		this.#rates?.limit(kilobits);
	}

	close(): void {
		this.#closed = true;
		clearInterval(this.#timer);
		this.#rates?.stop();
		this.#pc?.close();
		release(this.#devices);
	}

	// ------------------------------------------------------------ negotiation

	#next(task: () => Promise<void>): void {
		this.#queue = this.#queue.then(async () => {
			if (this.#closed) return;
			try {
				await task();
			} catch (error) {
				if (!this.#closed) this.#failed(error);
			}
		});
	}

	#failed(error: unknown): void {
		const told = error instanceof DuckSoupError ? error : new DuckSoupError("negotiation", String(error), error);
		this.#side.failed(told, !this.#answered);
	}

	async #answer(offer: RTCSessionDescriptionInit): Promise<void> {
		this.#pc ??= this.#connect();
		const pc = this.#pc;
		this.#devices ??= await this.#open(pc);
		if (this.#closed) return;
		await pc.setRemoteDescription(offer);
		for (const candidate of this.#early.splice(0)) await this.#add(candidate);
		const { type, sdp = "" } = await pc.createAnswer();
		const answer = { type, sdp: monoOpus(sdp) };
		await pc.setLocalDescription(answer);
		if (this.#closed) return;
		this.#side.send("client_answer", answer);
		this.#answered = true;
		for (const candidate of this.#held ?? []) this.#side.send("client_ice_candidate", candidate);
		this.#held = undefined;
	}

	async #add(candidate: RTCIceCandidateInit): Promise<void> {
		if (!this.#pc?.remoteDescription) this.#early.push(candidate);
		// One of a former offer, say, which an ICE restart has left behind.
		else await this.#pc.addIceCandidate(candidate).catch((error) => console.warn("DuckSoup: candidate", error));
	}

	#connect(): RTCPeerConnection {
		const pc = new RTCPeerConnection({ iceServers: this.iceServers });
		this.#rates = new Rates(pc);
		if (this.#limit !== undefined) this.#rates.limit(this.#limit);
		pc.addEventListener("track", (event) => this.#side.track(event));
		pc.addEventListener("icecandidate", ({ candidate }) => {
			if (!candidate) return;
			if (this.#held) this.#held.push(candidate.toJSON());
			else this.#side.send("client_ice_candidate", candidate.toJSON());
		});
		pc.addEventListener("negotiationneeded", () => {
			// What the first offer is for is no wish for another.
			if (this.#answered) this.#side.send("client_negotiation_needed", pc.signalingState);
		});
		pc.addEventListener("iceconnectionstatechange", () => this.#iceChanged(pc));
		this.#tellStates(pc);
		return pc;
	}

	/** Two of them are wishes, whatever the log is to have: the server offers ICE anew. */
	#iceChanged(pc: RTCPeerConnection): void {
		const { iceConnectionState: state } = pc;
		if (state === "disconnected") this.#side.send("client_ice_connection_state_disconnected");
		else this.#side.log(2, `client_ice_connection_state_${state}`);
		if (state === "failed") pc.restartIce();
	}

	#tellStates(pc: RTCPeerConnection): void {
		const tell = (event: string, kind: string, state: () => string) => {
			pc.addEventListener(event, () => this.#side.log(2, `client_${kind}_changed`, state()));
		};
		tell("signalingstatechange", "signaling_state", () => pc.signalingState);
		tell("connectionstatechange", "connection_state", () => pc.connectionState);
		tell("icegatheringstatechange", "ice_gathering_state", () => pc.iceGatheringState);
		pc.addEventListener("icecandidateerror", ({ url, errorCode, errorText }) => {
			this.#side.log(2, "client_ice_candidate_failed", `${url}#${errorCode}: ${errorText}`);
		});
		pc.addEventListener("connectionstatechange", () => {
			if (pc.connectionState !== "connected") return;
			const pair = pc.getSenders()[0]?.transport?.iceTransport?.getSelectedCandidatePair?.();
			if (!pair) return;
			const { local, remote } = pair;
			const both = `client=${local?.candidate} server=${remote?.candidate}`;
			this.#side.log(2, "client_selected_candidate_pair", both);
		});
	}

	// ------------------------------------------------------------ devices

	async #open(pc: RTCPeerConnection): Promise<MediaStream> {
		// Pages without TLS have no devices at all.
		if (!navigator.mediaDevices) {
			throw new DuckSoupError("devices", "a page needs https (or localhost) for camera and microphone");
		}
		let stream: MediaStream;
		try {
			stream = await navigator.mediaDevices.getUserMedia(this.#constraints);
		} catch (error) {
			throw new DuckSoupError("devices", error instanceof Error ? error.message : String(error), error);
		}
		if (this.#closed) {
			release(stream);
			return stream;
		}
		for (const track of stream.getTracks()) {
			pc.addTrack(track, stream);
			track.addEventListener("ended", () => {
				const device = track.kind === "audio" ? "microphone" : "camera";
				this.#side.failed(new DuckSoupError("devices", `the ${device} has gone`), false);
			});
		}
		this.#side.local(stream);
		return stream;
	}

	#report(payload: StatsPayload): void {
		this.#side.stats(payload);
		for (const [kind, value] of Object.entries(figures(payload))) {
			if (value === undefined || this.#told[kind] === value) continue;
			this.#told[kind] = value;
			this.#side.log(1, kind, value);
		}
	}
}

function parse<T>(payload: unknown): T {
	return (typeof payload === "string" ? JSON.parse(payload) : payload) as T;
}

function release(stream: MediaStream | undefined): void {
	for (const track of stream?.getTracks() ?? []) track.stop();
}
