import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { log } from "../../media-node/observability/logger.ts";
import type { Workers } from "../../media-node/rtc/workers.ts";
import { launchChromium } from "../support/chromium.ts";
import { Random } from "../support/random.ts";
import { type SdpClient, SdpRoom, sendMedia, startWorkers } from "../support/sdp-room.ts";

let browser: Browser;
let workers: Workers;
let web: Server;
let room: SdpRoom;
const pages: Page[] = [];

async function newPage(): Promise<Page> {
	const page = await browser.newPage();
	pages.push(page);
	await page.goto(`http://127.0.0.1:${(web.address() as AddressInfo).port}/`);
	return page;
}

beforeAll(async () => {
	log.level = "silent";
	web = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html>"));
	await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
	[browser, workers] = await Promise.all([launchChromium(), startWorkers(0)]);
});

afterAll(async () => {
	await browser?.close();
	workers?.close();
	web?.close();
});

afterEach(async () => {
	room?.close();
	await Promise.all(pages.splice(0).map((page) => page.close()));
});

/** Clients that are in the room, each with its page. */
async function join(...ids: string[]): Promise<SdpClient[]> {
	return Promise.all(ids.map(async (id) => room.join(await newPage(), id)));
}

const noErrors = (...clients: SdpClient[]) => expect(clients.flatMap(({ errors }) => errors)).toEqual([]);

const RIDS = ["high", "mid", "low"];

