/** A client of tribe in a page: RTCPeerConnection and WebSocket, and its wire. By a node, or directly to each other. */
import type { Page } from "playwright-core";
import { signOdoo } from "./odoo.ts";
import { sendScreen } from "./peer-connection.ts";

interface Frame {
	a: string;
	s?: boolean;
	e?: number;
	d?: unknown;
}
interface Peer {
	pc: RTCPeerConnection;
	/** Descriptions that came for it. */
	descriptions: string[];
}
interface TribePage {
	ws: WebSocket;
	frames: Frame[];
	peers: Map<string, Peer>;
	own: MediaStream;
	errors: string[];
	me: { socketId: string; userId: string };
	closed?: number;
	start: Start;
}
declare const window: { tribe: TribePage } & Window;

interface Start {
	url: string;
	roomId: string;
	bearer: string;
	/** The peers themselves are called, instead of the publisher. */
	direct: boolean;
}

export interface Received {
	kind: string;
	codec: string;
	/** Frames decoded, or packets of sound. */
	count: number;
	width: number;
}

export class TribePerson {
	readonly page: Page;
	readonly userId: string;
	readonly #start: Start;
	socketId = "";

	private constructor(page: Page, userId: string, start: Start) {
		this.page = page;
		this.userId = userId;
		this.#start = start;
	}

	/** In a blank page of that origin. */
	static async join(
		page: Page,
		origin: string,
		secret: string,
		userId: string,
		roomId: string,
		direct = false,
	): Promise<TribePerson> {
		const bearer = signOdoo({ userId, iat: Math.floor(Date.now() / 1000) }, secret);
		const url = `${origin.replace(/^http/, "ws")}/api`;
		const person = new TribePerson(page, userId, { url, roomId, bearer, direct });
		await page.goto(`${origin}/v1/health`);
		await person.enter();
		return person;
	}

	get session(): { socketId: string; userId: string } {
		return { socketId: this.socketId, userId: this.userId };
	}

