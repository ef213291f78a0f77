/** What a page does with its peer connection, whatever protocol it speaks beside it. */
import type { JSHandle } from "playwright-core";
import { expect } from "vitest";

/**
 * Restarts ICE by whatever `negotiate` has the page do for it. Resolves when the node has answered with new credentials
 * of its own.
 */
export async function restartIce(pc: JSHandle<RTCPeerConnection>, negotiate: () => Promise<void>): Promise<void> {
	const restart = await pc.evaluateHandle((pc) => {
		const fragment = () => /a=ice-ufrag:(.*)/.exec(pc.currentRemoteDescription?.sdp ?? "")?.[1];
		const before = fragment();
		const answered = new Promise<void>((resolve) => {
			pc.addEventListener("signalingstatechange", () => fragment() !== before && resolve());
		});
		pc.restartIce();
		return { answered };
	});
	await negotiate();
	await restart.evaluate(({ answered }) => answered);
}

interface Seeing {
	restartIce(): Promise<void>;
	shown(): Promise<{ track: string; count: number }[]>;
	errors(): Promise<string[]>;
}

/** One restarts ICE, and both go on to see each other's videos, which are of these ids. */
export async function goOnAfterRestart(
	one: { person: Seeing; video: string },
	other: { person: Seeing; video: string },
): Promise<void> {
	await one.person.restartIce();
	const more = async (viewer: Seeing, video: string) => {
		const count = async () => (await viewer.shown()).find(({ track }) => track === video)?.count ?? 0;
		const before = await count();
		await expect.poll(count, { timeout: 20_000, interval: 100 }).toBeGreaterThan(before + 10);
	};
	await Promise.all([more(one.person, other.video), more(other.person, one.video)]);
	expect(await one.person.errors()).toEqual([]);
}

/** Sends a picture of 300 × 150 in the place of the camera, or the camera again. */
export async function sendScreen(
	pc: JSHandle<RTCPeerConnection>,
	camera: JSHandle<MediaStream>,
	on: boolean,
): Promise<void> {
	await pc.evaluate(
		async (pc, { camera, on }) => {
			const sender = pc.getSenders().find(({ track }) => track?.kind === "video");
			const canvas = document.createElement("canvas");
			const context = canvas.getContext("2d");
			setInterval(() => context?.fillRect(Math.random() * 300, Math.random() * 150, 20, 20), 50);
			const [track] = (on ? canvas.captureStream(10) : camera).getVideoTracks();
			await sender?.replaceTrack(track ?? null);
		},
		{ camera, on },
	);
}
