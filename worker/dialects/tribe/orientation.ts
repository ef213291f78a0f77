import type { Events } from "../../../shared/tribe.ts";
import type { Member } from "../../room/state.ts";
import { sessionOf } from "./names.ts";
import { sessionFor } from "./session.ts";

/** How a client's device is held, as others are told. */
export function orientationOf(member: Member): Events["eventOrientationChange"] {
	const { platform, orientation, camera } = sessionFor(member);
	return { from: sessionOf(member), platform, orientation, camera };
}
