/** A mix as long as what is in it stays the same: its pipeline, what goes into that, and what comes out of it. */
import { randomInt } from "node:crypto";
import { SwitchyardError } from "../../shared/errors.ts";
import type { Size, TrackMedia } from "../../shared/media.ts";
import { MIX, MIX_TRACKS } from "../../shared/mix.ts";
import { type Encoder, type Hardware, isDecodable, videoEncoder } from "../effects/codecs.ts";
import { freePort, type Loopback, loopback, plainCapabilities, portOf } from "../gst/loopback.ts";
import { Pipeline, type PipelineEnd } from "../gst/pipeline.ts";
import type { Home } from "../rtc/home.ts";
import { SubscribedTrack } from "../rtc/subscriptions.ts";
import { RoomTrack } from "../rtc/tracks.ts";
import { grid } from "./layout.ts";
import { FRAME_RATE, type MixInput, type MixOutput, mixText, type VideoCodec } from "./text.ts";

export const PICTURE: Size = { width: 960, height: 540 };

type MediaParameters = Extract<TrackMedia, { kind: "audio" }>["rtpParameters"];
export interface Recipe {
	/** Sound first or picture first, in the order in which they are shown. */
	tracks: readonly RoomTrack[];
	codec: VideoCodec;
	hardware: Hardware;
}

interface Input extends Loopback {
	subscription: SubscribedTrack;
	kind: "audio" | "video";
	tile?: MixInput["tile"];
}

interface Output extends Loopback {
	spec: MixOutput;
}

export class MixRun {
	readonly inputs: readonly SubscribedTrack[];
	/** The mix, as tracks for its receiver. */
	readonly tracks: readonly RoomTrack[];
	readonly codec: VideoCodec;
	readonly #pipeline: Pipeline;
	readonly #transports: readonly Loopback[];
	readonly #encoder: Encoder | undefined;

	private constructor(
		pipeline: Pipeline,
		inputs: readonly Input[],
		outputs: readonly Output[],
		home: Home,
		to: Recipe,
	) {
		this.#pipeline = pipeline;
		this.#transports = [...inputs, ...outputs];
		this.inputs = inputs.map(({ subscription }) => subscription);
		this.codec = to.codec;
		this.#encoder = outputs.find(({ spec }) => spec.encoder)?.spec.encoder;
		this.tracks = outputs.map((output) => trackOf(output, home));
	}

	/** Throws when nothing of it can be mixed, or the pipeline does not start. */
	static async open(home: Home, recipe: Recipe, name: string): Promise<MixRun> {
		const inputs: Input[] = [];
		const outputs: Output[] = [];
		const begun: Pipeline[] = [];
		try {
			const opened = await Promise.allSettled(recipe.tracks.map((track) => inputOf(home, track)));
			for (const input of opened) if (input.status === "fulfilled" && input.value) inputs.push(input.value);
			for (const input of opened) if (input.status === "rejected") throw input.reason;
			if (inputs.length === 0) throw new SwitchyardError("unsupported", "none of it can be mixed");
			arrange(inputs);
			for (const kind of ["audio", "video"] as const) {
				if (inputs.some((input) => input.kind === kind)) outputs.push(await outputOf(home, kind, recipe));
			}
			const text = mixText(
				inputs.map(specOf),
				outputs.map(({ spec }) => spec),
			);
			const pipeline = new Pipeline({ text, name });
			begun.push(pipeline);
			await pipeline.started;
			await Promise.all([
				...inputs.map(async (input, i) => {
					await input.connect(await portOf(pipeline, `rtp${i}`), await portOf(pipeline, `rtcp${i}`));
					input.subscription.release();
				}),
				...outputs.map(async ({ connect, spec }) => connect(spec.fromPort, await portOf(pipeline, `rtcp${spec.kind}`))),
			]);
			const run = new MixRun(pipeline, inputs, outputs, home, recipe);
			await Promise.all(run.tracks.map(({ ready }) => ready));
			return run;
		} catch (error) {
			for (const pipeline of begun) pipeline.kill();
			for (const { transport } of [...inputs, ...outputs]) transport.close();
			throw error;
		}
	}

	/** The process is gone, or its media worker. */
	get ended(): Promise<PipelineEnd> {
		return this.#pipeline.ended;
	}

