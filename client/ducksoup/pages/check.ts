/** A check of devices that participants are sent to: silence, then reading aloud, then what was found. */
import { button, h } from "../../demo/dom.ts";
import type { PlayerEvent } from "../player/events.ts";
import type { DuckSoup as DuckSoupType, Player } from "../player/index.ts";
import { frame, fromAddress, randomName, socketUrlOf } from "./frame.ts";
import { Level } from "./level.ts";
import { advice, type Findings, findings } from "./verdict.ts";
import { clock, type Scene, type Status, statusAfter } from "./words.ts";

declare const DuckSoup: typeof DuckSoupType;

/** In seconds from the start. */
const SILENCE = 12;
const DURATION = 26;
/** Turning from one to the other takes people a moment, and the server ends it on time. */
const TURN = 1;
const SAMPLE_MS = 100;
/** At which the meter is full. */
const LOUDEST = 60;
const TEXT =
	"The sun had not yet risen. The sea was calm, and only the small waves that reached the sand could be heard. " +
	"A woman came down the path with a basket on her arm, sat down on a stone, and waited for the boats to come in.";

export interface CheckOptions {
	title: string;
	namespace: string;
	audioOnly: boolean;
	/** The most that silence may have. */
	mostNoise: number;
}

export function check({ title, namespace, audioOnly, mostNoise }: CheckOptions): void {
	/** Whose check it is; what runs meanwhile is another each time, so that nobody comes back to the rest of a former one. */
	const interaction = fromAddress("interaction") ?? randomName("check");
	const user = fromAddress("user") ?? randomName("user");
	const status = h("div", { class: "status", role: "status", aria: { live: "polite" } });
	const text = h("p", { class: "read-aloud", hidden: true }, TEXT);
	const bar = h("i", {});
	const meter = h("div", { class: "meter", hidden: true, aria: { hidden: "true" } }, bar);
	const picture = h("video", { autoplay: true, playsInline: true, muted: true, class: "check-picture", hidden: true });
	const left = h("span", { class: "clock" });
	const begin = button({ class: "primary" }, () => void start(), "Start the check");
	const card = h("section", { class: "card check" }, status, left, picture, meter, text, begin);
	const devices = audioOnly ? "microphone" : "camera and microphone";
	frame(title, `Half a minute to see whether your ${devices} will do.`, [card], true);
	say({
		tone: "idle",
		title: "Sit where you will take part",
		hint: `First you are silent for ${SILENCE} seconds, then you read a few lines aloud. Your browser will ask for your ${devices}.`,
	});

	function say({ tone, title, hint }: Status): void {
		status.dataset.tone = tone;
		status.replaceChildren(h("strong", {}, title), h("p", {}, hint));
	}

	async function start(): Promise<void> {
		begin.hidden = true;
		say({ tone: "busy", title: "Connecting …", hint: `Allow your ${devices} if the browser asks for it.` });
		const scene: Scene = {
			...{ interaction, user, size: 1, audioOnly, others: 0 },
			...{ started: false, failed: false, ended: false, origin: location.origin },
		};
		const noise: number[] = [];
		const volume: number[] = [];
		let level: Level | undefined;
		let timer: ReturnType<typeof setInterval> | undefined;
		let player: Player | undefined;
		let found: Findings | undefined;

		const run = () => {
			const since = performance.now();
			let reading = false;
			meter.hidden = false;
			const silence = { tone: "warn", title: "Please be silent", hint: "The sound around you is measured." } as const;
			say(silence);
			timer = setInterval(() => {
				const seconds = (performance.now() - since) / 1_000;
				const now = level?.read() ?? 0;
				bar.style.width = `${Math.min(100, (now / LOUDEST) * 100)}%`;
				left.textContent = clock(Math.ceil((seconds < SILENCE ? SILENCE : DURATION - TURN) - seconds));
				if (seconds < SILENCE) noise.push(now);
				else if (seconds > SILENCE + TURN) volume.push(now);
				if (seconds >= SILENCE && !reading) {
					reading = true;
					text.hidden = false;
					say({ tone: "good", title: "Please read aloud", hint: "In your ordinary voice, until the time is over." });
				}
				if (seconds >= DURATION - TURN) {
					clearInterval(timer);
					found = findings(noise, volume, mostNoise);
					void tell(found);
				}
			}, SAMPLE_MS);
		};
		const over = () => {
			clearInterval(timer);
			level?.close();
			for (const part of [text, meter, picture]) part.hidden = true;
			picture.srcObject = null;
			left.textContent = "";
			begin.textContent = found ? "Check again" : "Try again";
			begin.hidden = found?.passed === true;
		};
		async function tell(result: Findings): Promise<void> {
			const title = result.passed ? "All is well" : "This will not do yet";
			const hint = advice(result, mostNoise);
			say({ tone: result.passed ? "good" : "bad", title, hint });
			const sent = await post(namespace, interaction, result);
			if (!sent)
				say({ tone: "warn", title, hint: `${hint} The result could not be sent: tell those who invited you.` });
			player?.stop();
		}

		const callback = (event: PlayerEvent) => {
			if (event.kind === "local-stream") level = new Level(event.payload);
			if (event.kind === "track" && event.payload.track.kind === "video") {
				picture.srcObject = event.payload.streams[0] ?? null;
				picture.hidden = false;
			}
			if (event.kind === "start" && !scene.started) {
				scene.started = true;
				run();
			} else if (event.kind.startsWith("error") || (event.kind === "closed" && !found)) {
				const next = statusAfter(event, scene);
				if (next) say(next);
				scene.failed ||= event.kind.startsWith("error");
			}
			if (event.kind === "closed") over();
		};
		player = await DuckSoup.render(
			{ callback },
			{
				...{ signalingUrl: socketUrlOf(), interactionName: randomName("check"), userId: user, namespace, audioOnly },
				...{ size: 1, duration: DURATION, recordingMode: "none" },
				// What is measured is the sound as it is.
				audio: { echoCancellation: false },
			},
		);
	}
}

/** Where it goes has no prefix, whatever the pages have. */
async function post(namespace: string, interaction: string, data: Findings): Promise<boolean> {
	const headers = { "content-type": "application/json" };
	const body = JSON.stringify({ namespace, interaction, data });
	try {
		return (await fetch("/POST_audio_test", { method: "POST", headers, body })).ok;
	} catch {
		return false;
	}
}
