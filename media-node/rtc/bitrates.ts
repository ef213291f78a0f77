/**
 * What arrives of the tracks that participants publish here. Measured when it is asked for and not otherwise: each
 * track costs a question to its worker.
 */
import { isData, type RoomTrack } from "./tracks.ts";

/** Tracks asked about at a time: a room of thousands must not keep everybody else's messages waiting. */
const AT_ONCE = 100;

/** Bits per second over the last seconds, all layers together. Tracks of which nothing arrives are left out. */
export async function bitratesOf(tracks: Iterable<RoomTrack>): Promise<Record<string, number>> {
	// What comes from another node is counted there.
	const published = [...tracks].filter(({ from }) => from === undefined);
	const bitrates: Record<string, number> = {};
	for (let i = 0; i < published.length; i += AT_ONCE) {
		await Promise.all(
			published.slice(i, i + AT_ONCE).map(async (track) => {
				const bitrate = await bitrateOf(track);
				if (bitrate > 0) bitrates[track.id] = bitrate;
			}),
		);
	}
	return bitrates;
}

async function bitrateOf({ dry, producer: own }: RoomTrack): Promise<number> {
	const producer = dry ? dry.producer : own;
	if (!producer || isData(producer)) return 0;
	// Closed meanwhile: nothing arrives.
	const streams = await producer.getStats().catch(() => []);
	return Math.round(streams.reduce((sum, { bitrate }) => sum + bitrate, 0));
}
