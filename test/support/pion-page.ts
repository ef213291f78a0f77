/** A client of Pion_SFU in a page: RTCPeerConnection and WebSocket, and its wire. */
import type { JSHandle, Page } from "playwright-core";
import { soundOf } from "./arriving.ts";
import { restartIce, sendScreen } from "./peer-connection.ts";

interface PionPage {
	ws: WebSocket;
	pc: RTCPeerConnection;
	own: MediaStream;
	errors: string[];
	offers: number;
	closed?: number;
}
declare const window: { pion: PionPage } & Window;

export interface Shown {
	kind: string;
	track: string;
	stream: string;
	width: number;
	/** Frames decoded, or packets of sound. */
	count: number;
	packets: number;
}

export class PionPerson {
	readonly page: Page;
	readonly #ids: { self_id: string; room_id: string };
	readonly #url: string;

	private constructor(page: Page, url: string, self_id: string, room_id: string) {
		this.page = page;
		this.#url = url;
		this.#ids = { self_id, room_id };
	}

	/** In a blank page of that origin. */
	static async join(page: Page, url: string, self: string, room: string, path = "/"): Promise<PionPerson> {
		const person = new PionPerson(page, new URL(path, url.replace(/^http/, "ws")).href, self, room);
		await page.goto(`${url}/v1/health`);
		await person.start();
		return person;
	}

	async start(): Promise<void> {
		await this.page.evaluate(start, { url: this.#url, ...this.#ids });
	}

	async reload(): Promise<void> {
		await this.page.reload();
		await this.start();
	}

	leave(): Promise<void> {
		return this.page.evaluate((data) => window.pion.ws.send(JSON.stringify({ event: "leaveRoom", data })), this.#ids);
	}

	/** Ids of what it sends. */
	own(): Promise<{ stream: string; audio: string; video: string }> {
		return this.page.evaluate(() => {
			const { own } = window.pion;
			const [audio, video] = [own.getAudioTracks()[0], own.getVideoTracks()[0]];
			return { stream: own.id, audio: audio?.id ?? "", video: video?.id ?? "" };
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
			for (const track of window.pion.own.getAudioTracks()) track.enabled = !on;
		}, muted);
	}

	/** Sends its screen in the camera's place, which is what the protocol leaves for that. */
	async screen(on: boolean): Promise<void> {
		const camera = await this.page.evaluateHandle(() => window.pion.own);
		await sendScreen(await this.#connection(), camera, on);
	}

	async restartIce(): Promise<void> {
		return restartIce(await this.#connection(), () =>
			this.page.evaluate(async (ids) => {
				const { pc, ws } = window.pion;
				await pc.setLocalDescription(await pc.createOffer());
				ws.send(JSON.stringify({ event: "offer", data: { ...ids, offer: pc.localDescription } }));
			}, this.#ids),
		);
	}

	#connection(): Promise<JSHandle<RTCPeerConnection>> {
		return this.page.evaluateHandle(() => window.pion.pc);
	}

	errors(): Promise<string[]> {
		return this.page.evaluate(() => window.pion.errors);
	}
	state(): Promise<{ signaling: string; connection: string; closed?: number }> {
		return this.page.evaluate(() => {
			const { pc, closed } = window.pion;
			return { signaling: pc.signalingState, connection: pc.connectionState, closed };
		});
	}
}

// ---------------------------------------------------------------- in the page

async function start({ url, ...ids }: { url: string; self_id: string; room_id: string }): Promise<void> {
	const own = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } });
	const ws = new WebSocket(url);
	const pc = new RTCPeerConnection();
	const state: PionPage = { ws, pc, own, errors: [], offers: 0 };
	window.pion = state;
	const say = (event: string, data: object) => ws.send(JSON.stringify({ event, data }));
	const fail = (error: unknown) => state.errors.push(String(error));
	pc.onicecandidate = ({ candidate }) => candidate && say("ice-candidate", { ...ids, candidate: candidate.toJSON() });
	pc.ontrack = ({ track, streams: [stream] }) => {
		const element = document.createElement(track.kind as "audio" | "video");
		Object.assign(element, {
			id: track.id,
			autoplay: true,
			muted: track.kind === "video",
			srcObject: new MediaStream([track]),
		});
		element.dataset.stream = stream?.id ?? "";
		document.body.append(element);
		stream?.addEventListener("removetrack", ({ track: gone }) => document.getElementById(gone.id)?.remove());
	};
	ws.onclose = ({ code }) => {
		state.closed = code;
	};
	ws.onmessage = async ({ data: text }) => {
		const { event, data } = JSON.parse(text) as { event: string; data: string };
		if (event === "error") return void fail(data);
		const payload = JSON.parse(data) as { type: "offer"; sdp: string; self_id?: string; room_id?: string };
		try {
			if (event === "offer") {
				state.offers++;
				await pc.setRemoteDescription(payload);
				const answer = await pc.createAnswer();
				await pc.setLocalDescription(answer);
				// As the sample does: the ids are those of the offer, which has none.
				say("answer", { self_id: payload.self_id, room_id: payload.room_id, answer });
			} else if (event === "answer") await pc.setRemoteDescription(payload);
			else if (event === "candidate") await pc.addIceCandidate(payload as RTCIceCandidateInit);
		} catch (error) {
			fail(error);
		}
	};
	await new Promise((resolve) => ws.addEventListener("open", resolve));
	say("joinRoom", ids);
	for (const track of own.getTracks()) pc.addTrack(track, own);
	const offer = await pc.createOffer();
	await pc.setLocalDescription(offer);
	say("offer", { ...ids, offer });
}

async function shownTracks(): Promise<Shown[]> {
	const all: Shown[] = [];
	for (const { receiver, currentDirection } of window.pion.pc.getTransceivers()) {
		if (currentDirection !== "recvonly" && currentDirection !== "sendrecv") continue;
		const element = document.getElementById(receiver.track.id);
		if (!element) continue;
		for (const stats of (await receiver.getStats()).values()) {
			if (stats.type !== "inbound-rtp") continue;
			const { kind, frameWidth: width = 0, framesDecoded = 0, packetsReceived: packets = 0 } = stats;
			const count = kind === "video" ? framesDecoded : packets;
			all.push({ kind, track: receiver.track.id, stream: element.dataset.stream ?? "", width, count, packets });
		}
	}
	return all;
}
