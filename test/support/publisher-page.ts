/** Somebody in Chromium who sends a flash and a beep at the same moment, once a second. */
import type { Browser, Page } from "playwright-core";
import type { Effects, Room } from "../../client/sdk/index.ts";

declare const window: {
	sdk: typeof import("../../client/sdk/index.ts");
	room: Room;
	size(width: number, height: number): void;
};

export interface PublisherOptions {
	url: string;
	room: string;
	token: string;
	codec?: "h264" | "vp8" | "vp9";
	audio?: boolean;
	video?: boolean;
}

export class PublisherPage {
	readonly page: Page;

	private constructor(page: Page) {
		this.page = page;
	}

	static async join(browser: Browser, options: PublisherOptions): Promise<PublisherPage> {
		const page = await (await browser.newContext()).newPage();
		await page.goto(`${options.url}/v1/health`);
		await page.addScriptTag({
			type: "module",
			content: 'import * as sdk from "/sdk/switchyard.js"; window.sdk = sdk;',
		});
		await page.waitForFunction(() => window.sdk !== undefined);
		const person = new PublisherPage(page);
		await page.evaluate(async ({ url, room, token, codec = "vp8", audio = true, video = true }) => {
			const canvas = document.createElement("canvas");
			canvas.width = 320;
			canvas.height = 240;
			document.body.append(canvas);
			window.size = (width, height) => {
				canvas.width = width;
				canvas.height = height;
			};
			const paint = canvas.getContext("2d");
			const context = new AudioContext({ sampleRate: 48_000 });
			const output = context.createMediaStreamDestination();
			const gain = context.createGain();
			gain.gain.value = 0;
			const tone = context.createOscillator();
			tone.frequency.value = 1_000;
			tone.connect(gain).connect(output);
			tone.start();
			await context.resume();
			// The sound is written ahead, the picture follows the sound's clock.
			let next = Math.ceil(context.currentTime) + 1;
			setInterval(() => {
				if (next > context.currentTime + 0.5) return;
				gain.gain.setValueAtTime(0.8, next);
				gain.gain.setValueAtTime(0, next + 0.1);
				next++;
			}, 100);
			let count = 0;
			const draw = () => {
				requestAnimationFrame(draw);
				if (!paint) return;
				const now = context.currentTime;
				paint.fillStyle = now % 1 < 0.1 && now > 1 ? "#fff" : "#000";
				paint.fillRect(0, 0, canvas.width, canvas.height);
				// Something that changes, so that there is always a next frame.
				paint.fillStyle = "#444";
				paint.fillRect((count++ * 4) % canvas.width, 0, 8, 8);
			};
			draw();
			window.room = await window.sdk.connect({ url, room, token });
			const [sound] = output.stream.getAudioTracks();
			const [picture] = canvas.captureStream(30).getVideoTracks();
			const published = [];
			if (sound && audio) published.push(window.room.me.publish(sound, { source: "audio" }));
			if (picture && video) {
				published.push(window.room.me.publish(picture, { source: "camera", codec, simulcast: false }));
			}
			await Promise.all(published);
		}, options);
		return person;
	}

	mute(source: "audio" | "camera", muted: boolean): Promise<void> {
		return this.page.evaluate(
			async ({ source, muted }) => {
				const track = window.room.me.track(source);
				await (muted ? track?.mute() : track?.unmute());
			},
			{ source, muted },
		);
	}

	/** Resolves when they are in force. */
	effects(effects: Effects): Promise<void> {
		return this.page.evaluate(async (effects) => {
			const live = new Promise<void>((resolve, reject) => {
				window.room.on("effectsChanged", (state, reason) => {
					if (state === "live") resolve();
					else if (state === "failed") reject(new Error(reason?.message));
				});
			});
			await window.room.setEffects(effects);
			await live;
		}, effects);
	}

	size(width: number, height: number): Promise<void> {
		return this.page.evaluate(({ width, height }) => window.size(width, height), { width, height });
	}

	/** Bits per second that leave the browser, since this was asked last. */
	bitrate(): Promise<number> {
		return this.page.evaluate(async () => (await window.room.stats()).outgoingBitrate);
	}

	async leave(): Promise<void> {
		await this.page.context().close();
	}
}