describe("a browser with nothing but a peer connection", () => {
	it("sends and receives over one connection, under its publishers' ids", async () => {
		room = new SdpRoom("one", workers);
		const [a, b] = (await join("ann", "ben")) as [SdpClient, SdpClient];
		for (const client of [a, b]) {
			await client.page.evaluate(sendMedia, { audio: true });
			await client.offer();
		}
		const [atA, atB] = await Promise.all([a.received(2), b.received(2)]);
		const own = await a.page.evaluate(() => window.sdp.pc.getSenders().flatMap(({ track }) => track?.id ?? []));
		expect(atB.map(({ track }) => track).sort()).toEqual(own.sort());
		expect(new Set(atB.map(({ stream }) => stream)).size).toBe(1);
		expect(atA.map(({ kind }) => kind).sort()).toEqual(["audio", "video"]);
		noErrors(a, b);
	});

	it("sends simulcast under its own names, of which each receiver gets the layer it asks for", async () => {
		room = new SdpRoom("simulcast", workers);
		const [a, b] = (await join("ann", "ben")) as [SdpClient, SdpClient];
		await b.page.evaluate(sendMedia, { audio: true });
		await b.offer();
		await a.page.evaluate(sendMedia, { audio: true, rids: RIDS });
		const { sends = [] } = await a.offer();
		const video = sends.find(({ kind }) => kind === "video");
		expect(video?.rtpParameters.encodings?.map(({ rid }) => rid)).toEqual(["low", "mid", "high"]);
		await b.received(2);
		// Of a camera of this size Chromium sends two layers, and none in the last of three.
		for (const [spatial, width] of [
			[1, 320],
			[2, 640],
			[1, 320],
		] as const) {
			const track = `ann-${video?.mid}`;
			room.execute({ type: "tune", endpoint: b.endpoint, tracks: [{ track, layer: { spatial } }] });
			await b.page.evaluate(frameWidth, width);
		}
		noErrors(a, b);
	});

	it("that leaves is taken out of the others' descriptions, and its places are given to who comes next", async () => {
		room = new SdpRoom("leave", workers);
		const [a, b] = (await join("ann", "ben")) as [SdpClient, SdpClient];
		for (const client of [a, b]) {
			await client.page.evaluate(sendMedia, { audio: true });
			await client.offer();
		}
		await a.received(2);
		const sections = await a.page.evaluate(() => window.sdp.pc.getTransceivers().length);
		room.leave(b);
		await a.page.evaluate(async () => {
			const live = () =>
				window.sdp.pc.getTransceivers().filter(({ currentDirection }) => currentDirection === "recvonly");
			while (live().length > 0) await new Promise(requestAnimationFrame);
		});
		const [c] = (await join("cat")) as [SdpClient];
		await c.page.evaluate(sendMedia, { audio: true });
		await c.offer();
		await a.received(2);
		expect((await a.page.evaluate(() => window.sdp.pc.currentLocalDescription?.sdp.match(/^m=/gm)?.length)) ?? 0).toBe(
			sections,
		);
		noErrors(a, c);
	});

	it("adds and removes tracks of its own at any time, in sections that it receives in as well", async () => {
		room = new SdpRoom("add", workers);
		const [a, b] = (await join("ann", "ben")) as [SdpClient, SdpClient];
		for (const client of [a, b]) {
			await client.page.evaluate(sendMedia, { audio: true });
			await client.offer();
		}
		await Promise.all([a.received(2), b.received(2)]);
		// `addTrack` takes the section in which it receives a video and has sent none.
		await a.page.evaluate(addScreen);
		const { sends = [] } = await a.offer();
		expect(sends.filter(({ kind }) => kind === "video")).toHaveLength(2);
		await b.received(3);
		await a.received(2);
		await a.page.evaluate(() => {
			const { pc } = window.sdp;
			const sender = pc.getSenders().filter(({ track }) => track?.kind === "video")[1];
			if (sender) pc.removeTrack(sender);
		});
		expect((await a.offer()).sends?.filter(({ kind }) => kind === "video")).toHaveLength(1);
		await b.page.evaluate(async () => {
			const live = () =>
				window.sdp.pc.getTransceivers().filter(({ currentDirection }) => currentDirection === "recvonly");
			while (live().length > 2) await new Promise(requestAnimationFrame);
		});
		await Promise.all([a.received(2), b.received(2)]);
		noErrors(a, b);
	});

	it("may offer while the node's offer is on its way: both are carried out", async () => {
		room = new SdpRoom("glare", workers);
		const [a, b] = (await join("ann", "ben")) as [SdpClient, SdpClient];
		await a.page.evaluate(sendMedia, { audio: true });
		await a.offer();
		// The node's offer of ben's tracks stays unanswered, and ann offers a screen.
		a.held = [];
		await b.page.evaluate(sendMedia, { audio: true });
		await b.offer();
		await room.report((report) => (a.held?.length ? report : undefined));
		await a.page.evaluate(addScreen);
		a.held = undefined;
		await a.offer();
		await Promise.all([a.received(2), b.received(3)]);
		noErrors(a, b);
	});

	it("restarts ICE, and the node does", async () => {
		room = new SdpRoom("restart", workers);
		const [a, b] = (await join("ann", "ben")) as [SdpClient, SdpClient];
		for (const client of [a, b]) {
			await client.page.evaluate(sendMedia, { audio: true });
			await client.offer();
		}
		await Promise.all([a.received(2), b.received(2)]);
		const pair = () => a.page.evaluate(remoteFragment);
		const first = await pair();
		await a.page.evaluate(() => window.sdp.pc.restartIce());
		await a.offer();
		const second = await pair();
		expect(second).not.toBe(first);
		room.execute({ type: "renegotiate", endpoint: a.endpoint, connection: "", restart: true });
		await room.report(() => (a.offers > 1 ? true : undefined));
		await a.settled();
		expect(await pair()).not.toBe(second);
		for (const client of [a, b]) await client.page.evaluate(morePackets);
		noErrors(a, b);
	});

	it("goes on with another node on the same connection", async () => {
		const other = await startWorkers(0);
		const next = new SdpRoom("moved", other);
		try {
			room = new SdpRoom("moving", workers);
			const [a, b] = (await join("ann", "ben")) as [SdpClient, SdpClient];
			for (const client of [a, b]) {
				await client.page.evaluate(sendMedia, { audio: true, rids: RIDS });
				await client.offer();
			}
			await Promise.all([a.received(2), b.received(2)]);
			const known = ({ sections }: SdpClient) =>
				(sections.find(({ mid }) => mid === "1")?.layers ?? []).filter(({ ssrc }) => ssrc !== undefined).length >= 2;
			await room.report(() => (known(a) && known(b) ? true : undefined));
			const moved = [a, b].map((client) =>
				next.join(client.page, client.id, {}, { reuse: true, connections: { "": client.sections } }),
			);
			const [c, d] = (await Promise.all(moved)) as [SdpClient, SdpClient];
			room.close();
			await Promise.all([c, d].map(({ page }) => page.evaluate(morePackets)));
			const told = await next.report((report) => (report.type === "agreed" ? report : undefined));
			expect(told.sends?.find(({ kind }) => kind === "video")?.rtpParameters.encodings).toHaveLength(3);
			noErrors(a, b, c, d);
		} finally {
			next.close();
			await other.close();
		}
	});

	it("that only offers to receive is answered with what there is", async () => {
		room = new SdpRoom("fill", workers);
		const [a] = (await join("ann")) as [SdpClient];
		await a.page.evaluate(sendMedia, { audio: true });
		await a.offer();
		const viewer = await room.join(await newPage(), "viewer", { offers: false, fill: true, renumber: false });
		await viewer.page.evaluate(() => {
			window.sdp.pc.addTransceiver("video", { direction: "recvonly" });
			window.sdp.pc.addTransceiver("audio", { direction: "recvonly" });
			window.sdp.pc.addTransceiver("video", { direction: "recvonly" });
		});
		const { sections } = await viewer.offer();
		expect(sections.map(({ track }) => track !== undefined)).toEqual([true, true, false]);
		await viewer.received(2);
		expect(viewer.offers).toBe(0);
	});

	it.each(["video/VP8", "video/H264"])(
		"that is invited sends %s in sections where it receives as well",
		async (codec) => {
			room = new SdpRoom("invited", workers);
			const invited = async (id: string) => {
				const client = await room.join(await newPage(), id, { invites: ["audio", "video"], codecs: [codec] });
				client.held = [];
				await room.report((report) => report.type === "description" && report.endpoint === client.endpoint);
				// As clients do that are asked for their camera: they have nothing to send before.
				await client.page.evaluate(addTracks);
				const [offer] = client.held.splice(0);
				client.held = undefined;
				if (offer) client.answer(offer);
				return client;
			};
			const ann = await invited("ann");
			const ben = await invited("ben");
			const [atAnn, atBen] = await Promise.all([ann.received(2), ben.received(2)]);
			for (const received of [atAnn, atBen]) expect(received.map(({ mid }) => mid).sort()).toEqual(["s1", "s2"]);
			expect(new Set(atBen.map(({ stream }) => stream)).size).toBe(1);
			expect(ann.sections).toHaveLength(2);
			// The invitation, and ben's two tracks, together or one after the other.
			expect(ann.offers).toBeLessThanOrEqual(3);
			expect(await ann.page.evaluate(sentCodec)).toBe(codec);

			const cid = await invited("cid");
			await Promise.all([ann.received(4), ben.received(4), cid.received(4)]);
			expect(await ann.page.evaluate(sentCodec)).toBe(codec);
			room.leave(ben);
			await expect.poll(() => ann.sections.filter(({ track }) => track?.startsWith("cid"))).toHaveLength(2);
			// What became free is used again.
			const dan = await invited("dan");
			await Promise.all([ann.received(4), dan.received(4)]);
			expect(ann.sections.filter(({ stopped }) => !stopped)).toHaveLength(4);
			noErrors(ann, cid, dan);
		},
	);

	it("talks with its dialect over a data channel that the node opens", async () => {
		room = new SdpRoom("text", workers);
		const a = await room.join(await newPage(), "ann", { channels: ["internal"] });
		await a.page.evaluate(() => {
			window.sdp.pc.addEventListener("datachannel", ({ channel }) => {
				channel.addEventListener("message", ({ data }) => channel.send(`${channel.label} ${channel.id} heard ${data}`));
			});
		});
		await a.page.evaluate(sendMedia, { audio: true });
		await a.offer();
		await room.report((report) => (report.type === "text" && report.text === undefined ? report : undefined));
		room.execute({ type: "text", endpoint: a.endpoint, channel: "internal", text: "häuser" });
		const { text } = await room.report((report) => (report.type === "text" && report.text ? report : undefined));
		expect(text).toMatch(/^internal \d*[13579] heard häuser$/);
		noErrors(a);
	});

	it("of twenty is offered a new track once, and loses nothing of what it receives", async () => {
		room = new SdpRoom("twenty", workers);
		const page = await newPage();
		await page.evaluate((count) => {
			for (let i = 0; i < count; i++) document.body.append(document.createElement("iframe"));
		}, 20);
		const frames = page.frames().filter((frame) => frame !== page.mainFrame());
		const clients = await Promise.all(frames.map((frame, i) => room.join(frame, `p${i}`)));
		const [a, b, ...viewers] = clients as [SdpClient, SdpClient, ...SdpClient[]];
		for (const viewer of viewers) {
			await viewer.page.evaluate(() => void window.sdp.pc.addTransceiver("audio", { direction: "recvonly" }));
			await viewer.offer();
		}
		for (const publisher of [a, b]) {
			await publisher.page.evaluate(addScreen);
			await publisher.offer();
		}
		await Promise.all(viewers.map((viewer) => viewer.received(2)));
		for (const client of clients) await client.settled();
		const offers = clients.map((client) => client.offers);
		const before = await Promise.all(viewers.map(({ page: frame }) => frame.evaluate(continuity)));
		await a.page.evaluate(addScreen);
		await a.offer();
		await Promise.all(viewers.map((viewer) => viewer.received(3)));
		for (const client of clients) await client.settled();
		expect(clients.map((client, i) => client.offers - (offers[i] ?? 0))).toEqual(
			clients.map((it) => (it === a ? 0 : 1)),
		);
		for (const [i, viewer] of viewers.entries()) {
			const after = await viewer.page.evaluate(continuity);
			for (const [ssrc, was] of Object.entries(before[i] ?? {})) expect(after[ssrc]).toEqual(was);
		}
		noErrors(...clients);
	});

	it("keeps a working connection whatever is added and removed, in whatever order", async () => {
		room = new SdpRoom("random", workers);
		const seed = Number(process.env.SEED ?? 7);
		const numbers = new Random(seed);
		const random = () => numbers.next();
		const clients = await join("ann", "ben", "cat");
		for (const client of clients) {
			await client.page.evaluate(sendMedia, { audio: true });
			await client.offer();
		}
		for (let step = 0; step < Number(process.env.STEPS ?? 60); step++) {
			const client = clients[Math.floor(random() * clients.length)] as SdpClient;
			const change = Math.floor(random() * 5);
			await client.page.evaluate(alter, change);
			// Sometimes others are in the middle of something.
			if (random() < 0.5) await client.offer();
			else {
				const other = clients[Math.floor(random() * clients.length)] as SdpClient;
				const both = new Set([client, other]);
				await Promise.all([...both].map((it) => it.offer()));
			}
		}
		for (const client of clients) {
			await client.offer();
			await client.settled();
		}
		for (const client of clients) {
			const expected = [...room.tracks.values()].filter((owner) => owner !== client.id).length;
			expect(await client.received(expected), `seed ${seed}`).toHaveLength(expected);
			expect(await client.page.evaluate(() => window.sdp.pc.connectionState)).toBe("connected");
		}
		noErrors(...clients);
	}, 120_000);
});

