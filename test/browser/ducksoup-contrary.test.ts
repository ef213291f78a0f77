/** DuckSoup's player and servers that do not keep to the order that the protocol asks for. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { launchChromium } from "../support/chromium.ts";
import { DuckSoupPage } from "../support/ducksoup-page.ts";

const soon = { timeout: 15_000, interval: 50 };
const script = readFileSync(new URL("../../dist/assets/assets/latest/js/ducksoup.js", import.meta.url));

interface Frame {
	kind: string;
	payload?: string;
}

let browser: Browser;
let http: Server;
let sockets: WebSocketServer;
let url: string;
let page: DuckSoupPage;
let socket: WebSocket;
let received: Frame[];

beforeAll(async () => {
	browser = await launchChromium();
	http = createServer((request, response) => response.end(request.url?.endsWith(".js") ? script : ""));
	sockets = new WebSocketServer({ server: http });
	http.listen(0, "127.0.0.1");
	await once(http, "listening");
	url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterAll(async () => {
	await browser?.close();
	for (const client of sockets.clients) client.terminate();
	http.closeAllConnections();
	http.close();
});
beforeEach(async () => {
	page = await DuckSoupPage.open(browser, url, "/");
	onTestFinished(() => page.close());
	received = [];
});

/** Resolves with the socket's `join` received. */
async function join(more: object = {}): Promise<void> {
	// What a page says may come before its test has heard that the page is there.
	const frames = received;
	const connected = new Promise<WebSocket>((resolve) => {
		sockets.once("connection", (ws) => {
			ws.on("message", (data) => frames.push(JSON.parse(String(data))));
			resolve(ws);
		});
	});
	const signalingUrl = `${url.replace("http", "ws")}/ws`;
	await page.render({ signalingUrl, interactionName: "hall", userId: "ada", duration: 30, ...more });
	socket = await connected;
	await got("join");
}
const say = (kind: string, payload: unknown = null) => socket.send(JSON.stringify({ kind, payload }));
const all = (kind: string) => received.filter((frame) => frame.kind === kind);
async function got(kind: string, count = 1): Promise<string[]> {
	await expect.poll(() => all(kind).length, soon).toBeGreaterThanOrEqual(count);
	return all(kind).map(({ payload = "" }) => payload);
}

/** The other side of the media: a connection in a page of its own that offers to receive. */
async function offerer(): Promise<Page> {
	const other = await (await browser.newContext()).newPage();
	onTestFinished(() => other.context().close());
	await other.goto(`${url}/`);
	await other.evaluate(() => {
		const pc = new RTCPeerConnection();
		const candidates: RTCIceCandidateInit[] = [];
		pc.onicecandidate = ({ candidate }) => candidate && candidates.push(candidate.toJSON());
		pc.addTransceiver("audio", { direction: "recvonly" });
		pc.addTransceiver("video", { direction: "recvonly" });
		Object.assign(window, { pc, candidates });
	});
	return other;
}
const offer = (other: Page): Promise<{ type: string; sdp: string }> => {
	return other.evaluate(async () => {
		const { pc } = window as unknown as { pc: RTCPeerConnection };
		await pc.setLocalDescription();
		return { type: "offer", sdp: pc.localDescription?.sdp ?? "" };
	});
};
const candidates = (other: Page): Promise<RTCIceCandidateInit[]> => {
	return other.evaluate(async () => {
		const { pc, candidates } = window as unknown as { pc: RTCPeerConnection; candidates: RTCIceCandidateInit[] };
		if (pc.iceGatheringState !== "complete") {
			await new Promise((resolve) => pc.addEventListener("icegatheringstatechange", resolve, { once: true }));
		}
		return candidates;
	});
};
const answer = (other: Page, text: string) => {
	return other.evaluate((answer) => (window as unknown as { pc: RTCPeerConnection }).pc.setRemoteDescription(answer), {
		...(JSON.parse(text) as RTCSessionDescriptionInit),
	});
};
const connection = (other: Page) => {
	return other.evaluate(() => (window as unknown as { pc: RTCPeerConnection }).pc.connectionState);
};

/** Devices open only when somebody lets them. */
async function prompt(): Promise<{ asked(): Promise<number>; allow(): Promise<void> }> {
	await page.page.evaluate(() => {
		const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
		const state = { asked: 0, allow: () => {}, streams: [] as MediaStream[] };
		const allowed = new Promise<void>((resolve) => {
			state.allow = resolve;
		});
		navigator.mediaDevices.getUserMedia = async (constraints) => {
			state.asked++;
			await allowed;
			const stream = await real(constraints);
			state.streams.push(stream);
			return stream;
		};
		Object.assign(window, { state });
	});
	return {
		asked: () => page.page.evaluate("state.asked"),
		allow: () => page.page.evaluate("state.allow()"),
	};
}

