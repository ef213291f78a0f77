/**
 * A page with a client of DuckSoup, written from what the protocol asks of a server (docs/ducksoup.md): a socket, one
 * peer connection, devices that are opened when the first offer has come.
 */
import type { Page } from "playwright-core";
import type { DucksoupFiles } from "../../shared/ducksoup.ts";

export interface DucksoupOptions {
	interactionName: string;
	userId: string;
	[more: string]: unknown;
}

interface Event {
	kind: string;
	payload: unknown;
}

interface DucksoupPage {
	ws: WebSocket;
	pc: RTCPeerConnection | undefined;
	own: MediaStream | undefined;
	events: Event[];
	/** Streams that are shown, by their ids. */
	streams: Map<string, MediaStream>;
	errors: string[];
	opened: number;
	say(kind: string, payload?: string): void;
}
declare const window: { ducksoup: DucksoupPage } & Window;

export interface Shown {
	stream: string;
	kind: string;
	mid: string | null;
	/** Frames decoded, or packets of sound. */
	count: number;
	codec: string | undefined;
}

export class DucksoupPerson {
	readonly page: Page;
	readonly #url: string;
	readonly options: DucksoupOptions;

	private constructor(page: Page, url: string, options: DucksoupOptions) {
		this.page = page;
		this.#url = url;
		this.options = options;
	}

	/** On a page of the edge's own origin. */
	static async join(page: Page, url: string, options: DucksoupOptions): Promise<DucksoupPerson> {
		const person = new DucksoupPerson(page, url, options);
		await page.goto(`${url}/v1/health`);
		await page.evaluate(start, { address: `${url.replace(/^http/, "ws")}/ws`, options });
		return person;
	}

	/** As somebody who closes the page and opens it again. */
	async reload(): Promise<void> {
		await this.page.reload();
		await this.page.evaluate(start, { address: `${this.#url.replace(/^http/, "ws")}/ws`, options: this.options });
	}

	events(): Promise<Event[]> {
		return this.page.evaluate(() => window.ducksoup.events);
	}
	/** Their kinds, without candidates and offers. */
	async kinds(): Promise<string[]> {
		return (await this.events()).map(({ kind }) => kind).filter((kind) => kind !== "offer");
	}
	async payload<T>(kind: string): Promise<T | undefined> {
		return (await this.events()).find((event) => event.kind === kind)?.payload as T | undefined;
	}
	files(): Promise<DucksoupFiles | undefined> {
		return this.payload<DucksoupFiles>("files");
	}
	errors(): Promise<string[]> {
		return this.page.evaluate(() => window.ducksoup.errors);
	}
	/** How often devices were opened. */
	opened(): Promise<number> {
		return this.page.evaluate(() => window.ducksoup.opened);
	}
	/** Senders that have nothing to send, over which a player's ramp of bit rates stumbles. */
	emptySenders(): Promise<number> {
		return this.page.evaluate(() => (window.ducksoup.pc?.getSenders() ?? []).filter(({ track }) => !track).length);
	}
	sections(): Promise<{ kind: string; direction: string | null }[]> {
		return this.page.evaluate(() =>
			(window.ducksoup.pc?.getTransceivers() ?? []).map(({ receiver, currentDirection }) => ({
				...{ kind: receiver.track.kind, direction: currentDirection },
			})),
		);
	}
	shown(): Promise<Shown[]> {
		return this.page.evaluate(shownTracks);
	}
	/** How colourful what comes is, of 255: undefined before it shows. */
	colourfulness(): Promise<number | undefined> {
		return this.page.evaluate(colourfulness);
	}
	sentCodec(): Promise<string | undefined> {
		return this.page.evaluate(sentCodec);
	}
	say(kind: string, payload?: string): Promise<void> {
		return this.page.evaluate(([kind, payload]) => window.ducksoup.say(kind as string, payload), [kind, payload]);
	}
}

// ---------------------------------------------------------------- in the page

