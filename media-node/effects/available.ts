/** What this machine has for effects: GStreamer itself, and what its graphics card can do. Looked up once. */
import { SwitchyardError } from "../../shared/errors.ts";
import { probe } from "../gst/pipeline.ts";
import { spares } from "../gst/spares.ts";
import { HARDWARE, type Hardware } from "./codecs.ts";

const NEEDED = ["rtpbin", "srtpdec", "srtpenc", "udpsrc", "udpsink", "opusenc", "opusdec", "vp8enc", "vp8dec"];
const H264 = ["x264enc", "avdec_h264"];

let found: Promise<Hardware> | undefined;

/** Rejects, with what is missing, where there can be no effects. */
export function hardware(): Promise<Hardware> {
	found ??= look();
	// It may be installed while this runs.
	found.catch(() => {
		found = undefined;
	});
	return found;
}

/** For pipelines that may be asked for soon: looks it up, and has processes wait for them. */
export async function prepare(): Promise<void> {
	// The process that looks waits then.
	await hardware().catch(() => {});
	spares.fill();
}

async function look(): Promise<Hardware> {
	const there = await probe([...NEEDED, ...H264, ...HARDWARE]);
	if (!there) throw new SwitchyardError("unsupported", "this node has no GStreamer");
	const missing = NEEDED.filter((name) => !there.elements.has(name));
	if (missing.length > 0) throw new SwitchyardError("unsupported", `GStreamer lacks ${missing.join(", ")}`);
	return there.elements;
}
