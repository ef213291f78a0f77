/**
 * Pages of another origin than the edge that publish and watch over HTTP: with client libraries of others, as they come
 * from npm, or with nothing but fetch and RTCPeerConnection.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";

/** What the libraries are called in the page. */
interface Libraries {
	WHIPClient: new () => {
		publish(pc: RTCPeerConnection, url: string, token: string): Promise<void>;
		restart(): Promise<void>;
		stop(): Promise<void>;
		resourceURL: URL;
		etag: string;
	};
	WHEPClient: new () => EventTarget & {
		view(pc: RTCPeerConnection, url: string, token: string): Promise<void>;
		selectLayer(layer: object): Promise<void>;
		unselectLayer(): Promise<void>;
		stop(): Promise<void>;
		resourceURL: URL;
		eventSource?: EventSource;
	};
	EyevinnWhip: new (options: {
		endpoint: string;
		opts: object;
	}) => {
		ingest(stream: MediaStream): Promise<void>;
		destroy(): Promise<void>;
		setIceServersFromEndpoint(): Promise<void>;
	};
	EyevinnPlayer: new (options: {
		video: HTMLVideoElement;
		type: string;
		iceServers: RTCIceServer[];
	}) => {
		load(url: URL, authorization: string): Promise<void>;
		unload(): Promise<void>;
	};
}

declare global {
	interface Window {
		lib: Libraries;
		pc: RTCPeerConnection;
		client: InstanceType<Libraries["WHIPClient"]> | InstanceType<Libraries["WHEPClient"]>;
		player: InstanceType<Libraries["EyevinnPlayer"]>;
		encoder: InstanceType<Libraries["EyevinnWhip"]>;
		events: { event: string; data: unknown }[];
		session: { url: string; etag: string };
	}
}

const ENTRY = `
import { WHIPClient } from "whip-whep/whip.js";
import { WHEPClient } from "whip-whep/whep.js";
import { WHIPClient as EyevinnWhip } from "@eyevinn/whip-web-client";
import { WebRTCPlayer as EyevinnPlayer } from "@eyevinn/webrtc-player";
window.lib = { WHIPClient, WHEPClient, EyevinnWhip, EyevinnPlayer };
window.events = [];
`;

/** A web server with nothing but an empty page, and the libraries for it. */
export class StreamPages {
	readonly #server: Server;
	readonly #script: string;
	readonly #browser: Browser;

	private constructor(server: Server, script: string, browser: Browser) {
		this.#server = server;
		this.#script = script;
		this.#browser = browser;
	}

	static async start(browser: Browser): Promise<StreamPages> {
		const { outputFiles } = await build({
			...{ stdin: { contents: ENTRY, resolveDir: process.cwd() }, bundle: true, write: false, format: "iife" },
			...{ logLevel: "error", define: { global: "window" } },
		});
		const server = createServer((_, response) =>
			response.setHeader("content-type", "text/html").end("<!doctype html>"),
		);
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		return new StreamPages(server, outputFiles[0]?.text ?? "", browser);
	}

