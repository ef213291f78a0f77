/** What the connection does, second by second. */
import type { Room, RoomStats } from "../sdk/index.ts";
import { h } from "./dom.ts";
import { Plot } from "./plot.ts";

export class StatsPanel {
	readonly element = h("section", { class: "panel-body stats" });
	readonly #room: Room;
	readonly #summary = h("dl", { class: "summary" });
	readonly #rows = h("tbody");
	readonly #incoming = new Plot("Receiving", bits);
	readonly #outgoing = new Plot("Sending", bits);
	readonly #rtt = new Plot("Round trip", (value) => `${value.toFixed(0)} ms`);
	readonly #frames = new Plot("Frames received", (value) => `${value.toFixed(0)} /s`);
	readonly #timer: ReturnType<typeof setInterval>;

	constructor(room: Room) {
		this.#room = room;
		const head = ["", "Who", "What", "Codec", "Size", "fps", "Rate", "Lost", "Layer"];
		this.element.append(
			this.#summary,
			h(
				"div",
				{ class: "plots" },
				this.#incoming.element,
				this.#outgoing.element,
				this.#rtt.element,
				this.#frames.element,
			),
			h(
				"div",
				{ class: "scroll" },
				h("table", {}, h("thead", {}, h("tr", {}, ...head.map((it) => h("th", {}, it)))), this.#rows),
			),
		);
		this.#timer = setInterval(() => void this.#update(), 1_000);
		void this.#update();
	}

	stop(): void {
		clearInterval(this.#timer);
	}

	async #update(): Promise<void> {
		const stats = await this.#room.stats();
		this.#incoming.push(stats.incomingBitrate);
		this.#outgoing.push(stats.outgoingBitrate);
		this.#rtt.push(stats.rtt === undefined ? undefined : stats.rtt * 1_000);
		const received = stats.tracks.filter(({ direction, kind }) => direction === "recv" && kind === "video");
		this.#frames.push(received.reduce((sum, { framesPerSecond = 0 }) => sum + framesPerSecond, 0));
		this.#describe(stats);
	}

	#describe(stats: RoomStats): void {
		const { node, mediaState, state } = this.#room;
		const facts: [string, string][] = [
			["Node", node ? `${node.id} · ${node.region}` : "none yet"],
			["Signaling", state],
			["Media", mediaState],
			["Available to send", stats.availableOutgoingBitrate === undefined ? "–" : bits(stats.availableOutgoingBitrate)],
		];
		this.#summary.replaceChildren(...facts.map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text))));
		this.#rows.replaceChildren(
			...stats.tracks.map((it) => {
				const who =
					it.participant === this.#room.me.id
						? "You"
						: (this.#room.participants.get(it.participant)?.name ?? it.participant);
				const cells = [
					it.direction === "send" ? "↑" : "↓",
					who,
					it.source,
					it.codec ?? "",
					it.width ? `${it.width}×${it.height}` : "",
					it.framesPerSecond?.toFixed(0) ?? "",
					bits(it.bitrate),
					String(it.packetsLost ?? 0),
					it.layer ? `${it.layer.spatial}${it.layer.temporal === undefined ? "" : `.${it.layer.temporal}`}` : "",
				];
				return h("tr", {}, ...cells.map((cell) => h("td", {}, cell)));
			}),
		);
	}
}

function bits(value: number): string {
	return value >= 1e6 ? `${(value / 1e6).toFixed(1)} Mb/s` : `${(value / 1e3).toFixed(0)} kb/s`;
}
