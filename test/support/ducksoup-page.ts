/** A page of an experiment: DuckSoup's player by its script element, and what it told. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { DuckSoup as DuckSoupType, PeerOptions, Player, PlayerEvent } from "../../client/ducksoup/player/index.ts";

export interface Told {
	kind: string;
	payload: unknown;
}
interface Experiment {
	player?: Player;
	told: Told[];
	local?: MediaStream;
	/** Ids of the streams that came, by kind. */
	streams: { kind: string; stream: string }[];
}
declare const window: { experiment: Experiment; DuckSoup: typeof DuckSoupType } & Window;

export type Embed = "callback" | "mountEl" | "both" | "neither";
interface Mounted {
	tag: string;
	id: string;
	width: string;
	height: string;
	autoplay: boolean;
	stream: string;
	tracks: string[];
}
export interface Sent {
	kind: string;
	payload?: string;
}

export class DuckSoupPage {
	readonly page: Page;
	/** Every frame that the player has sent. */
	readonly sent: Sent[] = [];
	/** Where its sockets were opened. */
	readonly sockets: string[] = [];
	/** Of the page: an exception that nobody caught. */
	readonly errors: string[] = [];

	private constructor(page: Page) {
		this.page = page;
		page.on("pageerror", (error) => this.errors.push(error.message));
		page.on("websocket", (socket) => {
			this.sockets.push(socket.url());
			socket.on("framesent", ({ payload }) => this.sent.push(JSON.parse(String(payload))));
		});
	}

	/** In a context of its own, at an address of that origin, with the script from where documents say it is. */
	static async open(browser: Browser, url: string, address = "/v1/health"): Promise<DuckSoupPage> {
		const context: BrowserContext = await browser.newContext();
		const it = new DuckSoupPage(await context.newPage());
		await it.load(url, address);
		return it;
	}

	async load(url: string, address = "/v1/health"): Promise<void> {
		await this.page.goto(`${url}${address}`);
		await this.page.addScriptTag({ url: `${url}/assets/scripts/lib/ducksoup.js` });
	}

	/** Resolves with what `render` was rejected with, if it was. */
	render(options: Partial<PeerOptions>, embed: Embed = "callback", stats = false): Promise<string | undefined> {
		return this.page.evaluate(render, { options, embed, stats });
	}

	told(): Promise<Told[]> {
		return this.page.evaluate(() => window.experiment.told);
	}

	/** But for statistics. */
	async kinds(): Promise<string[]> {
		return (await this.told()).map(({ kind }) => kind).filter((kind) => kind !== "stats");
	}

	streams(): Promise<{ kind: string; stream: string }[]> {
		return this.page.evaluate(() => window.experiment.streams);
	}

	/** Frames decoded and packets of sound that came so far. */
	received(): Promise<{ frames: number; sound: number }> {
		return this.page.evaluate(async () => {
			let [frames, sound] = [0, 0];
			for (const report of (await window.experiment.player?.connection?.getStats())?.values() ?? []) {
				if (report.type !== "inbound-rtp") continue;
				if (report.kind === "video") frames += report.framesDecoded ?? 0;
				else sound += report.packetsReceived ?? 0;
			}
			return { frames, sound };
		});
	}

	/** What its senders may send at most, by kind. */
	limits(): Promise<Record<string, number | undefined>> {
		return this.page.evaluate(() => {
			const senders = window.experiment.player?.connection?.getSenders() ?? [];
			return Object.fromEntries(
				senders.map((sender) => [sender.track?.kind ?? "none", sender.getParameters().encodings[0]?.maxBitrate]),
			);
		});
	}

	/** States of its own tracks: what is `ended` is off. */
	devices(): Promise<string[]> {
		return this.page.evaluate(() => {
			return window.experiment.local?.getTracks().map(({ kind, readyState }) => `${kind} ${readyState}`) ?? [];
		});
	}

	/** Elements in the page's mount. */
	mounted(): Promise<Mounted[]> {
		return this.page.evaluate(() => {
			return [...document.querySelectorAll<HTMLVideoElement>("#mount > *")].map((element) => {
				const { id, autoplay, style, tagName } = element;
				const stream = element.srcObject as MediaStream | null;
				const { width, height } = style;
				const tracks = stream?.getTracks().map((track) => track.id) ?? [];
				return { tag: tagName.toLowerCase(), id, width, height, autoplay, stream: stream?.id ?? "", tracks };
			});
		});
	}

	/** Of the video in the mount now, on average: red, green and blue, to 255. */
	colour(): Promise<[red: number, green: number, blue: number]> {
		return this.page.evaluate(() => {
			const video = document.querySelector<HTMLVideoElement>("#mount video");
			const context = new OffscreenCanvas(32, 32).getContext("2d");
			if (!video || !context) return [0, 0, 0];
			context.drawImage(video, 0, 0, 32, 32);
			const { data } = context.getImageData(0, 0, 32, 32);
			const sum: [number, number, number] = [0, 0, 0];
			data.forEach((value, i) => {
				if (i % 4 < 3) sum[(i % 4) as 0 | 1 | 2] += value / (32 * 32);
			});
			return sum;
		});
	}

	/** Calls a method of the player. */
	call(method: "controlFx" | "polyControlFx" | "serverLog" | "log" | "limit" | "stop" | "start", ...values: unknown[]) {
		return this.page.evaluate(
			([name, args]) => {
				const player = window.experiment.player as unknown as Record<string, (...all: unknown[]) => void>;
				player[name as string]?.(...(args as unknown[]));
			},
			[method, values] as const,
		);
	}

	async close(): Promise<void> {
		await this.page.context().close();
	}
}

/** In the page. What cannot leave it is told by its kind alone. */
async function render(wish: {
	options: Partial<PeerOptions>;
	embed: Embed;
	stats: boolean;
}): Promise<string | undefined> {
	const experiment: Experiment = { told: [], streams: [] };
	window.experiment = experiment;
	const mountEl = document.createElement("div");
	mountEl.id = "mount";
	mountEl.append("what was here before");
	document.body.replaceChildren(mountEl);
	const callback = (event: PlayerEvent) => {
		const { kind } = event;
		let payload: unknown = "payload" in event ? event.payload : undefined;
		if (event.kind === "local-stream") experiment.local = event.payload;
		if (event.kind === "track") {
			experiment.streams.push({ kind: event.payload.track.kind, stream: event.payload.streams[0]?.id ?? "" });
		}
		if (kind === "local-stream" || kind === "track") payload = undefined;
		experiment.told.push({ kind, payload: payload === undefined ? undefined : JSON.parse(JSON.stringify(payload)) });
	};
	const { embed, stats, options } = wish;
	const embedOptions = {
		...((embed === "callback" || embed === "both") && { callback }),
		...((embed === "mountEl" || embed === "both") && { mountEl }),
		stats,
	};
	try {
		experiment.player = await window.DuckSoup.render(embedOptions, options);
		return undefined;
	} catch (error) {
		return (error as Error).message;
	}
}
