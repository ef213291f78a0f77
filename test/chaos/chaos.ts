/** Rounds of faults under a live load, each followed by a look at everything that must be true. */

import { Random } from "../support/random.ts";
import { FAULTS, type Fault } from "./faults.ts";
import { allWell, roomsOn } from "./invariants.ts";
import { NETWORK_FAULTS } from "./network-faults.ts";
import { World } from "./world.ts";

export const ALL_FAULTS = { ...FAULTS, ...NETWORK_FAULTS } as const;
export type FaultName = keyof typeof ALL_FAULTS;

export interface ChaosOptions {
	rounds: number;
	seed: number;
	rooms?: number;
	people?: number;
	/** Only these faults; unless given all that can be had here. */
	only?: FaultName[];
	/** Each fault once, in their order, instead of drawing them. */
	each?: boolean;
	say?(line: string): void;
}

export interface Round {
	what: string;
	/** Until all was well again, ms. */
	recoveredMs: number;
	/** The longest time between two packets of any track to anybody meanwhile, ms. */
	gapMs: number;
	fault: string;
}

export interface Report {
	rounds: Round[];
	failure?: string;
	/** What was left on nodes after everybody had gone. */
	leaks: string[];
}

/** All must be well again within this, ms. */
const RECOVERY_MS = 20_000;
/** A look that takes no longer found everything well from the beginning, ms. */
const WELL_MS = 1_500;
/** Empty rooms let go of their nodes after half a minute. */
const EMPTY_MS = 45_000;

export async function chaos({
	rounds,
	seed,
	rooms = 3,
	people = 4,
	only,
	each = false,
	say = () => {},
}: ChaosOptions): Promise<Report> {
	const random = new Random(seed);
	const report: Report = { rounds: [], leaks: [] };
	const world = await World.start({ rooms, people });
	const names = only ?? (Object.keys(world.network ? ALL_FAULTS : FAULTS) as FaultName[]);
	try {
		await allWell(world, RECOVERY_MS);
		for (let i = 1; i <= rounds; i++) {
			const name = each ? (names[(i - 1) % names.length] as FaultName) : random.pick(names);
			const fault: Fault = ALL_FAULTS[name];
			for (const bot of world.bots) for (const it of bot.media.received.values()) it.longestGap = 0;
			const began = performance.now();
			const { what, undo, lastsMs = 0, ...lasting } = await fault(world, random);
			say(`round ${i}: ${what} …`);
			let { last } = await allWell(world, RECOVERY_MS, lasting);
			let recoveredMs = performance.now() - began;
			// What is not noticed at once is no less a fault: it must become well again, and stay so.
			while (performance.now() - began < lastsMs) {
				const again = await allWell(world, RECOVERY_MS, lasting);
				if (again.ms < WELL_MS) continue;
				recoveredMs = performance.now() - began;
				last = again.last;
			}
			const gaps = world.bots.flatMap(({ media }) => [...media.received.values()].map(({ longestGap }) => longestGap));
			const gapMs = Math.max(...gaps);
			if (undo) {
				await undo();
				await allWell(world, RECOVERY_MS);
			}
			report.rounds.push({ fault: name, what, recoveredMs, gapMs });
			say(
				`round ${i}: ${what}: all well after ${Math.round(recoveredMs)} ms, longest gap ${Math.round(gapMs)} ms (last: ${last})`,
			);
		}
		await Promise.all(world.bots.splice(0).map((bot) => bot.leave()));
		report.leaks = await leaks(world);
	} catch (error) {
		report.failure = `round ${report.rounds.length + 1}: ${error instanceof Error ? error.message : String(error)}`;
	} finally {
		await world.stop();
	}
	return report;
}

/** Whatever nodes still have when everybody has gone, and rooms had time to let go of them. */
async function leaks(world: World): Promise<string[]> {
	const began = performance.now();
	for (;;) {
		const left: string[] = [];
		for (const node of world.nodes) {
			for (const { room, endpoints } of await roomsOn(node))
				left.push(`${node.id}: ${room}, ${endpoints.length} endpoints`);
			const metrics = await (await fetch(`${node.http}/metrics`)).text();
			for (const name of ["endpoints", "producers", "consumers", "rooms"]) {
				const value = new RegExp(`^switchyard_${name}(?:\\{[^}]*\\})? (\\d+)`, "m").exec(metrics)?.[1];
				if (value === undefined) left.push(`${node.id}: no metric switchyard_${name}`);
				else if (value !== "0") left.push(`${node.id}: ${value} ${name}`);
			}
		}
		if (left.length === 0 || performance.now() - began > EMPTY_MS) return left;
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
}
