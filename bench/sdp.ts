/**
 * From opening the socket to the first decoded frame in Chromium: a client with nothing but RTCPeerConnection, by
 * Pion_SFU's protocol, against a native one in the same room.
 */
import type { Browser } from "playwright-core";
import { launchChromium } from "../test/support/chromium.ts";
import { Stack } from "../test/support/stack.ts";
import type { Figures } from "./lib/figures.ts";
import { blank, buildClient, compareJoins, publishNative } from "./lib/native-page.ts";

const ROOM = "bench";

async function join(browser: Browser, url: string, id: string): Promise<number> {
	const page = await blank(browser, url);
	const ms = await page.evaluate(
		async ([socket, self_id, room_id]) => {
			const video = document.body.appendChild(document.createElement("video"));
			video.autoplay = true;
			const began = performance.now();
			const frame = new Promise<void>((resolve) => video.requestVideoFrameCallback(() => resolve()));
			const ws = new WebSocket(socket);
			const opened = new Promise((resolve) => ws.addEventListener("open", resolve));
			const send = (event: string, data: object) =>
				ws.send(JSON.stringify({ event, data: { self_id, room_id, ...data } }));
			const pc = new RTCPeerConnection();
			pc.addTransceiver("audio", { direction: "recvonly" });
			pc.addTransceiver("video", { direction: "recvonly" });
			pc.addEventListener("track", ({ track }) => {
				if (track.kind === "video") video.srcObject = new MediaStream([track]);
			});
			let turn: Promise<unknown> = Promise.resolve();
			ws.addEventListener("message", ({ data: text }) => {
				const { event, data } = JSON.parse(text) as { event: string; data: string };
				if (event !== "offer" && event !== "answer") return;
				turn = turn.then(async () => {
					await pc.setRemoteDescription(JSON.parse(data));
					if (event === "answer") return;
					await pc.setLocalDescription();
					send("answer", { answer: pc.localDescription });
				});
			});
			await pc.setLocalDescription();
			await opened;
			send("joinRoom", {});
			send("offer", { offer: pc.localDescription });
			await frame;
			const took = performance.now() - began;
			send("leaveRoom", {});
			ws.close();
			pc.close();
			return took;
		},
		[`${url.replace(/^http/, "ws")}/pion`, id, ROOM] as const,
	);
	await page.context().close();
	return ms;
}

export async function sdp(runs: number): Promise<Figures> {
	buildClient();
	const [stack, browser] = await Promise.all([Stack.start({ vars: { PION: "true" } }), launchChromium()]);
	try {
		await publishNative(browser, stack, ROOM);
		const one = (n: number) => join(browser, stack.url, `pion-${n}`);
		return await compareJoins({ name: "sdp", bar: 1.2, stack, browser, room: ROOM, runs, join: one });
	} finally {
		await browser.close();
		await stack.stop();
	}
}