// ---------------------------------------------------------------- in the page

function addScreen(): void {
	const canvas = document.createElement("canvas");
	const context = canvas.getContext("2d");
	setInterval(() => context?.fillRect(Math.random() * 300, Math.random() * 150, 20, 20), 50);
	const stream = canvas.captureStream(15);
	for (const track of stream.getTracks()) window.sdp.pc.addTrack(track, stream);
}

async function addTracks(): Promise<void> {
	const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
	for (const track of stream.getTracks()) window.sdp.pc.addTrack(track, stream);
}

async function sentCodec(): Promise<string | undefined> {
	for (;;) {
		const report = await window.sdp.pc.getStats();
		for (const stats of report.values()) {
			if (stats.type !== "outbound-rtp" || stats.kind !== "video" || stats.framesEncoded < 10) continue;
			return report.get(stats.codecId)?.mimeType;
		}
		await new Promise(requestAnimationFrame);
	}
}

async function frameWidth(width: number): Promise<void> {
	for (;;) {
		for (const stats of (await window.sdp.pc.getStats()).values()) {
			if (stats.type === "inbound-rtp" && stats.frameWidth === width) return;
		}
		await new Promise(requestAnimationFrame);
	}
}

/** Of each stream: what changes when frames of it are lost, or it begins anew. */
async function continuity(): Promise<Record<string, unknown>> {
	const streams: Record<string, unknown> = {};
	for (const stats of (await window.sdp.pc.getStats()).values()) {
		if (stats.type !== "inbound-rtp") continue;
		const { ssrc, packetsLost, pliCount, nackCount } = stats;
		streams[ssrc] = { packetsLost, pliCount, nackCount };
	}
	return streams;
}

