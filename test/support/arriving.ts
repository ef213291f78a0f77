/** What of media arrives in a page whose connections are watched (connections.ts). */
import type { JSHandle, Page } from "playwright-core";

export interface Arriving {
	kind: string;
	/** Decoded. */
	frames: number;
	/** Of the sound: its energy since it began. */
	energy: number;
}

declare const window: { connections: RTCPeerConnection[] } & Window;

/** By the id that the track has in the page. */
export const arrivingIn = (page: Page): Promise<Record<string, Arriving>> =>
	page.evaluate(async () => {
		const all: Record<string, Arriving> = {};
		for (const connection of window.connections) {
			for (const stats of (await connection.getStats()).values()) {
				if (stats.type !== "inbound-rtp") continue;
				const { kind, trackIdentifier, framesDecoded: frames = 0, totalAudioEnergy: energy = 0 } = stats;
				all[trackIdentifier] = { kind, frames, energy };
			}
		}
		return all;
	});

/** Id of the stream that the page sends its tracks in, as it says it in its descriptions. */
export const streamSentFrom = (page: Page): Promise<string> =>
	page.evaluate(() => {
		const said = window.connections.map(
			({ localDescription }) => /a=msid:(\S+)/.exec(localDescription?.sdp ?? "")?.[1],
		);
		return said.find((it) => it !== undefined) ?? "";
	});

/** Energy of the sound that comes of a track in a second and a half: Chromium's fake microphone beeps once a second. */
export async function soundOf(connection: JSHandle<RTCPeerConnection>, track: string): Promise<number> {
	return connection.evaluate(async (pc, track) => {
		const energy = async () => {
			for (const { receiver } of pc.getTransceivers()) {
				if (receiver.track.id !== track) continue;
				for (const stats of (await receiver.getStats()).values()) {
					if (stats.type === "inbound-rtp") return stats.totalAudioEnergy ?? 0;
				}
			}
			return 0;
		};
		const before = await energy();
		await new Promise((resolve) => setTimeout(resolve, 1_500));
		return (await energy()) - before;
	}, track);
}
