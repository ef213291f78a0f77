/** When a received track shows something: until then whatever it takes over from is shown on. */

/** A track of which nothing comes for this long takes over anyhow, ms. */
const PATIENCE_MS = 3_000;

/** Resolves when audio arrives, or a frame of video has been decoded; or when it is time to go on without. */
export function firstFrame(media: MediaStreamTrack): Promise<void> {
	return new Promise((resolve) => {
		const done = () => {
			clearTimeout(timer);
			media.removeEventListener("unmute", arrived);
			media.removeEventListener("ended", done);
			if (video) video.srcObject = null;
			resolve();
		};
		let video: HTMLVideoElement | undefined;
		const arrived = () => {
			if (media.kind === "audio" || typeof document === "undefined") return done();
			video = document.createElement("video");
			// A page out of sight decodes no frame for anybody to see.
			if (!video.requestVideoFrameCallback || document.visibilityState === "hidden") return done();
			video.muted = true;
			video.srcObject = new MediaStream([media]);
			video.requestVideoFrameCallback(done);
			video.play().catch(done);
		};
		const timer = setTimeout(done, PATIENCE_MS);
		media.addEventListener("ended", done, { once: true });
		if (media.muted) media.addEventListener("unmute", arrived, { once: true });
		else arrived();
	});
}