/** What the other side's ICE agent calls itself. */
function remoteFragment(): string | undefined {
	return /a=ice-ufrag:(\S+)/.exec(window.sdp.pc.currentRemoteDescription?.sdp ?? "")?.[1];
}

/** Every section in which it receives gets more from now on. */
async function morePackets(): Promise<void> {
	const { pc } = window.sdp;
	const count = async () => {
		const counts = new Map<string, number>();
		for (const { receiver, mid, currentDirection } of pc.getTransceivers()) {
			if (!currentDirection?.includes("recv")) continue;
			let packets = 0;
			for (const stats of (await receiver.getStats()).values()) {
				if (stats.type === "inbound-rtp") packets += stats.packetsReceived;
			}
			counts.set(mid ?? "", packets);
		}
		return counts;
	};
	const before = await count();
	for (;;) {
		const now = await count();
		if (now.size >= before.size && [...before].every(([mid, packets]) => (now.get(mid) ?? 0) !== packets)) return;
		await new Promise(requestAnimationFrame);
	}
}

/** One of the things that pages do to their connections. */
function alter(change: number): void {
	const { pc } = window.sdp;
	const senders = pc.getSenders().filter(({ track }) => track);
	const video = () => {
		const canvas = document.createElement("canvas");
		const context = canvas.getContext("2d");
		setInterval(() => context?.fillRect(Math.random() * 300, Math.random() * 150, 20, 20), 50);
		return canvas.captureStream(15);
	};
	switch (change) {
		case 0: {
			if (senders.length >= 5) return;
			const stream = video();
			for (const track of stream.getTracks()) pc.addTrack(track, stream);
			return;
		}
		case 1: {
			const last = senders.at(-1);
			if (last && senders.length > 1) pc.removeTrack(last);
			return;
		}
		case 2: {
			const own = pc
				.getTransceivers()
				.filter(({ sender, currentDirection }) => sender.track && currentDirection !== "stopped");
			if (own.length > 2) own.at(-1)?.stop();
			return;
		}
		case 3: {
			if (senders.length >= 5) return;
			const stream = video();
			pc.addTransceiver(stream.getTracks()[0] as MediaStreamTrack, { direction: "sendonly", streams: [stream] });
			return;
		}
		case 4: {
			const own = pc
				.getTransceivers()
				.find(({ sender, currentDirection }) => sender.track?.kind === "video" && currentDirection !== "stopped");
			if (own) own.direction = own.direction === "inactive" ? "sendonly" : "inactive";
			return;
		}
	}
}
