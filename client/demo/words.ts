/** What happened, in people's words. */
import type { CloseReason } from "../sdk/index.ts";

/** Why a call is over, and what the way back is called. */
export interface Ending {
	title: string;
	text: string;
	again: string;
}

const ENDINGS: Record<CloseReason, Ending> = {
	left: { title: "You left the call", text: "The others can go on without you.", again: "Join again" },
	replaced: {
		title: "You joined from somewhere else",
		text: "The call goes on there. One person can be in a room once.",
		again: "Join here instead",
	},
	resumedElsewhere: {
		title: "The call goes on in another tab",
		text: "This page gave way to it.",
		again: "Join here instead",
	},
	removed: { title: "You were removed", text: "A moderator removed you from the room.", again: "Join again" },
	roomClosed: {
		title: "The room was closed",
		text: "The call is over for everybody.",
		again: "Open it again",
	},
	unauthorized: {
		title: "Your invitation has expired",
		text: "A new one is fetched when you join again.",
		again: "Join again",
	},
	lost: {
		title: "The connection was lost",
		text: "It did not come back in time. Check your network, then join again.",
		again: "Join again",
	},
	refused: {
		title: "The service ended the connection",
		text: "It would not go on with it. Joining again usually helps.",
		again: "Join again",
	},
};

export function endingOf(reason: CloseReason): Ending {
	return ENDINGS[reason];
}

export function notJoined(error: unknown): Ending {
	return { title: "You could not join", text: explain(error), again: "Try again" };
}

export function explain(error: unknown): string {
	const { code, message } = error as { code?: string; message?: string };
	switch (code) {
		case "permission_denied":
			return "The browser did not allow it. Change that beside the page’s address, then try again.";
		case "device_not_found":
			return "No such device was found. Plug one in, then try again.";
		case "device_failed":
			return "The device is in use by another program.";
		case "room_full":
			return "The room is full.";
		case "rate_limited":
			return "That was too much at once. Wait a moment.";
		case "forbidden":
			return "You have no right to do this here.";
		case "unreachable":
			return "The service cannot be reached. Check your network.";
		default:
			return message ?? String(error);
	}
}

const DEVICES = { audio: "microphone", camera: "camera" } as const;

/** Why there is no picture, or no sound; what both have in common is said once. */
export function explainDevices(failed: ReadonlyMap<keyof typeof DEVICES, unknown>): string[] {
	const byText = new Map<string, string[]>();
	for (const [source, error] of failed) {
		const text = deviceProblem(error);
		byText.set(text, [...(byText.get(text) ?? []), DEVICES[source]]);
	}
	return [...byText].map(([text, devices]) => text.replace("{device}", devices.join(" and ")));
}

function deviceProblem(error: unknown): string {
	switch ((error as { code?: string }).code) {
		case "permission_denied":
			return "The browser does not let this page use your {device}. Allow it beside the page’s address, then switch it on here.";
		case "device_not_found":
			return "No {device} found. Plug one in, or go on without.";
		case "device_failed":
			return "Your {device} is in use by another program. Close that, then switch it on here.";
		case "not_supported":
			return "Camera and microphone need a page served by https. You can go on without them.";
		default:
			return `Your {device} could not be opened: ${explain(error)}`;
	}
}