	async open(): Promise<Page> {
		const page = await (await this.#browser.newContext()).newPage();
		await page.goto(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`);
		await this.equip(page);
		return page;
	}

	/** A page from elsewhere, even of another browser, gets the libraries too. */
	async equip(page: Page): Promise<void> {
		await page.addScriptTag({ content: this.#script });
	}

	close(): void {
		this.#server.close();
	}
}

// ---------------------------------------------------------------- in the page

export interface Target {
	url: string;
	token: string;
}

/** The fake camera and microphone, by the library of the protocol's author. `codec`: the video's, and no other. */
export async function publishWithLibrary({
	url,
	token,
	rids = [],
	codec,
}: Target & { rids?: string[]; codec?: string }): Promise<void> {
	const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } });
	window.pc = new RTCPeerConnection();
	for (const track of stream.getTracks()) {
		const sendEncodings = rids.map((rid, at) => ({ rid, scaleResolutionDownBy: 2 ** (rids.length - 1 - at) }));
		const more = track.kind === "video" && rids.length > 0 ? { sendEncodings } : {};
		const transceiver = window.pc.addTransceiver(track, { direction: "sendonly", streams: [stream], ...more });
		if (codec === undefined || track.kind !== "video") continue;
		const { codecs = [] } = RTCRtpSender.getCapabilities("video") ?? {};
		transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType === codec));
	}
	window.client = new window.lib.WHIPClient();
	await (window.client as InstanceType<Libraries["WHIPClient"]>).publish(window.pc, url, token);
}

export async function watchWithLibrary({ url, token }: Target): Promise<void> {
	window.pc = new RTCPeerConnection();
	window.pc.addTransceiver("audio", { direction: "recvonly" });
	window.pc.addTransceiver("video", { direction: "recvonly" });
	const video = document.createElement("video");
	Object.assign(video, { autoplay: true, muted: true });
	document.body.append(video);
	// As players do it: whatever stream came last.
	window.pc.ontrack = ({ streams }) => {
		video.srcObject = streams[0] ?? null;
	};
	const client = new window.lib.WHEPClient();
	window.client = client;
	await client.view(window.pc, url, token);
}

export interface Seen {
	frames: number;
	packets: number;
	/** Of the sound, since it began. */
	energy: number;
	width: number;
}

/** What was decoded and heard until now. Of the connection: a receiver's own do not know of SSRCs that no SDP names. */
export async function seen(): Promise<Seen> {
	const all: Seen = { frames: 0, packets: 0, energy: 0, width: 0 };
	for (const stats of (await window.pc.getStats()).values()) {
		if (stats.type !== "inbound-rtp") continue;
		if (stats.kind === "video") {
			all.frames += stats.framesDecoded ?? 0;
			all.width = stats.frameWidth ?? all.width;
		} else {
			all.packets += stats.packetsReceived ?? 0;
			all.energy += stats.totalAudioEnergy ?? 0;
		}
	}
	return all;
}

/** Watches by answering the node's offer; the status of the first answer. `offer`: what is posted before. */
export async function watchByAnswering({ url, token, offer }: Target & { offer: string }): Promise<number> {
	const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/sdp" };
	const response = await fetch(url, { method: "POST", headers, body: offer });
	window.pc = new RTCPeerConnection();
	await window.pc.setRemoteDescription({ type: "offer", sdp: await response.text() });
	await window.pc.setLocalDescription();
	const session = new URL(response.headers.get("location") ?? "", url);
	const body = window.pc.localDescription?.sdp;
	const accepted = await fetch(session, { method: "PATCH", headers, body });
	if (accepted.status !== 204) throw new Error(`answer refused: ${accepted.status}`);
	return response.status;
}

/** An offer to watch with payload types of its own, as other browsers make them. */
export async function strangeOffer(): Promise<string> {
	const pc = new RTCPeerConnection();
	pc.addTransceiver("audio", { direction: "recvonly" });
	pc.addTransceiver("video", { direction: "recvonly" });
	const { sdp = "" } = await pc.createOffer();
	pc.close();
	return sdp.replaceAll(/(rtpmap:|fmtp:|rtcp-fb:)111\b/g, "$189").replaceAll(/(rtpmap:|fmtp:|rtcp-fb:)96\b/g, "$190");
}

/** Restarts ICE by the session's address, and goes on with what the node answers; the status. */
export async function restartIce(token: string): Promise<number> {
	const { pc } = window;
	const { resourceURL } = window.client;
	const offer = await pc.createOffer({ iceRestart: true });
	await pc.setLocalDescription(offer);
	const line = (name: string, text = "") => new RegExp(`a=${name}:(.*)\\r\\n`).exec(text)?.[1] ?? "";
	const body = `a=ice-ufrag:${line("ice-ufrag", offer.sdp)}\r\na=ice-pwd:${line("ice-pwd", offer.sdp)}\r\n`;
	const headers = {
		Authorization: `Bearer ${token}`,
		"Content-Type": "application/trickle-ice-sdpfrag",
		"If-Match": "*",
	};
	const response = await fetch(resourceURL, { method: "PATCH", headers, body });
	const fragment = await response.text();
	const sdp = (pc.remoteDescription?.sdp ?? "")
		.replaceAll(/a=ice-ufrag:.*/g, `a=ice-ufrag:${line("ice-ufrag", fragment)}`)
		.replaceAll(/a=ice-pwd:.*/g, `a=ice-pwd:${line("ice-pwd", fragment)}`);
	await pc.setRemoteDescription({ type: "answer", sdp });
	return response.status;
}
