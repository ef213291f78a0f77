/** What a page says at each turn of a run: what is so, and what to do next. */
import type { PlayerEvent } from "../player/events.ts";

export type Tone = "idle" | "busy" | "good" | "warn" | "bad";
export interface Status {
	tone: Tone;
	title: string;
	hint: string;
}
/** Of the run that is told of. */
export interface Scene {
	interaction: string;
	user: string;
	size: number;
	audioOnly: boolean;
	/** Who else is there. */
	others: number;
	/** Its clock runs, or ran. */
	started: boolean;
	/** Something failed, and was told. */
	failed: boolean;
	/** Everything went to its end. */
	ended: boolean;
	origin: string;
}

const devicesOf = ({ audioOnly }: Scene) => (audioOnly ? "the microphone" : "camera and microphone");

export const IDLE: Status = {
	tone: "idle",
	title: "Ready when you are",
	hint: "Choose the options and press Start. The browser then asks for your devices.",
};

export function connecting(): Status {
	return { tone: "busy", title: "Connecting …", hint: "The server is asked for a place in the interaction." };
}

/** Undefined where an event changes nothing of what is said. */
export function statusAfter(event: PlayerEvent, scene: Scene): Status | undefined {
	switch (event.kind) {
		case "joined":
			return { tone: "busy", title: "Joined", hint: `Allow ${devicesOf(scene)} if the browser asks for it.` };
		case "local-stream":
		case "other_joined":
		case "other_left":
			return scene.started ? undefined : waiting(scene);
		case "start":
			return running(scene);
		case "ending":
			return { tone: "warn", title: "About to end", hint: "A few seconds remain; then everything stops by itself." };
		case "end":
			return { tone: "good", title: "It has ended", hint: "Press Start to run it again." };
		case "closed":
			return scene.failed || scene.ended ? undefined : closed(scene);
		case "error":
			return failedHere(event.payload.code, event.payload.name, event.payload.message, scene);
		default:
			return event.kind.startsWith("error-") ? refused(event.kind, scene) : undefined;
	}
}

function waiting(scene: Scene): Status {
	const missing = scene.size - 1 - scene.others;
	if (missing <= 0) return { tone: "busy", title: "Getting ready", hint: "Everybody is here; media is on its way." };
	return {
		tone: "busy",
		title: missing === 1 ? "Waiting for one more" : `Waiting for ${missing} more`,
		hint: `Open this page in another tab, with the interaction “${scene.interaction}” and another user name, before time is up.`,
	};
}

function running({ size, audioOnly }: Scene): Status {
	const what = audioOnly ? "hear" : "see and hear";
	if (size !== 1) return { tone: "good", title: "Running", hint: `You ${what} the others as their effects make them.` };
	return {
		tone: "good",
		title: "Running",
		hint: `You ${what} yourself as others would. Headphones keep it from howling.`,
	};
}

function closed({ started }: Scene): Status {
	if (started) {
		return {
			tone: "warn",
			title: "Left",
			hint: "The connection is closed. Start again to come back while time remains.",
		};
	}
	return {
		tone: "warn",
		title: "Closed",
		hint: "The connection was closed before it began. Press Start to try again.",
	};
}

function refused(kind: string, { interaction, user }: Scene): Status {
	const bad = (title: string, hint: string): Status => ({ tone: "bad", title, hint });
	switch (kind) {
		case "error-join":
			return bad(
				"The server does not take these options",
				"Check the names (letters, digits, - and _) and the effects: an element with its properties, or several joined by “!”, out of those the server allows.",
			);
		case "error-duplicate":
			return bad(
				"That user is here already",
				`“${user}” is connected. Close the other tab, or take another user name.`,
			);
		case "error-full":
			return bad(
				"All places are taken",
				`“${interaction}” has had all its participants. Choose another interaction name, or wait until it has ended.`,
			);
		case "error-aborted":
			return bad("Not everybody came in time", "Have everybody ready, then press Start on all of them within seconds.");
		case "error-peer-connection":
			return bad(
				"The server has no media",
				"No media node could take this one. See that one is running, then start again.",
			);
		default:
			return bad("The server ended it", `It said “${kind}”. Its log tells why; press Start to try again.`);
	}
}

function failedHere(code: string, name: string, message: string, scene: Scene): Status {
	const bad = (title: string, hint: string): Status => ({ tone: "bad", title, hint });
	if (code === "socket") {
		return bad(
			"No connection to the server",
			`It is away, or does not accept pages of ${scene.origin}: that must be among its allowed origins.`,
		);
	}
	if (code !== "devices") return bad("Something went wrong", `${message}. Press Start to try again.`);
	if (name === "NotAllowedError") {
		return bad(
			"The devices are refused",
			`Allow ${devicesOf(scene)} beside the address of the page, then press Start.`,
		);
	}
	if (name === "NotFoundError") {
		return bad("There is no device", `Connect ${devicesOf(scene)}, then press Start.`);
	}
	if (name === "NotReadableError") {
		return bad("A device is busy", "Another program has the camera or the microphone. Close it, then press Start.");
	}
	return bad("The devices cannot be used", `${message}. Press Start to try again.`);
}

/** Minutes and seconds. */
export function clock(seconds: number): string {
	const whole = Math.max(0, Math.round(seconds));
	return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
