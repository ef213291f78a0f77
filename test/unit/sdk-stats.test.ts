import { describe, expect, it } from "vitest";
import { type Before, normalize, type StatsTrack } from "../../client/sdk/stats.ts";

const camera: StatsTrack = { mid: "1", track: "cam", participant: "me", source: "camera", kind: "video" };

function sent(at: number, bytes: number) {
	const common = { type: "outbound-rtp", timestamp: at, mid: "1", codecId: "C" };
	return {
		tracks: [camera],
		report: [
			{ ...common, id: "O0", rid: "r0", bytesSent: bytes, frameWidth: 320, frameHeight: 180, framesPerSecond: 30 },
			{ ...common, id: "O1", rid: "r1", bytesSent: bytes, frameWidth: 640, frameHeight: 360, framesPerSecond: 25 },
			{ ...common, id: "O2", rid: "r2", bytesSent: 0, active: false },
			{ id: "C", type: "codec", timestamp: at, mimeType: "video/VP8" },
			{ id: "R1", type: "remote-inbound-rtp", timestamp: at, localId: "O1", packetsLost: 3, jitter: 0.01 },
			{ id: "T", type: "transport", timestamp: at, selectedCandidatePairId: "P" },
			{ id: "P", type: "candidate-pair", timestamp: at, currentRoundTripTime: 0.05, availableOutgoingBitrate: 9e5 },
		],
	};
}

describe("statistics", () => {
	it("are one entry per track, whatever the number of its streams", () => {
		const before: Before = new Map();
		expect(normalize(sent(1_000, 0), undefined, before).outgoingBitrate).toBe(0);
		expect(normalize(sent(2_000, 1_000), undefined, before)).toEqual({
			rtt: 0.05,
			availableOutgoingBitrate: 9e5,
			outgoingBitrate: 16_000,
			incomingBitrate: 0,
			tracks: [
				{
					direction: "send",
					track: "cam",
					participant: "me",
					source: "camera",
					kind: "video",
					bitrate: 16_000,
					framesPerSecond: 25,
					width: 640,
					height: 360,
					packetsLost: 3,
					jitter: 0.01,
					codec: "VP8",
					layer: { spatial: 1 },
				},
			],
			connections: [{ direction: "send", rtt: 0.05 }],
		});
	});

	it("of a direct connection are read both ways, and the path once", () => {
		const before: Before = new Map();
		const both = (at: number, bytes: number) => {
			const { report, tracks } = sent(at, bytes);
			return {
				participant: "bob",
				sent: tracks,
				received: [{ mid: "0", track: "mic", participant: "bob", source: "audio" as const, kind: "audio" as const }],
				report: [
					...report.filter(({ id }) => id !== "P"),
					{ id: "I", type: "inbound-rtp", timestamp: at, mid: "0", bytesReceived: 2 * bytes },
					{
						...{ id: "P", type: "candidate-pair", timestamp: at, currentRoundTripTime: 0.01 },
						...{ localCandidateId: "L", remoteCandidateId: "R" },
					},
					{ id: "L", type: "local-candidate", timestamp: at, candidateType: "host", protocol: "udp" },
					{ id: "R", type: "remote-candidate", timestamp: at, candidateType: "srflx" },
				],
			};
		};
		normalize(undefined, undefined, before, [both(1_000, 0)]);
		expect(normalize(undefined, undefined, before, [both(2_000, 1_000)])).toMatchObject({
			rtt: 0.01,
			outgoingBitrate: 16_000,
			incomingBitrate: 16_000,
			tracks: [{ direction: "send" }, { direction: "recv", track: "mic" }],
			connections: [{ participant: "bob", rtt: 0.01, local: "host", remote: "srflx", protocol: "udp" }],
		});
	});

	it("have no bitrate after a stream began anew", () => {
		const before: Before = new Map();
		normalize(sent(1_000, 5_000), undefined, before);
		expect(normalize(sent(2_000, 100), undefined, before).outgoingBitrate).toBe(0);
	});

	it("are empty without a media side", () => {
		expect(normalize(undefined, undefined, new Map())).toMatchObject({ rtt: undefined, tracks: [] });
	});
});
