/** Tracks on their way from this node to others of the room: each goes once to each, whoever wants it there. */
import { randomUUID } from "node:crypto";
import type { Consumer, DataConsumer } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import type { TrackMedia } from "../../shared/media.ts";
import { rtpParametersOut } from "./convert.ts";
import { errorBody } from "./errors.ts";
import type { RoomContext } from "./room-media.ts";
import { OVERLAP_MS } from "./subscriptions.ts";
import { isData, type RoomTrack } from "./tracks.ts";

interface Pipe {
	id: string;
	track: RoomTrack;
	to: number;
	/** Rejects when it cannot be sent. */
	media: Promise<TrackMedia>;
	consumer?: Consumer | DataConsumer;
	closed: boolean;
}

export class Pipes {
	readonly #room: RoomContext;
	readonly #pipes = new Map<string, Pipe>();

	constructor(room: RoomContext) {
		this.#room = room;
	}

	/** Sends a track to a node. One that is sent already is told of again. */
	open(id: string, to: number): void {
		const { report, tracks } = this.#room;
		const track = tracks.get(id);
		const fail = (error: unknown) => report({ type: "pipeFailed", track: id, to, error: errorBody(error) });
		if (!track) return fail(new SwitchyardError("not_found", `no track ${id} on this node`));
		const key = keyOf(id, to);
		let pipe = this.#pipes.get(key);
		if (!pipe || pipe.track !== track) {
			// Of an earlier source of the track, whose own end closes it: until then it bridges the gap.
			pipe = this.#start(track, to);
			this.#pipes.set(key, pipe);
		}
		const opened = pipe;
		opened.media
			.then((media) => {
				if (this.#pipes.get(key) !== opened) return;
				const encoded = track.encoded || undefined;
				report({ type: "piped", track: id, to, pipe: opened.id, media, encoded });
			})
			.catch((error: unknown) => {
				if (this.#pipes.get(key) !== opened) return;
				this.#pipes.delete(key);
				fail(error);
			});
	}

	/** A track has another source here: whoever is sent it gets it from there. */
	follow(track: RoomTrack): void {
		for (const pipe of [...this.#pipes.values()]) {
			if (pipe.track.id !== track.id || pipe.track === track) continue;
			this.open(track.id, pipe.to);
			setTimeout(() => {
				pipe.closed = true;
				pipe.consumer?.close();
			}, OVERLAP_MS).unref();
		}
	}

	close(id: string, to: number): void {
		const key = keyOf(id, to);
		const pipe = this.#pipes.get(key);
		this.#pipes.delete(key);
		if (!pipe) return;
		pipe.closed = true;
		pipe.consumer?.close();
	}

	/** What is sent now. */
	all(): { track: string; to: number; pipe: string }[] {
		return [...this.#pipes.values()].map(({ id, track, to }) => ({ track: track.id, to, pipe: id }));
	}

	/** What media goes to a node now; muted is sent nothing of. */
	carriedTo(epoch: number): "video" | "audio" | undefined {
		let carried: "video" | "audio" | undefined;
		for (const { to, consumer } of this.#pipes.values()) {
			if (to !== epoch || !consumer || !("kind" in consumer) || consumer.producerPaused) continue;
			if (consumer.kind === "video") return "video";
			carried = "audio";
		}
		return carried;
	}

	/** Another node is gone. */
	forgetPeer(epoch: number): void {
		for (const { track, to } of this.#pipes.values()) if (to === epoch) this.close(track.id, to);
	}

	clear(): void {
		this.#pipes.clear();
	}

	#start(track: RoomTrack, to: number): Pipe {
		const pipe: Pipe = { id: randomUUID(), track, to, closed: false, media: Promise.resolve() as never };
		pipe.media = this.#consume(pipe);
		pipe.media.catch(() => {});
		return pipe;
	}

	async #consume(pipe: Pipe): Promise<TrackMedia> {
		const { transport, home } = await this.#room.peers.get(pipe.to);
		const producer = await pipe.track.on(home);
		const consumer = isData(producer)
			? await transport.consumeData({ dataProducerId: producer.id })
			: await transport.consume({ producerId: producer.id });
		if (pipe.closed) {
			consumer.close();
			throw new SwitchyardError("not_found", "closed meanwhile");
		}
		pipe.consumer = consumer;
		const key = keyOf(pipe.track.id, pipe.to);
		const gone = () => this.#pipes.get(key) === pipe && this.#pipes.delete(key);
		if ("kind" in consumer) consumer.observer.once("close", gone);
		else consumer.observer.once("close", gone);
		if ("kind" in consumer) return { kind: consumer.kind, rtpParameters: rtpParametersOut(consumer.rtpParameters) };
		const { sctpStreamParameters, label, protocol } = consumer;
		if (!sctpStreamParameters) throw new SwitchyardError("unsupported", "no SCTP stream for it");
		return { kind: "data", sctpStreamParameters, label, protocol };
	}
}

function keyOf(track: string, to: number): string {
	return `${to} ${track}`;
}