	get pid(): number | undefined {
		return this.#pipeline.pid;
	}

	/** Of the picture, bit/s. */
	set bitrate(bitrate: number) {
		const setting = this.#encoder?.bitrate?.(bitrate);
		if (setting) this.#pipeline.set({ element: "video_encoder", ...setting });
	}

	close(): void {
		this.#pipeline.kill();
		// First, since all that is on them ends with them.
		for (const { transport } of this.#transports) transport.close();
		for (const subscription of this.inputs) subscription.close();
		for (const track of this.tracks) track.close();
	}
}

/** Undefined where it cannot be had, or not decoded. */
async function inputOf(home: Home, track: RoomTrack): Promise<Input | undefined> {
	const way = await loopback(home.router);
	const { transport } = way;
	const receiver = { transport, home, rtpCapabilities: plainCapabilities(home.router.rtpCapabilities) };
	const subscription = new SubscribedTrack(track, Promise.resolve(receiver), {}, true);
	await subscription.ready.catch(() => {});
	const { kind, rtpParameters } = subscription.parameters ?? {};
	if (kind && isDecodable(rtpParameters?.codecs[0]?.mimeType)) return { ...way, subscription, kind };
	transport.close();
	return undefined;
}

/** Only who is there takes a place. */
function arrange(inputs: readonly Input[]): void {
	const pictures = inputs.filter(({ kind }) => kind === "video");
	for (const [i, tile] of grid(pictures.length, PICTURE).entries()) {
		const input = pictures[i];
		if (!input) continue;
		input.tile = tile;
		// No more is decoded than is seen.
		input.subscription.tune({ size: { width: tile.width, height: tile.height } });
	}
}

function specOf({ subscription, kind, tile, rtcpPort, workerKey, pipelineKey }: Input): MixInput {
	const { rtpParameters } = subscription.parameters ?? {};
	if (!rtpParameters) throw new Error("a track ended meanwhile");
	return { kind, rtpParameters, incomingKey: workerKey, outgoingKey: pipelineKey, rtcpPort, tile };
}

async function outputOf(home: Home, kind: "audio" | "video", { codec, hardware }: Recipe): Promise<Output> {
	const fromPort = await freePort();
	const way = await loopback(home.router);
	const { transport, workerKey, pipelineKey } = way;
	const wanted = kind === "audio" ? "audio/opus" : `video/${codec}`;
	const found = home.router.rtpCapabilities.codecs?.find(({ mimeType }) => mimeType === wanted);
	const spec: MixOutput = {
		...{ kind, ssrc: randomInt(1, 2 ** 32 - 1), payloadType: found?.preferredPayloadType ?? 0, fromPort },
		...{ outgoingKey: pipelineKey, incomingKey: workerKey, port: transport.tuple.localPort },
		...(kind === "video" && { codec, encoder: videoEncoder({ codec, hardware: true, overlay: false }, hardware) }),
		...(kind === "video" && { size: PICTURE }),
	};
	return { ...way, spec };
}

function trackOf({ spec, transport }: Output, home: Home): RoomTrack {
	const { kind } = spec;
	const source = kind === "audio" ? "audio" : "camera";
	const media = { kind, rtpParameters: parametersOf(spec) };
	const wish = { id: MIX_TRACKS[kind], participant: MIX, source, media, layers: [], muted: false } as const;
	return new RoomTrack(wish, Promise.resolve({ home, transport }));
}

function parametersOf({ kind, ssrc, payloadType, codec = "VP8" }: MixOutput): MediaParameters {
	const shared = { payloadType, rtcpFeedback: [] };
	const h264 = { "packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1 };
	return {
		codecs: [
			kind === "audio"
				? { ...shared, mimeType: "audio/opus", clockRate: 48_000, channels: 2, parameters: { useinbandfec: 1 } }
				: {
						...{ ...shared, mimeType: `video/${codec}`, clockRate: 90_000, parameters: codec === "H264" ? h264 : {} },
						rtcpFeedback: [{ type: "nack", parameter: "pli" }],
					},
		],
		headerExtensions: [],
		encodings: [{ ssrc, ...(kind === "video" && { maxFramerate: FRAME_RATE }) }],
		rtcp: { cname: MIX, reducedSize: true },
	};
}