describe("a server that is out of order", () => {
	it("sends candidates before its first offer, no list of ICE servers, and what is no message", async () => {
		await join();
		say("joined", { context: "new_interaction", iceServers: null });
		const other = await offerer();
		const description = await offer(other);
		for (const candidate of await candidates(other)) say("candidate", JSON.stringify(candidate));
		socket.send("no message");
		say("kind-of-later", { a: 1 });
		say("offer", JSON.stringify({ ...description, sdp: description.sdp.replace(/a=candidate.*\r\n/g, "") }));
		const [sent = ""] = await got("client_answer");
		await answer(other, sent);
		await expect.poll(() => connection(other), soon).toBe("connected");
		expect(await page.kinds()).toEqual(["joined", "error", "local-stream"]);
		const answered = received.findIndex(({ kind }) => kind === "client_answer");
		const first = received.findIndex(({ kind }) => kind === "client_ice_candidate");
		expect(first === -1 || first > answered).toBe(true);
		expect(page.errors).toEqual([]);
	});

	it("offers again while the camera is asked for: it is asked for once, and both are answered in order", async () => {
		const devices = await prompt();
		await join();
		say("joined", { context: "new_interaction", iceServers: [] });
		const other = await offerer();
		const first = await offer(other);
		say("offer", JSON.stringify(first));
		say("offer", JSON.stringify({ ...first, sdp: first.sdp.replace(/^o=- (\d+) 2 /m, "o=- $1 3 ") }));
		await expect.poll(devices.asked, soon).toBe(1);
		await devices.allow();
		const answers = await got("client_answer", 2);
		expect(await devices.asked()).toBe(1);
		for (const text of answers) {
			const { sdp } = JSON.parse(text) as { sdp: string };
			expect(sdp.match(/^a=(sendonly|inactive)/gm)).toEqual(["a=sendonly", "a=sendonly"]);
			expect(sdp).toMatch(/^a=fmtp:111 .*stereo=0/m);
		}
		await answer(other, answers[1] ?? "");
		for (const candidate of await candidates(other)) say("candidate", JSON.stringify(candidate));
		await expect.poll(() => connection(other), soon).toBe("connected");
	});

	it("aborts while the camera is asked for: that is told at once, and a camera that opens later is off", async () => {
		const devices = await prompt();
		await join();
		say("joined", { context: "new_interaction", iceServers: [] });
		say("offer", JSON.stringify(await offer(await offerer())));
		await expect.poll(devices.asked, soon).toBe(1);
		say("error-aborted");
		await expect.poll(() => page.kinds(), soon).toEqual(["joined", "error-aborted", "closed"]);
		await devices.allow();
		const states = () => page.page.evaluate("state.streams.flatMap((s) => s.getTracks().map((t) => t.readyState))");
		await expect.poll(states, soon).toEqual(["ended", "ended"]);
		expect(await page.kinds()).toHaveLength(3);
		expect(all("client_answer")).toEqual([]);
	});

	it("leaves the socket open after the end: the devices are off all the same", async () => {
		await join();
		say("joined", { context: "new_interaction", iceServers: [] });
		say("offer", JSON.stringify(await offer(await offerer())));
		await got("client_answer");
		expect(await page.devices()).toEqual(["audio live", "video live"]);
		say("files", { ada: null });
		say("end");
		await expect.poll(() => page.kinds(), soon).toEqual(["joined", "local-stream", "files", "end", "closed"]);
		expect(await page.devices()).toEqual(["audio ended", "video ended"]);
		expect(all("stop")).toHaveLength(1);
	});

	it("offers what is no description: the error is told, and it leaves", async () => {
		await join();
		say("joined", { context: "new_interaction", iceServers: [] });
		say("offer", JSON.stringify({ type: "offer", sdp: "nothing" }));
		await expect.poll(() => page.kinds(), soon).toEqual(["joined", "local-stream", "error", "closed"]);
		const error = (await page.told()).find(({ kind }) => kind === "error")?.payload;
		expect(error).toMatchObject({ code: "negotiation" });
		expect(await page.devices()).toEqual(["audio ended", "video ended"]);
	});

	it("goes away: the devices are off, and it is told once", async () => {
		await join();
		say("joined", { context: "new_interaction", iceServers: [] });
		say("offer", JSON.stringify(await offer(await offerer())));
		await got("client_answer");
		socket.terminate();
		await expect.poll(() => page.kinds(), soon).toContain("closed");
		expect(await page.devices()).toEqual(["audio ended", "video ended"]);
		await page.call("stop");
		await page.call("start");
		expect((await page.kinds()).filter((kind) => kind === "closed")).toHaveLength(1);
	});
});

describe("what is told to the log", () => {
	const talk = async (logLevel: number | undefined) => {
		await join({ logLevel });
		say("joined", { context: "new_interaction", iceServers: [] });
		const other = await offerer();
		say("offer", JSON.stringify(await offer(other)));
		const [sent = ""] = await got("client_answer");
		await answer(other, sent);
		for (const candidate of await candidates(other)) say("candidate", JSON.stringify(candidate));
		await expect.poll(() => connection(other), soon).toBe("connected");
		say("start", 30);
	};
	const told = () =>
		[...new Set(received.map(({ kind }) => kind))].filter((kind) => /_(updated|changed|pair)$/.test(kind));

	it("is nothing at level 0", async () => {
		await talk(0);
		await page.call("serverLog", "mark");
		await got("ext_mark");
		expect(told()).toEqual([]);
	});

	it("is figures of the media unless said otherwise", async () => {
		await talk(undefined);
		const [size] = await got("client_video_resolution_updated");
		expect(size).toMatch(/^\d+x\d+$/);
		await got("client_keyframe_encoded_count_updated");
		expect(told().filter((kind) => kind.endsWith("changed"))).toEqual([]);
	});

	it("is states as well at level 2", async () => {
		await talk(2);
		const [pair] = await got("client_selected_candidate_pair");
		expect(pair).toMatch(/^client=candidate:\S+ .* server=candidate:/);
		expect(await got("client_connection_state_changed")).toContain("connected");
		await got("client_ice_connection_state_connected");
	});
});
