/** A page that runs a player: options on one side; what is so, who is seen, figures and events on the other. */
import { button, h } from "../../demo/dom.ts";
import type { PlayerEvent } from "../player/events.ts";
import type { DuckSoup as DuckSoupType, PeerOptions, Player } from "../player/index.ts";
import { Figures } from "./figures.ts";
import type { Form } from "./form.ts";
import { frame } from "./frame.ts";
import { Journal } from "./journal.ts";
import { Stage } from "./stage.ts";
import { clock, connecting, IDLE, type Scene, type Status, statusAfter } from "./words.ts";

declare const DuckSoup: typeof DuckSoupType;

export interface BenchOptions {
	title: string;
	lead: string;
	form: Form;
	options(): PeerOptions;
	/** One's own media comes back. */
	mirror: boolean;
	/** Shown beside the pictures. */
	panels?: HTMLElement[];
	/** Shown above the options. */
	choices?: HTMLElement;
	event?(event: PlayerEvent): void;
}

export class Bench {
	player: Player | undefined;
	readonly #options: BenchOptions;
	readonly #status = h("div", { class: "status", role: "status", aria: { live: "polite" } });
	readonly #clock = h("span", { class: "clock" });
	readonly #progress = h("progress", { max: 1, value: 0, hidden: true, aria: { label: "Time that is over" } });
	readonly #files = h("section", { class: "card files", hidden: true });
	readonly #stage: Stage;
	readonly #figures = new Figures();
	readonly #journal = new Journal();
	readonly #bench = h("div", { class: "bench" });
	readonly #start = h("button", { class: "primary" }, "Start");
	readonly #stop = button({ hidden: true }, () => this.player?.stop(), "Stop");
	readonly #others = new Map<string, string>();
	#scene: Scene | undefined;
	#tick: ReturnType<typeof setInterval> | undefined;

	constructor(options: BenchOptions) {
		this.#options = options;
		this.#stage = new Stage(options.mirror ? "Your camera" : "You", options.mirror);
		const { form } = options;
		// Beside the status, where both are always in sight; not inside the form that it sends.
		form.element.id = "options";
		this.#start.setAttribute("form", form.element.id);
		const heading = h("summary", {}, h("h2", {}, "Options"));
		const settings = h("details", { class: "card settings", open: true }, heading, form.element);
		const bar = h("div", { class: "card now" }, this.#status, this.#clock, this.#start, this.#stop, this.#progress);
		const side = h("div", { class: "side" }, options.choices, settings);
		const panels = [this.#stage.element, ...(options.panels ?? []), this.#files];
		const main = h("div", { class: "main" }, ...panels, this.#figures.element, this.#journal.element);
		this.#bench.append(bar, side, main);
		frame(options.title, options.lead, [this.#bench]);
		this.#say(IDLE);
	}

	get running(): boolean {
		return this.player !== undefined;
	}

	async start(): Promise<void> {
		if (this.player) return;
		const options = this.#options.options();
		this.#scene = {
			interaction: options.interactionName,
			user: options.userId,
			size: Number(options.size ?? 2),
			audioOnly: options.audioOnly === true,
			others: 0,
			started: false,
			failed: false,
			ended: false,
			origin: location.origin,
		};
		this.#others.clear();
		this.#stage.clear();
		this.#figures.clear();
		this.#journal.begin();
		this.#files.hidden = true;
		this.#busy(true);
		this.#say(connecting());
		try {
			const callback = (event: PlayerEvent) => this.#event(event);
			this.player = await DuckSoup.render({ callback, stats: true }, options);
			if (matchMedia("(max-width: 900px)").matches) scrollTo({ top: 0, behavior: "instant" });
		} catch (error) {
			this.#busy(false);
			this.#say({ tone: "bad", title: "These options will not do", hint: `${error}. Fill in every name.` });
		}
	}

	/** In the list of events. */
	note(kind: string, detail: string): void {
		this.#journal.add(kind, detail);
	}

	#event(event: PlayerEvent): void {
		const scene = this.#scene as Scene;
		if (event.kind === "stats") this.#figures.add(event.payload);
		else this.#journal.add(event.kind, detailOf(event));
		switch (event.kind) {
			case "local-stream":
				this.#stage.local(event.payload);
				break;
			case "other_joined": {
				const { userId, streamId } = event.payload;
				this.#others.set(userId, streamId);
				this.#stage.name(streamId, userId);
				break;
			}
			case "other_left":
				this.#stage.left(event.payload.streamId);
				if (this.#others.get(event.payload.userId) === event.payload.streamId)
					this.#others.delete(event.payload.userId);
				break;
			case "track":
				this.#stage.track(event.payload);
				break;
			case "start":
				scene.started = true;
				this.#run(event.payload);
				break;
			case "files":
				this.#showFiles(event.payload);
				break;
			case "end":
				scene.ended = true;
				break;
		}
		scene.others = this.#others.size;
		const status = statusAfter(event, scene);
		if (status) this.#say(status);
		if (event.kind.startsWith("error")) scene.failed = true;
		this.#options.event?.(event);
		if (event.kind === "closed") this.#ended();
	}

	#run(seconds: number): void {
		const end = performance.now() + seconds * 1_000;
		clearInterval(this.#tick);
		const show = () => {
			const left = Math.max(0, (end - performance.now()) / 1_000);
			this.#clock.textContent = clock(left);
			this.#progress.value = 1 - left / seconds;
		};
		this.#progress.hidden = false;
		show();
		this.#tick = setInterval(show, 250);
	}

	#ended(): void {
		this.player = undefined;
		clearInterval(this.#tick);
		this.#clock.textContent = "";
		this.#progress.hidden = true;
		this.#stage.clear();
		this.#busy(false);
	}

	#busy(busy: boolean): void {
		this.#bench.classList.toggle("running", busy);
		this.#options.form.busy = busy;
		this.#start.hidden = busy;
		this.#stop.hidden = !busy;
	}

	#say({ tone, title, hint }: Status): void {
		this.#status.dataset.tone = tone;
		this.#status.replaceChildren(h("strong", {}, title), h("p", {}, hint));
	}

	#showFiles(files: Record<string, string[] | null>): void {
		const people = Object.entries(files).map(([user, paths]) => {
			const list = (paths ?? []).map((path) => h("li", {}, h("code", {}, path)));
			return h(
				"div",
				{},
				h("h3", {}, user),
				list.length ? h("ul", {}, ...list) : h("p", { class: "hint" }, "No files."),
			);
		});
		this.#files.replaceChildren(h("h2", {}, "Recordings"), ...people);
		this.#files.hidden = false;
	}
}

function detailOf(event: PlayerEvent): string {
	switch (event.kind) {
		case "joined":
			return `${event.payload.context}, ICE servers: ${event.payload.iceServers.length}`;
		case "local-stream":
			return event.payload
				.getTracks()
				.map(({ label, kind }) => label || kind)
				.join(", ");
		case "other_joined":
		case "other_left":
			return event.payload.userId;
		case "track":
			return `${event.payload.track.kind} of ${event.payload.streams[0]?.id ?? "no stream"}`;
		case "start":
			return `${event.payload} s`;
		case "files":
			return `${Object.values(event.payload).flatMap((paths) => paths ?? []).length} in all`;
		case "error":
			return `${event.payload.name}: ${event.payload.message}`;
		default:
			return "";
	}
}
