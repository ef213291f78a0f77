/**
 * Messages through a room against a bare object in the same workerd: the same frames out for each frame in (one to
 * every other socket, one answer to the sender), so that the ratio is what the room itself costs.
 */
import { once } from "node:events";
import WebSocket from "ws";
import { BEARER_PREFIX, SUBPROTOCOL } from "../shared/native.ts";
import { Rights } from "../shared/tokens.ts";
import { mintParticipantToken } from "../worker/auth/tokens.ts";
import { startBenchEdge } from "./lib/edge.ts";
import { type Figures, percentile, showSpread, spread } from "./lib/figures.ts";

/** About the size of an ICE candidate or a chat line. */
const PAYLOAD = "x".repeat(160);
/** Messages a sender has unanswered: enough to keep the object busy. */
const WINDOW = 8;
const SENDERS = 2;

/** For both sides: compressing costs several times what relaying does, and is not what is measured. */
const NO_COMPRESSION = { perMessageDeflate: false };

interface Peer {
	ws: WebSocket;
	/** Sends one message; resolves when it was answered. */
	send(): Promise<void>;
	received: number;
}

interface Run {
	/** Frames delivered to receivers per second. */
	perSecond: number;
	/** From sending to the answer, alone, ms. */
	p50: number;
	p99: number;
}

async function bare(url: string, name: string): Promise<Peer> {
	const ws = new WebSocket(`${url.replace(/^http/, "ws")}/bare/${name}`, NO_COMPRESSION);
	const waiting: (() => void)[] = [];
	const peer: Peer = {
		ws,
		received: 0,
		send: () => {
			ws.send(JSON.stringify({ type: "message", payload: PAYLOAD }));
			return new Promise((resolve) => waiting.push(resolve));
		},
	};
	ws.on("message", (data: Buffer) => {
		if (data.length === 2) waiting.shift()?.();
		else peer.received++;
	});
	await once(ws, "open");
	return peer;
}

async function member(url: string, room: string, identity: string, authKey: string): Promise<Peer> {
	const { token } = await mintParticipantToken(
		{ AUTH_KEY: authKey },
		{ room, identity, rights: Rights.parse({}), ttl: 600 },
	);
	const ws = new WebSocket(
		`${url.replace(/^http/, "ws")}/v1/rooms/${room}/connect`,
		[SUBPROTOCOL, BEARER_PREFIX + token],
		NO_COMPRESSION,
	);
	const waiting = new Map<number, () => void>();
	let id = 1;
	const peer: Peer = {
		ws,
		received: 0,
		send: () => {
			ws.send(JSON.stringify({ id: ++id, type: "message", payload: PAYLOAD }));
			return new Promise((resolve) => waiting.set(id, resolve));
		},
	};
	const joined = new Promise<void>((resolve, reject) => {
		ws.on("message", (data: Buffer) => {
			const text = data.toString();
			if (text.startsWith('{"type":"ok"')) {
				const re = (JSON.parse(text) as { re: number }).re;
				waiting.get(re)?.();
				waiting.delete(re);
			} else if (text.includes('"type":"message"')) peer.received++;
			else if (text.startsWith('{"type":"welcome"')) ws.send(JSON.stringify({ id: 1, type: "join" }));
			else if (text.startsWith('{"type":"joined"')) resolve();
			else if (text.startsWith('{"type":"error"')) reject(new Error(text));
		});
	});
	await once(ws, "open");
	await joined;
	return peer;
}

async function measure(peers: readonly Peer[], messages: number): Promise<Run> {
	const [first] = peers;
	if (!first) throw new Error("nobody to send");
	const times: number[] = [];
	for (let i = 0; i < 300; i++) {
		const began = performance.now();
		await first.send();
		times.push(performance.now() - began);
	}
	const senders = peers.slice(0, SENDERS);
	const expected = peers.map((peer) => peer.received + messages * (senders.length - (senders.includes(peer) ? 1 : 0)));
	const began = performance.now();
	const all = new Promise<void>((resolve) => {
		const done = () => {
			if (peers.every((peer, i) => peer.received >= (expected[i] ?? 0))) resolve();
		};
		for (const peer of peers) peer.ws.on("message", done);
	});
	await Promise.all(
		senders.map(async (sender) => {
			let left = messages;
			await Promise.all(
				Array.from({ length: WINDOW }, async () => {
					while (left-- > 0) await sender.send();
				}),
			);
		}),
	);
	await all;
	const seconds = (performance.now() - began) / 1000;
	const delivered = messages * senders.length * (peers.length - 1);
	for (const peer of peers) peer.ws.removeAllListeners("message").terminate();
	return { perSecond: delivered / seconds, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

export async function relay(runs: number): Promise<Figures> {
	const edge = await startBenchEdge({ MAX_MESSAGES_PER_SECOND: "1000000", MAX_BUFFERED_BYTES: "100000000" });
	const rows: string[][] = [];
	const json: object[] = [];
	const bars: Figures["bars"][number][] = [];
	try {
		for (const sockets of [2, 10, 100]) {
			const messages = Math.round(24_000 / sockets ** 0.9);
			const pairs: { bare: Run; room: Run }[] = [];
			// In turn, so that whatever else the machine does falls on both; the first round warms both up.
			for (let run = 0; run <= runs; run++) {
				const name = `relay-${sockets}-${run}`;
				const bares = await Promise.all(Array.from({ length: sockets }, () => bare(edge.url, name)));
				const bareRun = await measure(bares, messages);
				const members = await Promise.all(
					Array.from({ length: sockets }, (_, i) => member(edge.url, name, `p${i}`, edge.authKey)),
				);
				const roomRun = await measure(members, messages);
				if (run > 0) pairs.push({ bare: bareRun, room: roomRun });
			}
			const ratio = spread(pairs.map(({ bare, room }) => room.perSecond / bare.perSecond));
			const of = (pick: (pair: (typeof pairs)[number]) => number) => spread(pairs.map(pick));
			rows.push([
				String(sockets),
				of((p) => p.bare.perSecond).median.toFixed(0),
				of((p) => p.room.perSecond).median.toFixed(0),
				showSpread(ratio),
				`${of((p) => p.bare.p50).median.toFixed(2)} / ${of((p) => p.bare.p99).median.toFixed(2)}`,
				`${of((p) => p.room.p50).median.toFixed(2)} / ${of((p) => p.room.p99).median.toFixed(2)}`,
			]);
			json.push({ sockets, messages, runs: pairs, ratio });
			bars.push({
				bar: `${sockets} sockets: at least 0.8 of the bare object`,
				value: ratio.median,
				held: ratio.median >= 0.8,
			});
		}
	} finally {
		await edge.dispose();
	}
	return {
		name: "relay",
		what: "messages of 160 bytes through a room, against a bare object in the same workerd; two senders, eight unanswered each",
		head: ["sockets", "bare deliveries/s", "room deliveries/s", "ratio (range)", "bare p50/p99 ms", "room p50/p99 ms"],
		rows,
		json,
		bars,
	};
}
