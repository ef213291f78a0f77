/** What back ends are told beside who comes and goes: what clients report, and what they are told to send. */
import type { EventDetails } from "../../../shared/events.ts";
import type { Env } from "../../env.ts";
import { recordEvent } from "../../events/record.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { readAction } from "./reading.ts";
import { keep, sessionFor, type TribeSession } from "./session.ts";
import { bitratesFor } from "./settings.ts";

/** Told of a client with its coming and going. */
export function detailsOf(env: Env, session: TribeSession): EventDetails {
	const { platform, deviceName, networkType, appVersion, version, address: ip } = session;
	return { platform, deviceName, networkType, appVersion, version, ip, bitrate: bitratesFor(env, session).video };
}

export function report(
	core: Core,
	member: Member,
	action: "eventFreeze" | "eventCpu" | "eventNetworkChange",
	data: unknown,
): void {
	switch (action) {
		case "eventFreeze":
			recordEvent(core, { type: "webrtc.freeze", member });
			return;
		case "eventCpu": {
			const { cpuUsed } = readAction(action, data);
			recordEvent(core, { type: "webrtc.cpu", member, details: { cpuUsed } });
			return;
		}
		case "eventNetworkChange": {
			const { networkType } = readAction(action, data);
			const session = sessionFor(member);
			session.networkType = networkType;
			member.details = detailsOf(core.env, session);
			keep(core, member);
			recordEvent(core, { type: "network.change", member, details: { networkType } });
			return;
		}
		default:
			action satisfies never;
	}
}

export function reportBitrate(core: Core, member: Member, type: "audio" | "video", bitrate: number): void {
	recordEvent(core, { type: "bitrate.change", member, details: { type, bitrate } });
}

/** Once a minute, of each. */
export function reportPing(core: Core, member: Member): void {
	recordEvent(core, { type: "webrtc.ping", member });
}
