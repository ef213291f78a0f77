/** A client of Talksy in a page: RTCPeerConnection and WebSocket, and its wire. */
import type { JSHandle, Page } from "playwright-core";
import type { AvailableTrack, ClientStats, Quality } from "../../shared/talksy.ts";
import { soundOf } from "./arriving.ts";
import { restartIce } from "./peer-connection.ts";

export interface TalksyOptions {
	/** Its video is sent in three layers; so unless told otherwise. */
	simulcast?: boolean;
	/** MIME type of its video, before others. */
	codec?: string;
	scalabilityMode?: string;
	/** What lets it into a room that it could not enter otherwise. */
	token?: string;
}

interface Voice {
	type: string;
	track: string;
	ssrc: number;
}

interface TalksyPage {
	ws: WebSocket;
	pc: RTCPeerConnection;
	id: string;
	own: MediaStream;
	shown: MediaStream | undefined;
	channel: RTCDataChannel | undefined;
	errors: string[];
	available: Record<string, AvailableTrack>;
	stats: ClientStats[];
	conditions: number[];
	voices: Voice[];
	renegotiate(): void;
}
declare const window: { talksy: TalksyPage } & Window;

export interface Shown {
	kind: string;
	track: string;
	stream: string;
	width: number;
	/** Frames decoded, or packets of sound. */
	count: number;
	packets: number;
	ssrc: number;
}

export class TalksyPerson {
	readonly page: Page;
	readonly #address: string;
	readonly #options: TalksyOptions;

	private constructor(page: Page, address: string, options: TalksyOptions) {
		this.page = page;
		this.#address = address;
		this.#options = options;
	}

	static async join(page: Page, url: string, room: string, options: TalksyOptions = {}): Promise<TalksyPerson> {
		const { token, ...sends } = options;
		const query = new URLSearchParams({ room_id: room, ...(token && { token }) });
		const person = new TalksyPerson(page, `${url.replace(/^http/, "ws")}/ws?${query}`, sends);
		await page.goto(`${url}/v1/health`);
		await person.start();
		return person;
	}

