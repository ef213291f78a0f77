import type { MediaConfiguration } from "../../../shared/tribe.ts";

const WIDTH = 640;
const HEIGHT = 580;

/** What a client is to capture beside so many peers: the more there are, the smaller they are shown. */
export function mediaConfiguration(peers: number): MediaConfiguration {
	const width = peers > 2 ? WIDTH / 2 : WIDTH;
	const height = peers > 1 ? Math.floor(HEIGHT / Math.ceil(peers / 2)) : HEIGHT;
	return {
		audio: true,
		video: { width: range(width), height: range(height), frameRate: { min: "10", max: "30" } },
	};
}

function range(max: number): { min: string; max: string } {
	return { min: String(Math.floor(max / 3)), max: String(max) };
}
