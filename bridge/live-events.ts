/**
 * Bodies of the exchange `live_events`, as servers before this one wrote them: consumers of those read these. Who did
 * not say what a body names has it empty there.
 */
import type { EventRecord } from "../shared/events.ts";

export function liveEvent({ type, room, data }: EventRecord): Record<string, unknown> {
	const { size, participant = "", session = "", user = participant, participants = [], details = {} } = data;
	const where = { roomId: room, roomSize: size };
	const who = { socketId: session, userId: user };
	const {
		platform = "",
		deviceName = "",
		networkType = "",
		appVersion = "",
		version = "",
		ip = "",
		bitrate = 0,
	} = details;
	switch (type) {
		case "room.join":
			return { ...where, ...who, platform, deviceName, networkType, appVersion, version, ip, bitrate };
		case "room.leave":
			return { ...where, ...who };
		case "room.live":
			return {
				...where,
				sessions: participants.map(({ id, session, user = id }) => ({ socketId: session, userId: user })),
			};
		default:
			return { socketId: session, ...details };
	}
}