	async enter(): Promise<void> {
		this.socketId = await this.page.evaluate(enter, this.#start);
	}

	async reload(): Promise<void> {
		await this.page.reload();
		await this.enter();
	}

	/** Its socket is lost; its connections stay. */
	lose(): Promise<void> {
		return this.page.evaluate(() => window.tribe.ws.close(3999));
	}

	/** Sends its screen in the camera's place, which is what the protocol leaves for that. */
	async screen(on: boolean): Promise<void> {
		const pc = await this.page.evaluateHandle(() => (window.tribe.peers.get("publisher") as Peer).pc);
		await sendScreen(pc, await this.page.evaluateHandle(() => window.tribe.own), on);
	}

	/** The answer to taking its session up again. */
	reconnect(): Promise<Frame> {
		return this.page.evaluate(reconnect);
	}

	leave(): Promise<void> {
		return this.page.evaluate(() => window.tribe.ws.close());
	}

	say(a: string, d: unknown): Promise<void> {
		return this.page.evaluate((frame) => window.tribe.ws.send(JSON.stringify(frame)), { a, d });
	}

	/** What it was told by that name, oldest first. */
	told(name: string): Promise<unknown[]> {
		return this.page.evaluate((a) => window.tribe.frames.filter((it) => it.a === a).map(({ d }) => d), name);
	}

	frames(): Promise<Frame[]> {
		return this.page.evaluate(() => window.tribe.frames);
	}

	errors(): Promise<string[]> {
		return this.page.evaluate(() => window.tribe.errors);
	}

	/** Its connections, by whom they are with: what came for each. */
	connections(): Promise<Record<string, string[]>> {
		return this.page.evaluate(() =>
			Object.fromEntries([...window.tribe.peers].map(([id, { descriptions }]) => [id, descriptions])),
		);
	}

	/** Ids of the browser's tracks, by the user they are of. */
	tracks(): Promise<Record<string, string[]>> {
		return this.page.evaluate(() => {
			const all: Record<string, string[]> = {};
			for (const { a, d } of window.tribe.frames) {
				if (a !== "eventExchangeSdp") continue;
				const { from } = d as { from: { socketId: string; userId: string } };
				const receivers = window.tribe.peers.get(from.socketId)?.pc.getReceivers();
				if (from.userId && receivers) all[from.userId] = receivers.map(({ track }) => track.id);
			}
			return all;
		});
	}

	/** What comes from somebody. */
	received(socketId: string): Promise<Received[]> {
		return this.page.evaluate(receivedFrom, socketId);
	}

	/** Ports of the path that is used to somebody. */
	path(socketId: string): Promise<{ local: string; remote: string } | undefined> {
		return this.page.evaluate(pathTo, socketId);
	}
}

// ---------------------------------------------------------------- in the page

async function enter(start: Start): Promise<string> {
	const own = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } });
	const me = { socketId: "", userId: "" };
	const tribe: TribePage = { ws: new WebSocket(start.url), frames: [], peers: new Map(), own, errors: [], me, start };
	window.tribe = tribe;
	const say = (a: string, d: object) => tribe.ws.send(JSON.stringify({ a, d }));

	const connect = (id: string): Peer => {
		const pc = new RTCPeerConnection();
		const peer = { pc, descriptions: [] };
		tribe.peers.set(id, peer);
		pc.onicecandidate = ({ candidate }) => {
			const line = candidate && {
				...{ candidate: candidate.candidate, sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex },
			};
			say("exchangeCandidate", { to: id, candidate: line ?? { completed: true } });
		};
		pc.ontrack = ({ track }) => {
			const element = document.createElement(track.kind as "audio" | "video");
			Object.assign(element, { autoplay: true, muted: track.kind === "video", srcObject: new MediaStream([track]) });
			document.body.append(element);
		};
		return peer;
	};
	const send = (pc: RTCPeerConnection) => {
		for (const track of own.getTracks()) pc.addTrack(track, own);
	};
	const call = async (id: string) => {
		const { pc } = connect(id);
		send(pc);
		await pc.setLocalDescription();
		say("exchangeSdp", { to: id, sdp: pc.localDescription });
	};
	/** One after the other, as they came. */
	let last: Promise<unknown> = Promise.resolve();
	const take = async ({ a, d }: Frame): Promise<void> => {
		if (a === "eventExchangeSdp") {
			const { from, sdp } = d as { from: { socketId: string }; sdp: RTCSessionDescriptionInit };
			const isNew = !tribe.peers.has(from.socketId);
			const peer = tribe.peers.get(from.socketId) ?? connect(from.socketId);
			peer.descriptions.push(String(sdp.type));
			// A peer that calls is answered with one's own media; the server with none.
			if (isNew && start.direct) send(peer.pc);
			await peer.pc.setRemoteDescription(sdp);
			if (sdp.type !== "offer") return;
			await peer.pc.setLocalDescription();
			say("exchangeSdp", { to: from.socketId, sdp: peer.pc.localDescription as RTCSessionDescription });
		} else if (a === "eventExchangeCandidate") {
			const { from, candidate } = d as { from: { socketId: string }; candidate: RTCIceCandidateInit };
			await tribe.peers.get(from.socketId)?.pc.addIceCandidate(candidate);
		} else if (a === "eventLeave") {
			const { socketId } = d as { socketId: string };
			tribe.peers.get(socketId)?.pc.close();
			tribe.peers.delete(socketId);
		}
	};
	const listen = (ws: WebSocket) => {
		ws.onmessage = ({ data }) => {
			const frame = JSON.parse(data) as Frame;
			tribe.frames.push(frame);
			if (frame.s === false) tribe.errors.push(JSON.stringify(frame));
			last = last.then(() => take(frame)).catch((error) => tribe.errors.push(String(error)));
		};
		ws.onclose = ({ code }) => {
			tribe.closed = code;
		};
	};
	Object.assign(window, { listen });
	listen(tribe.ws);
	await new Promise((resolve) => tribe.ws.addEventListener("open", resolve));
	const joined = new Promise<Frame>((resolve) => {
		tribe.ws.addEventListener("message", ({ data }) => {
			const frame = JSON.parse(data) as Frame;
			if (frame.a === "joinR") resolve(frame);
		});
	});
	say("join", {
		...{ roomId: start.roomId, bearer: start.bearer, platform: "Web", deviceName: "Chromium", networkType: "wifi" },
		...{ version: "156", appVersion: "1", orientation: 90, camera: "front" },
	});
	const { s, e, d } = await joined;
	if (!s) throw new Error(`not joined: ${e}`);
	const { socketId, userId, sessions } = d as { socketId: string; userId: string; sessions: { socketId: string }[] };
	Object.assign(me, { socketId, userId });
	if (start.direct) for (const session of sessions) await call(session.socketId);
	else await call("publisher");
	return socketId;
}

async function reconnect(): Promise<Frame> {
	const { tribe, listen } = window as unknown as { tribe: TribePage; listen: (ws: WebSocket) => void };
	tribe.ws = new WebSocket(tribe.start.url);
	listen(tribe.ws);
	await new Promise((resolve) => tribe.ws.addEventListener("open", resolve));
	const answered = new Promise<Frame>((resolve) => {
		tribe.ws.addEventListener("message", ({ data }) => resolve(JSON.parse(data)), { once: true });
	});
	tribe.ws.send(JSON.stringify({ a: "reconnect", d: { socketId: tribe.me.socketId } }));
	return answered;
}

async function receivedFrom(socketId: string): Promise<Received[]> {
	const stats = await window.tribe.peers.get(socketId)?.pc.getStats();
	const found: Received[] = [];
	for (const it of stats?.values() ?? []) {
		if (it.type !== "inbound-rtp") continue;
		const codec = stats?.get(it.codecId)?.mimeType ?? "";
		const { kind, frameWidth: width = 0, framesDecoded = 0, packetsReceived = 0 } = it;
		found.push({ kind, codec, width, count: kind === "video" ? framesDecoded : packetsReceived });
	}
	return found.sort((a, b) => a.kind.localeCompare(b.kind));
}

async function pathTo(socketId: string): Promise<{ local: string; remote: string } | undefined> {
	const stats = await window.tribe.peers.get(socketId)?.pc.getStats();
	for (const it of stats?.values() ?? []) {
		const pair = it.type === "transport" ? stats?.get(it.selectedCandidatePairId) : undefined;
		const [local, remote] = pair ? [stats?.get(pair.localCandidateId), stats?.get(pair.remoteCandidateId)] : [];
		if (local && remote) return { local: `${local.address}:${local.port}`, remote: `${remote.address}:${remote.port}` };
	}
	return undefined;
}
