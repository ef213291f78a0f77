/** What a page shows of this participant's connections: read from all of them, whichever way media goes. */
import type { RoomStats } from "./api.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Mesh } from "./mesh/mesh.ts";
import type { Receiver } from "./receiver.ts";
import type { Roster } from "./roster.ts";
import { type Before, type Direct, normalize, type StatsTrack } from "./stats.ts";

export interface StatsSources {
	roster: Roster;
	receiver: Receiver | undefined;
	endpoint(): Endpoint | undefined;
	peers(): Mesh["peers"];
}

export class RoomStatsReader {
	readonly #sources: StatsSources;
	readonly #before: Before = new Map();

	constructor(sources: StatsSources) {
		this.#sources = sources;
	}

	async read(): Promise<RoomStats> {
		const endpoint = this.#sources.endpoint();
		const [send, recv] = await Promise.all([endpoint?.send?.getStats(), endpoint?.recv?.getStats()]);
		return normalize(
			send && { report: send.values(), tracks: this.#sent() },
			recv && { report: recv.values(), tracks: this.#received() },
			this.#before,
			await this.#direct(),
		);
	}

	/** Other connections from now on: nothing counts on from before. */
	restart(): void {
		this.#before.clear();
	}

	#sent(): StatsTrack[] {
		const { me } = this.#sources.roster;
		return [...me.tracks.values()].flatMap(({ id, source, kind, producer }) => {
			const mid = producer?.rtpParameters.mid;
			return mid === undefined ? [] : [{ mid, track: id, participant: me.id, source, kind }];
		});
	}

	#received(): StatsTrack[] {
		const { receiver, roster } = this.#sources;
		return (receiver?.consumers() ?? []).flatMap(([id, { localId: mid }]) => {
			const publication = roster.publications.get(id);
			const received = publication?.received;
			if (!publication || !received) return [];
			const { source, participant } = publication;
			const layer = received.currentLayer ?? undefined;
			return [{ mid, track: id, participant: participant.id, source, kind: received.kind, layer }];
		});
	}

	#direct(): Promise<Direct[]> {
		const { roster, peers } = this.#sources;
		return Promise.all(
			peers().map(async ([participant, peer]): Promise<Direct> => {
				const { sent, received } = peer.sections();
				const report = await peer.connection.getStats();
				return {
					participant,
					report: report.values(),
					sent: sent.map(([{ id, source, kind }, mid]) => ({
						mid,
						track: id,
						participant: roster.me.id,
						source,
						kind,
					})),
					received: received.flatMap(([track, mid]) => {
						const received = roster.publications.get(track)?.received;
						return received ? [{ mid, track, participant, source: received.source, kind: received.kind }] : [];
					}),
				};
			}),
		);
	}
}