async function start({ address, options }: { address: string; options: DucksoupOptions }): Promise<void> {
	const ws = new WebSocket(`${address}?href=${encodeURI(location.href)}`);
	const say = (kind: string, payload?: string) => {
		if (ws.readyState === WebSocket.OPEN) ws.send(JSON.stringify(payload ? { kind, payload } : { kind }));
	};
	const state: DucksoupPage = {
		...{ ws, pc: undefined, own: undefined, events: [], streams: new Map(), errors: [], opened: 0, say },
	};
	window.ducksoup = state;
	const fail = (error: unknown) => state.errors.push(String(error));
	let iceServers: RTCIceServer[] | undefined;

	const offered = async (offer: RTCSessionDescriptionInit) => {
		let { pc } = state;
		if (!pc) {
			if (!Array.isArray(iceServers)) throw new Error("an offer before ICE servers were told of");
			pc = new RTCPeerConnection({ iceServers });
			state.pc = pc;
			pc.onicecandidate = ({ candidate }) => candidate && say("client_ice_candidate", JSON.stringify(candidate));
			pc.ontrack = ({ streams: [stream] }) => {
				if (!stream) return void fail("a track without a stream");
				state.streams.set(stream.id, stream);
				stream.onremovetrack = () => {
					if (stream.getTracks().length === 0) state.streams.delete(stream.id);
				};
			};
			state.opened++;
			const video = options.audioOnly ? false : { width: { ideal: 800 }, height: { ideal: 600 } };
			state.own = await navigator.mediaDevices.getUserMedia({ audio: true, video });
			for (const track of state.own.getTracks()) pc.addTrack(track, state.own);
		}
		await pc.setRemoteDescription(offer);
		await pc.setLocalDescription(await pc.createAnswer());
		say("client_answer", JSON.stringify(pc.localDescription));
	};

	ws.onopen = () => say("join", JSON.stringify(options));
	// As the stock player: messages are not waited for one after the other.
	ws.onmessage = ({ data }) => {
		const { kind, payload } = JSON.parse(data as string) as Event;
		if (typeof kind !== "string") fail(`no kind: ${data}`);
		state.events.push({ kind, payload });
		if (kind === "joined") ({ iceServers } = payload as { iceServers: RTCIceServer[] });
		else if (kind === "offer") offered(JSON.parse(payload as string) as RTCSessionDescriptionInit).catch(fail);
		else if (kind === "candidate" && !state.pc) fail("a candidate before the first offer");
		else if (kind.startsWith("error")) {
			say("stop");
			ws.close(4000);
		}
	};
	ws.onclose = () => {
		state.events.push({ kind: "closed", payload: undefined });
		state.pc?.close();
		for (const track of state.own?.getTracks() ?? []) track.stop();
	};
	await new Promise((resolve) => ws.addEventListener("open", resolve));
}

async function shownTracks(): Promise<Shown[]> {
	const all: Shown[] = [];
	const { pc, streams } = window.ducksoup;
	for (const [id, stream] of streams) {
		for (const { receiver, mid } of pc?.getTransceivers() ?? []) {
			if (!stream.getTracks().includes(receiver.track)) continue;
			const report = await receiver.getStats();
			for (const stats of report.values()) {
				if (stats.type !== "inbound-rtp") continue;
				const count = stats.kind === "video" ? (stats.framesDecoded ?? 0) : stats.packetsReceived;
				all.push({ stream: id, kind: stats.kind, mid, count, codec: report.get(stats.codecId)?.mimeType });
			}
		}
	}
	return all;
}

async function colourfulness(): Promise<number | undefined> {
	const [stream] = window.ducksoup.streams.values();
	if (!stream) return undefined;
	let video = document.querySelector("video");
	if (!video) {
		video = document.createElement("video");
		Object.assign(video, { muted: true, autoplay: true, srcObject: stream });
		document.body.append(video);
	}
	if (video.videoWidth === 0) return undefined;
	const canvas = new OffscreenCanvas(64, 48);
	const context = canvas.getContext("2d");
	context?.drawImage(video, 0, 0, 64, 48);
	const { data = [] } = context?.getImageData(0, 0, 64, 48) ?? {};
	let sum = 0;
	for (let i = 0; i + 2 < data.length; i += 4) {
		const colour = [data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0];
		sum += Math.max(...colour) - Math.min(...colour);
	}
	return sum / (64 * 48);
}

async function sentCodec(): Promise<string | undefined> {
	const report = await window.ducksoup.pc?.getStats();
	for (const stats of report?.values() ?? []) {
		if (stats.type === "outbound-rtp" && stats.kind === "video") return report?.get(stats.codecId)?.mimeType;
	}
	return undefined;
}
