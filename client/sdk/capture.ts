/** Opening devices: with which wishes, and what it means when a browser does not. */
import { SwitchyardError } from "./error.ts";

/** For speech: what every browser can do to make it clear. */
export const MICROPHONE: MediaTrackConstraints = {
	echoCancellation: true,
	noiseSuppression: true,
	autoGainControl: true,
};
export const CAMERA: MediaTrackConstraints = {
	width: { ideal: 1280 },
	height: { ideal: 720 },
	frameRate: { ideal: 30 },
};

/** `true` and constraints over the defaults; `false` is none. */
export function constraints(
	defaults: MediaTrackConstraints,
	wish: boolean | MediaTrackConstraints,
): MediaTrackConstraints | false {
	return wish === false ? false : { ...defaults, ...(wish === true ? {} : wish) };
}

export function mediaDevices(): MediaDevices {
	const devices = globalThis.navigator?.mediaDevices;
	if (!devices) throw new SwitchyardError("not_supported", "no media devices here (a page must be served by https)");
	return devices;
}

/** What a browser says when it opens no device, in codes of ours (Media Capture and Streams, section 10.2). */
function deviceError(error: unknown): SwitchyardError {
	const name = error instanceof DOMException || error instanceof Error ? error.name : "";
	const message = error instanceof Error ? error.message : String(error);
	switch (name) {
		case "NotAllowedError":
		case "SecurityError":
			return new SwitchyardError("permission_denied", message, { cause: error });
		case "NotFoundError":
		case "OverconstrainedError":
			return new SwitchyardError("device_not_found", message, { cause: error });
		default:
			return new SwitchyardError("device_failed", message, { cause: error });
	}
}

export async function openDevices(constraints: MediaStreamConstraints): Promise<MediaStreamTrack[]> {
	const source = mediaDevices();
	try {
		return (await source.getUserMedia(constraints)).getTracks();
	} catch (error) {
		throw deviceError(error);
	}
}

export async function openScreen(options: DisplayMediaStreamOptions): Promise<MediaStreamTrack[]> {
	const source = mediaDevices();
	if (!source.getDisplayMedia) throw new SwitchyardError("not_supported", "this browser cannot share a screen");
	try {
		return (await source.getDisplayMedia(options)).getTracks();
	} catch (error) {
		throw deviceError(error);
	}
}
