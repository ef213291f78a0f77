/** Cameras, microphones and speakers. */
import type { CapturedTracks, LocalTracksOptions } from "./api.ts";
import { CAMERA, constraints, MICROPHONE, mediaDevices, openDevices } from "./capture.ts";

/** The devices of one kind, or all. Names are empty until the user has let the page use one. */
export async function listDevices(kind?: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
	const devices = await mediaDevices().enumerateDevices();
	return kind ? devices.filter((device) => device.kind === kind) : devices;
}

/** Tells when a device was plugged in or out. Returns what ends it. */
export function onDevicesChanged(callback: (devices: MediaDeviceInfo[]) => void): () => void {
	const source = mediaDevices();
	const listener = () => {
		void source.enumerateDevices().then(callback, () => {});
	};
	source.addEventListener("devicechange", listener);
	return () => source.removeEventListener("devicechange", listener);
}

/** Opens camera and microphone before, or without, a room: for a preview. The user is asked once for both. */
export async function createLocalTracks(options: LocalTracksOptions = {}): Promise<CapturedTracks> {
	const tracks = await openDevices({
		audio: constraints(MICROPHONE, options.audio ?? true),
		video: constraints(CAMERA, options.camera ?? true),
	});
	return {
		audio: tracks.find((track) => track.kind === "audio"),
		camera: tracks.find((track) => track.kind === "video"),
	};
}
