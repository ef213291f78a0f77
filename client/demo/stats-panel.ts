/** What the connection does, second by second. */
import type { Room, RoomStats, Source, TrackStats } from "../sdk/index.ts";
import { h } from "./dom.ts";
import { Plot } from "./plot.ts";
import type { Sample, StatsHistory } from "./stats-history.ts";

const SOURCES: Record<Source, string> = {
	audio: "Microphone",
	camera: "Camera",
	screen: "Screen",
	screenAudio: "Screen sound",
	data: "Data",
};
const PLOTS: readonly { key: keyof Sample; label: string; format: (value: number) => string; least: number }[] = [
	{ key: "incoming", label: "Receiving", format: bits, least: 100_000 },
	{ key: "outgoing", label: "Sending", format: bits, least: 100_000 },
	{ key: "rtt", label: "Round trip", format: (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`, least: 10 },
	{ key: "frames", label: "Frames received", format: (value) => `${value.toFixed(0)} /s`, least: 30 },
];

export class StatsPanel {
	readonly element = h("section", { class: "panel-body stats" });
	readonly #room: Room;
	readonly #history: StatsHistory;
	readonly #summary = h("dl", { class: "summary" });
	readonly #table = h("table", { class: "tracks" });
	readonly #plots = PLOTS.map(({ key, label, format, least }) => ({ key, plot: new Plot(label, format, least) }));

	constructor(room: Room, history: StatsHistory) {
		this.#room = room;
		this.#history = history;
		this.element.append(
			this.#summary,
			h("div", { class: "plots" }, ...this.#plots.map(({ plot }) => plot.element)),
			h("div", { class: "scroll" }, this.#table),
		);
		history.onSample = () => this.#update();
		// Once it is in the document, and has a size to draw in.
		requestAnimationFrame(() => this.#update());
	}

	close(): void {
		this.#history.onSample = () => {};
	}

	#update(): void {
		const { samples, latest } = this.#history;
		for (const { key, plot } of this.#plots) plot.show(samples.map((sample) => sample[key]));
		this.#describe(latest);
		this.#list(latest?.tracks ?? []);
	}

	#describe(stats: RoomStats | undefined): void {
		const { node, state, mediaState, topology } = this.#room;
		const isDirect = !node && topology === "mesh";
		const served = node !== undefined || isDirect;
		const isCut = mediaState === "disconnected";
		const facts: [term: string, text: string, tone?: "good" | "warn"][] = [
			["Signaling", state, state === "connected" ? "good" : "warn"],
			["Media", mediaState === "new" ? (served ? "idle" : "waiting") : mediaState, served && !isCut ? "good" : "warn"],
			["Node", node?.id ?? (isDirect ? "none: direct" : "none yet")],
			["Region", node?.region ?? "–"],
			["Round trip", stats?.rtt === undefined ? "–" : `${(stats.rtt * 1_000).toFixed(1)} ms`],
			["Could send", stats?.availableOutgoingBitrate === undefined ? "–" : bits(stats.availableOutgoingBitrate)],
			["Receiving", stats ? bits(stats.incomingBitrate) : "–"],
			["Sending", stats ? bits(stats.outgoingBitrate) : "–"],
		];
		this.#summary.replaceChildren(
			...facts.map(([term, text, tone]) =>
				h("div", {}, h("dt", {}, term), h("dd", tone ? { class: `state ${tone}` } : {}, text)),
			),
		);
	}

	#list(tracks: readonly TrackStats[]): void {
		const groups = [
			{ title: "Sent", of: tracks.filter(({ direction }) => direction === "send") },
			{ title: "Received", of: tracks.filter(({ direction }) => direction === "recv") },
		];
		this.#table.replaceChildren(
			h(
				"thead",
				{},
				h("tr", {}, ...["Track", "Picture", "Rate", "Lost", "Layer"].map((it) => h("th", { scope: "col" }, it))),
			),
			...groups.map(({ title, of }) =>
				h(
					"tbody",
					{},
					h("tr", { class: "group" }, h("th", { colSpan: 5, scope: "rowgroup" }, `${title} · ${of.length}`)),
					...of.map((track) => this.#row(track)),
				),
			),
		);
	}

	#row(track: TrackStats): HTMLElement {
		const { source, codec, width, height, framesPerSecond, bitrate, packetsLost, layer } = track;
		const layerText = layer && `${layer.spatial}${layer.temporal === undefined ? "" : `.${layer.temporal}`}`;
		return h(
			"tr",
			{},
			two(this.#who(track), [SOURCES[source], codec].filter(Boolean).join(" · ")),
			width && height
				? two(`${width}×${height}`, framesPerSecond === undefined ? "" : `${framesPerSecond.toFixed(0)} fps`)
				: h("td", {}, "–"),
			h("td", {}, bits(bitrate)),
			h("td", {}, packetsLost === undefined ? "–" : String(packetsLost)),
			h("td", {}, layerText ?? "–"),
		);
	}

	#who({ participant }: TrackStats): string {
		if (participant === this.#room.me.id) return "You";
		return this.#room.participants.get(participant)?.name || "Guest";
	}
}

function two(first: string, second: string): HTMLElement {
	return h("td", {}, h("span", { class: "line" }, first), h("span", { class: "line muted" }, second));
}

function bits(value: number): string {
	return value >= 1e6 ? `${(value / 1e6).toFixed(1)} Mb/s` : `${(value / 1e3).toFixed(0)} kb/s`;
}
