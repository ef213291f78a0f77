import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { NodeId } from "../../shared/ids.ts";
import { Node } from "../../shared/rest.ts";
import type { Api } from "../lib/api.ts";
import { type Context, command, wholeNumber } from "../lib/command.ts";
import { Failure } from "../lib/errors.ts";
import { bitrate, count, percent, table } from "../lib/format.ts";

const DEADLINE_S = 300;
/** As often as nodes report. */
const LOOK_MS = 2_000;
/** Over the deadline, for the node to tell that it is done. */
const PATIENCE_MS = 30_000;

const list = command({
	words: ["node", "list"],
	about: "Lists the media nodes that are there, with their load.",
	input: z.object({}),
	async run(_, { api, out }) {
		const nodes = await nodesOf(api);
		out.result(nodes, () => (nodes.length === 0 ? "no media node is connected" : tableOf(nodes)));
		return 0;
	},
});

const drain = command({
	words: ["node", "drain"],
	operands: ["node"],
	about: "Drains a node: it is given nothing new, and what it serves is moved away.",
	options: {
		deadline: { value: "SECONDS", about: `when it must be empty; ${DEADLINE_S} unless given` },
		exit: { about: "the node's process ends then, or as soon as it serves nothing" },
		wait: { about: "end when it is empty or gone" },
	},
	input: z.object({
		node: NodeId,
		deadline: wholeNumber(1, 86_400).default(DEADLINE_S),
		exit: z.boolean().default(false),
		wait: z.boolean().default(false),
	}),
	async run({ node, deadline, exit, wait }, context) {
		const { api, out } = context;
		await drains(api.post(`/v1/nodes/${node}/drain`, { deadlineSeconds: deadline, exit }, z.unknown()), node);
		if (!wait) {
			out.result(
				{ node, draining: true, exit, deadlineSeconds: deadline },
				() => `${node} drains, for at most ${deadline} s`,
			);
			return 0;
		}
		const began = performance.now();
		const left = await untilEmpty(node, deadline * 1_000 + PATIENCE_MS, context);
		const ms = Math.round(performance.now() - began);
		out.result({ node, drained: left === 0, endpoints: left, ms }, () =>
			left === 0 ? `${node} is empty` : `${node} still serves ${count(left, "participant")}`,
		);
		return left === 0 ? 0 : 1;
	},
});

const undrain = command({
	words: ["node", "undrain"],
	operands: ["node"],
	about: "Ends a node's draining: it is given new rooms and participants again.",
	input: z.object({ node: NodeId }),
	async run({ node }, { api, out }) {
		await drains(api.delete(`/v1/nodes/${node}/drain`), node);
		out.result({ node, draining: false }, () => `${node} takes new participants again`);
		return 0;
	},
});

export const nodes = [list, drain, undrain];

const nodesOf = (api: Api) => api.list("/v1/nodes", Node);

/** Both ways to be refused with 404, told apart. */
async function drains<T>(request: Promise<T>, node: string): Promise<T> {
	try {
		return await request;
	} catch (error) {
		if (!(error instanceof Failure) || error.code !== "not_found") throw error;
		// The edge's words for a route that it does not have.
		if (/^no (POST|DELETE) /.test(error.message)) {
			throw new Failure("this edge cannot drain nodes", "bring it up to date; until then stop the node with SIGTERM");
		}
		throw new Failure(`no node ${node}: ${error.message}`, "see which there are: switchyard node list", error.code);
	}
}

/** How many it still serves when time is up or the user stops; 0 as soon as there are none. */
async function untilEmpty(id: string, ms: number, { api, out, stop }: Context): Promise<number> {
	const end = performance.now() + ms;
	let told = -1;
	for (;;) {
		const node = (await nodesOf(api)).find((it) => it.id === id);
		const { endpoints = 0 } = node?.load ?? {};
		if (endpoints !== told) out.note(node ? `${id} serves ${count(endpoints, "participant")}` : `${id} is gone`);
		told = endpoints;
		if (endpoints === 0 || performance.now() > end || stop.aborted) return endpoints;
		// REST has no events.
		await delay(LOOK_MS, undefined, { signal: stop }).catch(() => {});
	}
}

function tableOf(nodes: readonly Node[]): string {
	return table(
		["ID", "REGION", "STATE", "CPU", "ROOMS", "ENDPOINTS", "CONSUMERS", "IN", "OUT"],
		nodes.map(({ id, region, state, load }) => [
			...[id, region, state, percent(load.cpu), String(load.rooms), String(load.endpoints)],
			...[String(load.consumers), bitrate(load.bitrateIn), bitrate(load.bitrateOut)],
		]),
	);
}
