/** One media node: what it is, what it carries, and how that has been. */
import { button, h } from "../demo/dom.ts";
import { Plot } from "../demo/plot.ts";
import { act } from "./act.ts";
import { type Api, ApiError } from "./api.ts";
import { ask } from "./dialog.ts";
import { ago, bits, count, percent } from "./figures.ts";
import type { SeenNode } from "./fleet-store.ts";

const DEADLINE_S = "300";
/** A plot's scale does not go below it. */
const LEAST_BITS = 100_000;

const STATES: Record<string, { text: string; tone: string }> = {
	ready: { text: "ready", tone: "good" },
	draining: { text: "draining", tone: "warn" },
	full: { text: "full", tone: "warn" },
	gone: { text: "not heard from", tone: "bad" },
};

/** A node's state in words and a colour. */
export function badge(state: string): HTMLElement {
	const { text, tone } = STATES[state] ?? { text: state, tone: "" };
	return h("span", { class: `state ${tone}` }, text);
}

export class NodeCard {
	readonly element = h("article", { class: "card node" });
	readonly #api: Api;
	readonly #refresh: () => Promise<void>;
	readonly #state = h("span", {});
	readonly #cpu = h("i", {});
	readonly #cpuText = h("output", {});
	readonly #meter = h("div", { class: "bar", role: "meter" }, this.#cpu);
	readonly #facts = h("dl", { class: "figures" });
	readonly #about = h("p", { class: "hint about" });
	readonly #action: HTMLButtonElement;
	readonly #plots = {
		cpu: new Plot("CPU", percent, 0.1),
		bitrateIn: new Plot("In", bits, LEAST_BITS),
		bitrateOut: new Plot("Out", bits, LEAST_BITS),
	};
	#seen: SeenNode;

	constructor(seen: SeenNode, api: Api, refresh: () => Promise<void>) {
		this.#seen = seen;
		this.#api = api;
		this.#refresh = refresh;
		const { id } = seen.node;
		this.element.dataset.node = id;
		this.#action = button({ class: "small" }, () => this.#act());
		this.#meter.setAttribute("aria-label", "CPU");
		for (const [name, value] of [
			["min", "0"],
			["max", "100"],
		])
			this.#meter.setAttribute(`aria-value${name}`, value ?? "");
		this.element.append(
			h("header", {}, h("h3", {}, id), this.#state, this.#action),
			h("div", { class: "cpu" }, h("span", { class: "hint" }, "CPU"), this.#meter, this.#cpuText),
			this.#facts,
			h("div", { class: "plots" }, ...Object.values(this.#plots).map(({ element }) => element)),
			this.#about,
		);
	}

	update(seen: SeenNode): void {
		this.#seen = seen;
		const { node, samples, goneAt } = seen;
		const { load } = node;
		this.element.classList.toggle("gone", goneAt !== undefined);
		this.#state.replaceChildren(badge(goneAt === undefined ? node.state : "gone"));
		this.#action.hidden = goneAt !== undefined;
		const action = node.state === "draining" ? "Cancel drain" : "Drain";
		if (this.#action.textContent !== action) this.#action.textContent = action;
		this.#action.setAttribute("aria-label", `${action} ${node.id}`);
		this.#cpu.style.width = `${load.cpu * 100}%`;
		this.#meter.classList.toggle("high", load.cpu > 0.8);
		this.#meter.setAttribute("aria-valuenow", String(Math.round(load.cpu * 100)));
		this.#cpuText.textContent = percent(load.cpu);
		const figures = {
			rooms: load.rooms,
			endpoints: load.endpoints,
			producers: load.producers,
			consumers: load.consumers,
		};
		this.#facts.replaceChildren(
			...Object.entries(figures).map(([name, value]) =>
				h("div", { data: { figure: name } }, h("dt", {}, name), h("dd", {}, value.toLocaleString("en"))),
			),
		);
		for (const key of ["cpu", "bitrateIn", "bitrateOut"] as const)
			this.#plots[key].show(samples.map((it) => it?.[key]));
		this.#about.textContent = [
			goneAt === undefined ? `since ${ago(node.connectedAt)}` : `gone ${ago(goneAt)}`,
			count(load.workers, "worker"),
			load.workerDeaths > 0 ? `${count(load.workerDeaths, "worker")} died` : "",
			node.addresses.join(", "),
			node.version,
		]
			.filter(Boolean)
			.join(" · ");
	}

	#act(): Promise<void> {
		return this.#seen.node.state === "draining" ? this.#undrain() : this.#drain();
	}

	async #drain(): Promise<void> {
		const { id } = this.#seen.node;
		const { endpoints } = this.#seen.node.load;
		const deadline = await ask({
			title: `Drain ${id}?`,
			text: `It is given nothing new, and ${count(endpoints, "participant")} on it will be moved to other nodes.`,
			confirm: "Drain",
			field: { label: "Seconds until it must be empty", value: DEADLINE_S, type: "number", required: true },
		});
		if (deadline === undefined) return;
		const body = { deadlineSeconds: Number(deadline) };
		await act(() => this.#ask(() => this.#api.post(this.#path, body)), `${id} drains`, `Could not drain ${id}`);
		await this.#refresh();
	}

	async #undrain(): Promise<void> {
		const { id } = this.#seen.node;
		const text = "It will be given new rooms and participants again. What has moved away stays where it is.";
		if ((await ask({ title: `Cancel the drain of ${id}?`, text, confirm: "Take it back" })) === undefined) return;
		await act(
			() => this.#ask(() => this.#api.delete(this.#path)),
			`${id} takes new ones again`,
			`Could not take ${id} back`,
		);
		await this.#refresh();
	}

	get #path(): string {
		return `/nodes/${encodeURIComponent(this.#seen.node.id)}/drain`;
	}

	/** An edge without this route says so in words for programmers. */
	async #ask(work: () => Promise<unknown>): Promise<void> {
		try {
			await work();
		} catch (error) {
			if (!(error instanceof ApiError) || !/^no (POST|DELETE) /.test(error.message)) throw error;
			throw new Error("this edge cannot drain nodes yet", { cause: error });
		}
	}
}
