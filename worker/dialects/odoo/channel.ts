/** A channel is a room that Odoo's API made: what its record keeps of that, and the API's questions about it. */
import * as z from "zod";
import { type ChannelStats, SessionRef } from "../../../shared/odoo.ts";
import type { Core } from "../../room/core.ts";
import { noteAlone, removeMember } from "../../room/members.ts";
import { bitratesBySource } from "../../room/views.ts";
import { idOf } from "./ids.ts";
import { infoOf } from "./info.ts";

/** A channel with nobody or one session in it is closed after this long, ms. */
const IDLE_MS = 3_600_000;
const SESSIONS = 100;

const Channel = z.object({
	/** Base64 text of the key that verifies its sessions, instead of the global one. */
	key: z.string().optional(),
	remoteAddress: z.string(),
	webRTC: z.boolean(),
});
export type Channel = z.infer<typeof Channel>;

export const Question = z.discriminatedUnion("type", [
	z.object({ type: z.literal("open"), uuid: z.string(), origin: z.string(), channel: Channel }),
	z.object({ type: z.literal("stats") }),
	z.object({ type: z.literal("kick"), remoteAddress: z.string(), sessionIds: z.array(z.unknown()) }),
]);
export type Question = z.infer<typeof Question>;
export type Kicked = "unknown" | "notOwner" | "done";

export function channelOf(core: Core): Channel | undefined {
	return core.record?.own as Channel | undefined;
}

export function consult(core: Core, question: Question): true | Kicked | Promise<ChannelStats | undefined> {
	switch (question.type) {
		case "open":
			open(core, question);
			return true;
		case "stats":
			return stats(core);
		case "kick":
			return kick(core, question);
	}
}

/** One that is there stays as it is. */
function open(core: Core, { uuid, origin, channel }: Extract<Question, { type: "open" }>): void {
	if (channelOf(core)) return;
	const maxParticipants = Number(core.env.CHANNEL_SIZE) || SESSIONS;
	const record = core.ensure(uuid, origin, undefined, { topology: "sfu", maxParticipants, emptyRoomMs: IDLE_MS });
	record.own = channel;
	record.aloneMs = IDLE_MS;
	noteAlone(core);
	core.touchRoom();
}

function kick(core: Core, { remoteAddress, sessionIds }: Extract<Question, { type: "kick" }>): Kicked {
	const channel = channelOf(core);
	if (!channel) return "unknown";
	if (channel.remoteAddress !== remoteAddress) return "notOwner";
	for (const id of sessionIds) {
		const session = SessionRef.safeParse(id);
		const member = session.success ? core.members.get(idOf(session.data)) : undefined;
		// Its tokens stay good: the caller that kicked it decides whether it gets into the call again.
		if (member) removeMember(core, member, "removed");
	}
	return "done";
}

async function stats(core: Core): Promise<ChannelStats | undefined> {
	if (channelOf(core)) await core.bitrates.measure();
	// It may have been closed meanwhile.
	const channel = channelOf(core);
	if (!channel) return undefined;
	// The sound of a screen is a native participant's: this protocol has no place of its own for it.
	const { audio, camera, screen, screenAudio, total } = bitratesBySource(core);
	const infos = [...core.members.values()].map((member) => infoOf(core, member));
	return {
		createDate: new Date(core.room.createdAt).toISOString(),
		uuid: core.room.name,
		remoteAddress: channel.remoteAddress,
		sessionsStats: {
			incomingBitRate: { audio, camera, screen: screen + screenAudio, total },
			count: infos.length,
			cameraCount: infos.filter(({ isCameraOn }) => isCameraOn).length,
			screenCount: infos.filter(({ isScreenSharingOn }) => isScreenSharingOn).length,
		},
		webRtcEnabled: channel.webRTC,
	};
}
