/** Who speaks, on the data channel of those who hear it. */
import { TALKSY_CHANNEL, type VoiceActivity } from "../../../shared/talksy.ts";
import type { Core } from "../../room/core.ts";
import { sendText } from "../../room/descriptions.ts";
import type { RoomNews } from "../../room/outbox.ts";
import type { Member } from "../../room/state.ts";
import { wants } from "../../room/subscriptions.ts";
import { memoryOf } from "./client.ts";
import { idsOf } from "./tracks.ts";

type Speakers = Extract<RoomNews, { type: "speakers" }>["speakers"];

/** Opus, RFC 7587 section 4.1. */
const CLOCK_RATE = 48_000;
const SILENCE = -127;

/** Voices that began or ended since the last time. */
export function onSpeakers(core: Core, member: Member, speakers: Speakers): void {
	const memory = memoryOf(member);
	const { voices } = memory;
	const now = new Map(speakers.map(({ track, volume }) => [track, volume]));
	for (const [id, volume] of now) {
		const track = core.tracks.get(id);
		if (!track || voices.has(id) || !wants(core, member, track)) continue;
		voices.add(id);
		post(core, member, "vad_started", id, volume);
	}
	for (const id of voices) {
		if (now.has(id)) continue;
		voices.delete(id);
		post(core, member, "vad_ended", id, SILENCE);
	}
	const speaks = speakers.some(({ participant }) => participant === member.id);
	if (speaks) memory.speaksSince ??= Date.now();
	else if (memory.speaksSince !== undefined) {
		memory.spokeMs += Date.now() - memory.speaksSince;
		memory.speaksSince = undefined;
	}
}

/** How long a client has spoken, ms. */
export function spokenMs(member: Member): number {
	const { spokeMs, speaksSince } = memoryOf(member);
	return spokeMs + (speaksSince === undefined ? 0 : Date.now() - speaksSince);
}

/** The node tells levels, not packets: one stands for those that it was found by. */
function post(core: Core, member: Member, type: "vad_started" | "vad_ended", id: string, volume: number): void {
	const track = core.tracks.get(id);
	if (!track) return;
	const { stream, track: trackID } = idsOf(track);
	const now = Date.now();
	const level = {
		sequenceNo: Math.floor(now / 20) & 0xffff,
		timestamp: ((now * CLOCK_RATE) / 1_000) % 2 ** 32,
		// As in its header extension: 0 is the loudest (RFC 6464 section 3).
		audioLevel: -volume,
		isVoice: type === "vad_started",
	};
	const data: VoiceActivity = {
		...{ trackID, streamID: stream, ssrc: memoryOf(member).ssrcs.get(id) ?? 0, clockRate: CLOCK_RATE },
		audioLevels: [level],
	};
	sendText(core, member, TALKSY_CHANNEL, JSON.stringify({ type, data }));
}
