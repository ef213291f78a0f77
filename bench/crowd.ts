/** A thousand sockets that join one room, and what a room costs in which nothing happens. */
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { BotSignal } from "../test/support/bot/signal.ts";
import { Stack } from "../test/support/stack.ts";
import { type Figures, showSpread, spread } from "./lib/figures.ts";
import { childrenOf, cpuMs } from "./lib/process.ts";

const CROWD = 1_000;
const QUIET = 500;
const IDLE_MS = 20_000;

function workerd(): number {
	const found = childrenOf(process.pid).find(({ name }) => name.startsWith("workerd"));
	if (!found) throw new Error(`no workerd among ${execFileSync("ps", ["--ppid", String(process.pid)]).toString()}`);
	return found.pid;
}

async function fill(stack: Stack, room: string, count: number): Promise<{ ms: number; sockets: BotSignal[] }> {
	const tokens = await Promise.all(Array.from({ length: count }, (_, i) => stack.tokenFor(room, `p${i}`)));
	const began = performance.now();
	const sockets = await Promise.all(
		tokens.map(async (token) => {
			const signal = await BotSignal.open(stack.url, room, token);
			await signal.request("join", {});
			return signal;
		}),
	);
	return { ms: performance.now() - began, sockets };
}

export async function crowd(runs: number): Promise<Figures> {
	const stack = await Stack.start({ nodes: 0, vars: { MAX_PARTICIPANTS: String(CROWD) } });
	const joins: number[] = [];
	const idle: number[] = [];
	try {
		for (let run = 0; run < runs; run++) {
			const { ms, sockets } = await fill(stack, `crowd-${run}`, CROWD);
			joins.push(ms / 1_000);
			await stack.rest(`/v1/rooms/crowd-${run}`, { method: "DELETE" });
			for (const socket of sockets) socket.close();
			const quiet = await fill(stack, `quiet-${run}`, QUIET);
			await sleep(2_000);
			const before = cpuMs(workerd());
			await sleep(IDLE_MS);
			idle.push(((cpuMs(workerd()) - before) / IDLE_MS) * 100);
			await stack.rest(`/v1/rooms/quiet-${run}`, { method: "DELETE" });
			for (const socket of quiet.sockets) socket.close();
		}
	} finally {
		await stack.stop();
	}
	const joined = spread(joins);
	const quiet = spread(idle);
	return {
		name: "crowd",
		what: `${CROWD} signaling sockets join one room at once; the edge's CPU with ${QUIET} members and no traffic but heartbeats, over ${IDLE_MS / 1_000} s`,
		head: ["", "median (range)"],
		rows: [
			[`${CROWD} in the room, s`, showSpread(joined)],
			[`CPU of the edge with ${QUIET} quiet members, % of a core`, showSpread(quiet)],
		],
		json: { crowd: CROWD, quiet: QUIET, joins, idle },
		bars: [
			{ bar: `${CROWD} sockets in one room within 10 s`, value: joined.median, held: joined.median <= 10 },
			{ bar: "a quiet room: at most 1 % of a core, heartbeats included", value: quiet.median, held: quiet.median <= 1 },
		],
	};
}