	async start(): Promise<void> {
		await this.page.evaluate(start, { address: this.#address, ...this.#options });
	}

	async reload(): Promise<void> {
		await this.page.reload();
		await this.start();
	}

	/** Leaves as its page does: by closing. */
	leave(): Promise<void> {
		return this.page.evaluate(() => {
			window.talksy.pc.close();
			window.talksy.ws.close();
		});
	}

	get id(): Promise<string> {
		return this.page.evaluate(() => window.talksy.id);
	}

	/** Ids of what it sends: its media, and its screen while that is shown. */
	own(): Promise<{ kind: string; track: string; stream: string }[]> {
		return this.page.evaluate(() => {
			const { own, shown } = window.talksy;
			return [own, ...(shown ? [shown] : [])].flatMap((stream) =>
				stream.getTracks().map(({ kind, id }) => ({ kind, track: id, stream: stream.id })),
			);
		});
	}

	/** What of others is shown and heard now. */
	shown(): Promise<Shown[]> {
		return this.page.evaluate(shownTracks);
	}

	/** Sound that comes of a track in a second and a half. */
	async energy(track: string): Promise<number> {
		return soundOf(await this.#connection(), track);
	}

	mute(muted: boolean): Promise<void> {
		return this.page.evaluate((on) => {
			for (const track of window.talksy.own.getAudioTracks()) track.enabled = !on;
		}, muted);
	}

	switchQuality(quality: Quality): Promise<void> {
		return this.#say("switch_quality", quality);
	}
	limit(bitsPerSecond: number): Promise<void> {
		return this.#say("set_bandwidth_limit", String(bitsPerSecond));
	}
	/** The element that shows a track has another size. */
	resize(track_id: string, width: number, height: number): Promise<void> {
		return this.page.evaluate((data) => window.talksy.channel?.send(JSON.stringify({ type: "video_size", data })), {
			...{ track_id, width, height },
		});
	}

	shareScreen(): Promise<void> {
		return this.page.evaluate(shareScreen);
	}
	stopScreen(): Promise<void> {
		return this.page.evaluate(stopScreen);
	}

	async restartIce(): Promise<void> {
		return restartIce(await this.#connection(), () => this.page.evaluate(() => window.talksy.renegotiate()));
	}

	#connection(): Promise<JSHandle<RTCPeerConnection>> {
		return this.page.evaluateHandle(() => window.talksy.pc);
	}

	errors(): Promise<string[]> {
		return this.page.evaluate(() => window.talksy.errors);
	}
	available(): Promise<Record<string, AvailableTrack>> {
		return this.page.evaluate(() => window.talksy.available);
	}
	/** The latest, and how many came. */
	stats(): Promise<{ count: number; last: ClientStats | undefined }> {
		return this.page.evaluate(() => ({ count: window.talksy.stats.length, last: window.talksy.stats.at(-1) }));
	}
	voices(): Promise<Voice[]> {
		return this.page.evaluate(() => window.talksy.voices);
	}
	channel(): Promise<string | undefined> {
		return this.page.evaluate(() => window.talksy.channel?.label);
	}

	#say(type: string, data: unknown): Promise<void> {
		return this.page.evaluate((frame) => window.talksy.ws.send(JSON.stringify(frame)), { type, data });
	}
}

// ---------------------------------------------------------------- in the page

async function start({
	address,
	simulcast = true,
	codec,
	scalabilityMode,
}: TalksyOptions & { address: string }): Promise<void> {
	const own = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 1280, height: 720 } });
	const ws = new WebSocket(address);
	const pc = new RTCPeerConnection();
	const say = (type: string, data?: unknown) => ws.send(JSON.stringify({ type, data }));
	const offer = async () => {
		await pc.setLocalDescription(await pc.createOffer());
		say("offer", pc.localDescription?.sdp);
	};
	const state: TalksyPage = {
		...{ ws, pc, own, id: "", shown: undefined, channel: undefined, errors: [], available: {} },
		...{ stats: [], conditions: [], voices: [], renegotiate: () => say("is_allow_renegotiation") },
	};
	window.talksy = state;
	const fail = (error: unknown) => state.errors.push(String(error));

	pc.onicecandidate = ({ candidate }) => candidate && say("candidate", candidate.candidate);
	pc.ontrack = ({ track, streams: [stream] }) => {
		if (!stream) return void fail(`no stream of ${track.id}`);
		// The page finds its element by the stream's id.
		let element = document.getElementById(stream.id) as HTMLVideoElement | null;
		if (!element) {
			element = document.createElement("video");
			Object.assign(element, { id: stream.id, autoplay: true, srcObject: stream });
			document.body.append(element);
		}
		stream.onremovetrack = () => {
			if (stream.getTracks().length === 0) document.getElementById(stream.id)?.remove();
		};
	};
	pc.ondatachannel = ({ channel }) => {
		state.channel = channel;
		channel.onmessage = ({ data: text }) => {
			const { type, data } = JSON.parse(text as string) as { type: string; data: { trackID: string; ssrc: number } };
			state.voices.push({ type, track: data.trackID, ssrc: data.ssrc });
		};
	};

	const heard = async (type: string, data: unknown) => {
		switch (type) {
			case "clientid": {
				state.id = data as string;
				const [audio] = own.getAudioTracks();
				const [video] = own.getVideoTracks();
				if (audio) pc.addTransceiver(audio, { direction: "sendrecv", streams: [own] });
				const layers = [
					{ rid: "high", maxBitrate: 1_200_000, scaleResolutionDownBy: 1 },
					{ rid: "mid", maxBitrate: 500_000, scaleResolutionDownBy: 2 },
					{ rid: "low", maxBitrate: 150_000, scaleResolutionDownBy: 4 },
				];
				const sendEncodings = simulcast
					? layers
					: [{ maxBitrate: 1_200_000, ...(scalabilityMode && { scalabilityMode }) }];
				if (video) {
					const transceiver = pc.addTransceiver(video, { direction: "sendrecv", streams: [own], sendEncodings });
					const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
					const first = codecs.filter(({ mimeType }) => mimeType.toLowerCase() === codec?.toLowerCase());
					if (codec) transceiver.setCodecPreferences([...first, ...codecs.filter((it) => !first.includes(it))]);
				}
				return offer();
			}
			case "answer":
				return pc.setRemoteDescription(data as RTCSessionDescriptionInit);
			case "offer":
				await pc.setRemoteDescription(data as RTCSessionDescriptionInit);
				await pc.setLocalDescription(await pc.createAnswer());
				return say("answer", pc.localDescription?.sdp);
			case "candidate":
				return pc.addIceCandidate(data as RTCIceCandidateInit);
			case "tracks_added": {
				const screens = new Set(state.shown?.getTracks().map(({ id }) => id));
				const sources = Object.keys(data as object).map((id) => [id, screens.has(id) ? "screen" : "media"]);
				return say("tracks_added", Object.fromEntries(sources));
			}
			case "tracks_available": {
				const tracks = data as Record<string, AvailableTrack>;
				Object.assign(state.available, tracks);
				const wanted = Object.values(tracks).map(({ client_id, id }) => ({ client_id, track_id: id }));
				return say("subscribe_tracks", wanted);
			}
			case "allow_renegotiation":
				return data === true ? offer() : undefined;
			case "network_condition":
				return void state.conditions.push(data as number);
			case "track_stats":
				return void state.stats.push(data as ClientStats);
			case "error":
				return void fail(data);
			default:
				return void fail(`unknown: ${type}`);
		}
	};
	ws.onmessage = ({ data: text }) => {
		const { type, data } = JSON.parse(text as string) as { type: string; data: unknown };
		Promise.resolve(heard(type, data)).catch(fail);
	};
	await new Promise((resolve) => ws.addEventListener("open", resolve));
}

