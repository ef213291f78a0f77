/** The fleet: every region with its nodes. */
import { h } from "../demo/dom.ts";
import type { Api } from "./api.ts";
import { bits, count } from "./figures.ts";
import type { FleetStore, SeenNode } from "./fleet-store.ts";
import { type Item, Keyed } from "./keyed.ts";
import { NodeCard } from "./node-card.ts";
import { say, type View } from "./view.ts";

const HOW_TO_ADD = "A node shows up here as soon as it has dialled in with its token.";

export function fleetView(api: Api, store: FleetStore): View {
	const totals = h("dl", { class: "totals" });
	const list = h("div", { class: "regions" });
	const empty = h("div", { class: "empty", hidden: true });
	const regions = new Keyed<readonly SeenNode[]>(list, ([first]) => region(first?.node.region ?? "", api, store));

	const stop = store.watch(() => {
		const nodes = [...store.nodes.values()].sort((a, b) => (a.node.id < b.node.id ? -1 : 1));
		const names = [...new Set(nodes.map(({ node }) => node.region))].sort();
		regions.show(names.map((name) => [name, nodes.filter(({ node }) => node.region === name)]));
		showTotals(
			totals,
			nodes.filter(({ goneAt }) => goneAt === undefined),
		);
		totals.hidden = nodes.length === 0;
		empty.hidden = nodes.length > 0;
		if (nodes.length > 0) return;
		const known = store.updatedAt !== undefined;
		const unknown = store.trouble ? "The fleet is not known: the edge does not answer." : "Asking the edge …";
		say(empty, known ? "No media node is connected." : unknown, known && HOW_TO_ADD);
	});
	return {
		title: "Fleet",
		element: h("section", { class: "fleet" }, h("h1", {}, "Fleet"), totals, empty, list),
		close: stop,
	};
}

function region(name: string, api: Api, store: FleetStore): Item<readonly SeenNode[]> {
	const about = h("span", { class: "hint" });
	const cards = h("div", { class: "cards" });
	const keyed = new Keyed<SeenNode>(cards, (seen) => new NodeCard(seen, api, () => store.refresh()));
	const element = h("section", { class: "region" }, h("header", {}, h("h2", {}, name), about), cards);
	return {
		element,
		update(nodes) {
			keyed.show(nodes.map((seen) => [seen.node.id, seen]));
			const there = nodes.filter(({ goneAt }) => goneAt === undefined);
			const people = there.reduce((sum, { node }) => sum + node.load.endpoints, 0);
			about.textContent = `${count(there.length, "node")} · ${count(people, "endpoint")}`;
		},
	};
}

function showTotals(element: HTMLElement, nodes: readonly SeenNode[]): void {
	const sum = (key: "endpoints" | "consumers" | "bitrateIn" | "bitrateOut") =>
		nodes.reduce((all, { node }) => all + node.load[key], 0);
	const ready = nodes.filter(({ node }) => node.state === "ready").length;
	const figures: [string, string][] = [
		["Nodes ready", `${ready} of ${nodes.length}`],
		["Endpoints", sum("endpoints").toLocaleString("en")],
		["Consumers", sum("consumers").toLocaleString("en")],
		["In", bits(sum("bitrateIn"))],
		["Out", bits(sum("bitrateOut"))],
	];
	element.replaceChildren(...figures.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value))));
}
