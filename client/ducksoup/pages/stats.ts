/** /stats/: bit rates of all interactions, as they are. */
import { h } from "../../demo/dom.ts";
import { decode } from "../player/wire.ts";
import { Chart } from "./chart.ts";
import { frame, socketUrlOf } from "./frame.ts";
import type { Status } from "./words.ts";

/** By interaction and track. The misspelt key is the protocol's. */
type Update = Record<
	string,
	Record<string, { From: string; Kind: string; IntputKbs: number; OutputKbs: number; TargetKbs: number }>
>;

const RETRY_MS = 2_000;
/** Updates come each 900 ms while there is something. */
const SILENT_MS = 5_000;

interface Shown {
	element: HTMLElement;
	state: HTMLElement;
	charts: HTMLElement;
	tracks: Map<string, Chart>;
	at: number;
}

const status = h("div", { class: "status card", role: "status" });
const list = h("div", { class: "interactions" });
frame("Statistics", "Bit rates of each track of every interaction that runs, over the last three minutes.", [
	status,
	list,
]);
const shown = new Map<string, Shown>();
let socket: WebSocket | undefined;
connect();
setInterval(review, 1_000);

function connect(): void {
	const ws = new WebSocket(`${socketUrlOf()}?type=stats`);
	ws.addEventListener("open", review);
	ws.addEventListener("message", ({ data }) => {
		const frame = decode(data);
		if (frame?.kind === "update") update(frame.payload as Update);
	});
	ws.addEventListener("close", () => {
		const hint = `It is away, or does not accept pages of ${location.origin}. This page keeps trying.`;
		say({ tone: "bad", title: "No connection to the server", hint });
		setTimeout(connect, RETRY_MS);
	});
	socket = ws;
}

function update(interactions: Update): void {
	for (const [id, tracks] of Object.entries(interactions)) {
		let card = shown.get(id);
		if (!card) {
			card = newCard(id);
			shown.set(id, card);
			list.prepend(card.element);
		}
		card.at = Date.now();
		for (const [track, { From, Kind, IntputKbs, OutputKbs, TargetKbs }] of Object.entries(tracks)) {
			let chart = card.tracks.get(track);
			if (!chart) {
				chart = newChart(From, Kind);
				card.tracks.set(track, chart);
				card.charts.append(chart.element);
			}
			chart.add([IntputKbs, OutputKbs, TargetKbs], card.at);
		}
	}
	review();
}

function newCard(id: string): Shown {
	const [origin = "", namespace = "", ...name] = id.split("#");
	const state = h("span", { class: "state" });
	const close = h("button", { type: "button", class: "small" }, "Remove");
	const names = h("div", {}, h("h2", {}, name.join("#")), h("small", {}, `${namespace} · ${origin}`));
	const charts = h("div", { class: "charts" });
	const element = h("section", { class: "card" }, h("header", {}, names, state, close), charts);
	close.addEventListener("click", () => {
		element.remove();
		shown.delete(id);
		review();
	});
	return { element, state, charts, tracks: new Map(), at: 0 };
}

function newChart(from: string, kind: string): Chart {
	const lines = [
		{ name: "received", tone: "one" },
		{ name: "sent", tone: "two" },
		{ name: "target", tone: "three", dashed: true },
	] as const;
	return new Chart(`${from}, ${kind}`, lines, { unit: "kbit/s", seconds: 180, least: kind === "audio" ? 80 : 500 });
}

/** What of it is still so. */
function review(): void {
	let running = 0;
	for (const { element, state, at } of shown.values()) {
		const live = Date.now() - at < SILENT_MS;
		if (live) running++;
		element.classList.toggle("over", !live);
		state.className = live ? "state good" : "state";
		state.textContent = live ? "running" : "over";
	}
	if (socket?.readyState !== WebSocket.OPEN) return;
	if (running > 0) {
		say({
			tone: "good",
			title: running === 1 ? "One interaction runs" : `${running} interactions run`,
			hint: "Point at a chart for its values.",
		});
	} else {
		const hint = "Figures appear here by themselves: start one on the Mirror page in another tab.";
		say({ tone: "idle", title: "No interaction runs", hint });
	}
}

function say({ tone, title, hint }: Status): void {
	if (status.dataset.tone === tone && status.firstElementChild?.textContent === title) return;
	status.dataset.tone = tone;
	status.replaceChildren(h("strong", {}, title), h("p", {}, hint));
}