/** A picture that changes, in place of a screen. */
function shareScreen(): void {
	const { pc } = window.talksy;
	const canvas = document.createElement("canvas");
	Object.assign(canvas, { width: 640, height: 480 });
	const context = canvas.getContext("2d");
	let frame = 0;
	const draw = () => {
		if (!context || !window.talksy.shown) return;
		context.fillStyle = `hsl(${frame++ % 360} 80% 50%)`;
		context.fillRect(0, 0, canvas.width, canvas.height);
		setTimeout(draw, 50);
	};
	const stream = canvas.captureStream(20);
	window.talksy.shown = stream;
	for (const track of stream.getTracks()) pc.addTransceiver(track, { direction: "sendonly", streams: [stream] });
	draw();
	window.talksy.renegotiate();
}

function stopScreen(): void {
	const { pc, shown } = window.talksy;
	const tracks = new Set(shown?.getTracks());
	for (const transceiver of pc.getTransceivers()) {
		if (
			transceiver.sender.track &&
			tracks.has(transceiver.sender.track as MediaStreamTrack & CanvasCaptureMediaStreamTrack)
		) {
			transceiver.stop();
		}
	}
	window.talksy.shown = undefined;
	window.talksy.renegotiate();
}

async function shownTracks(): Promise<Shown[]> {
	const all: Shown[] = [];
	for (const element of document.querySelectorAll("video")) {
		const stream = element.srcObject as MediaStream;
		for (const { receiver } of window.talksy.pc.getTransceivers()) {
			if (!stream.getTracks().includes(receiver.track)) continue;
			for (const stats of (await receiver.getStats()).values()) {
				if (stats.type !== "inbound-rtp") continue;
				const { kind, ssrc, frameWidth: width = 0, framesDecoded = 0, packetsReceived: packets = 0 } = stats;
				const count = kind === "video" ? framesDecoded : packets;
				all.push({ kind, track: receiver.track.id, stream: stream.id, width, count, packets, ssrc });
			}
		}
	}
	return all;
}
