/**
 * A room of native and Odoo participants that are moved between three nodes all the time: drains begun and called off,
 * media sides given up, workers and nodes killed, people coming and going, several at once and at random. After each
 * round everybody must get everything, for a while. `npm run chaos -- soak --seed S --rounds N`.
 */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { OdooBot } from "../support/bot/odoo-bot.ts";
import { ResilientBot } from "../support/bot/resilient.ts";
import { type OdooChannel, odooChannel } from "../support/odoo.ts";
import { Random } from "../support/random.ts";
import { Stack } from "../support/stack.ts";

const SENT = { packetsPerSecond: 12, bytes: 300 };
const REGIONS = ["eu", "us", "ap"] as const;
/** People of each kind at least, and at most. */
const PEOPLE = { least: 2, most: 4 };
/** A look lasts so long, and so many in a row must be clean, within so long; ms. */
const LOOK = { ms: 1_500, clean: 3, withinMs: 60_000 };
/** In a look, of each track. */
const PACKETS = 5;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Member {
	id: string;
	state: string;
	node?: string;
	tracks: { id: string; source: string; muted: boolean }[];
}

class Soak {
	readonly #random: Random;
	readonly #stack: Stack;
	readonly #channel: OdooChannel;
	readonly #native: ResilientBot[] = [];
	readonly #odoo: OdooBot[] = [];
	/** By session and source, all that it had: another one after it has joined anew. */
	readonly #odooTracks = new Map<string, Set<string>>();
	#people = 0;
	#nodes = 0;

	private constructor(stack: Stack, channel: OdooChannel, random: Random) {
		this.#stack = stack;
		this.#channel = channel;
		this.#random = random;
	}

	static async start(seed: number): Promise<Soak> {
		const stack = await Stack.start({ nodes: 0, vars: { HEARTBEAT_MS: "1000", MAX_MESSAGES_PER_SECOND: "1000" } });
		const channel = await odooChannel(stack.url, stack.authKey, `https://odoo.test:soak:${seed}`);
		const soak = new Soak(stack, channel, new Random(seed));
		for (const region of REGIONS) await soak.#addNode(region);
		for (let i = 0; i < PEOPLE.least; i++) await Promise.all([soak.#joinNative(), soak.#joinOdoo()]);
		return soak;
	}

	async stop(): Promise<void> {
		for (const bot of this.#odoo) bot.leave();
		await Promise.all(this.#native.map((bot) => bot.leave()));
		await this.#stack.stop();
	}

	/** Several of them within a few seconds. */
	async disturb(): Promise<string[]> {
		const done: string[] = [];
		const drained = new Set<string>();
		const under: Promise<unknown>[] = [];
		for (let i = 1 + this.#random.below(4); i > 0; i--) {
			done.push(await this.#one(drained, under));
			await sleep(this.#random.pick([0, 50, 200, 700, 2_000]));
		}
		await Promise.allSettled(under);
		if (drained.size > 0) await sleep(this.#random.pick([0, 1_000, 8_000, 14_000]));
		for (const id of drained) await this.#stack.rest(`/v1/nodes/${id}/drain`, { method: "DELETE" });
		return done;
	}

	async #one(drained: Set<string>, under: Promise<unknown>[]): Promise<string> {
		const nodes = this.#stack.nodes.filter(({ process: it }) => it.exitCode === null && it.signalCode === null);
		const node = this.#random.pick(nodes);
		const what = this.#random.below(100);
		if (what < 25) {
			const deadlineSeconds = this.#random.pick([11, 13, 17, 60]);
			drained.add(node.id);
			await this.#stack.rest(`/v1/nodes/${node.id}/drain`, {
				method: "POST",
				body: JSON.stringify({ deadlineSeconds }),
			});
			return `${node.id} drained, ${deadlineSeconds} s`;
		}
		if (what < 35) {
			for (const id of drained) await this.#stack.rest(`/v1/nodes/${id}/drain`, { method: "DELETE" });
			const ids = [...drained];
			drained.clear();
			return `undrained ${ids}`;
		}
		if (what < 65) {
			const bots = this.#native.filter(() => this.#random.next() < 0.6);
			for (const bot of bots) void bot.giveUpMedia().catch(() => {});
			return `${bots.map(({ id }) => id)} moved`;
		}
		if (what < 70) {
			execFileSync("pkill", ["-9", "-P", String(node.process.pid), "-f", "mediasoup-worker"]);
			return `${node.id}'s worker killed`;
		}
		if (what < 74) {
			await node.kill("SIGKILL");
			drained.delete(node.id);
			under.push(this.#addNode(node.id.replace(/-\d+$/, "")));
			return `${node.id} killed`;
		}
		if (what < 84) {
			const kind = this.#random.pick(["native", "odoo"]);
			const there = kind === "native" ? this.#native : this.#odoo;
			if (there.length >= PEOPLE.most) return "nobody more";
			under.push(kind === "native" ? this.#joinNative() : this.#joinOdoo());
			return `${kind} joins`;
		}
		if (what < 92) {
			const kind = this.#random.pick(["native", "odoo"]);
			if ((kind === "native" ? this.#native : this.#odoo).length <= PEOPLE.least) return "nobody leaves";
			if (kind === "native") {
				const bot = this.#native.splice(this.#random.below(this.#native.length), 1)[0];
				await bot?.leave();
				return `${bot?.id} leaves`;
			}
			const bot = this.#odoo.splice(this.#random.below(this.#odoo.length), 1)[0];
			bot?.leave();
			return `odoo ${bot?.session} leaves`;
		}
		const bot = this.#random.pick(this.#native);
		bot.breakSocket();
		return `${bot.id}'s socket broken`;
	}

	/** Resolves with how long it took, ms. */
	async expectWell(): Promise<number> {
		const began = performance.now();
		let clean = 0;
		for (;;) {
			const before = this.#counts();
			await sleep(LOOK.ms);
			await this.#learnTracks();
			const after = this.#counts();
			const wrong = [...after].filter(([key, count]) => count - (before.get(key) ?? 0) < PACKETS).map(([key]) => key);
			clean = wrong.length === 0 ? clean + 1 : 0;
			if (clean === LOOK.clean) return performance.now() - began;
			if (performance.now() - began < LOOK.withinMs) continue;
			throw new Error(`${wrong.length} things wrong:\n  ${wrong.join("\n  ")}\n${JSON.stringify(await this.#state())}`);
		}
	}

	/** Who gets how much of whom so far. */
	#counts(): Map<string, number> {
		const counts = new Map<string, number>();
		for (const to of this.#native) {
			for (const from of this.#native) {
				if (from === to) continue;
				for (const kind of ["audio", "video"])
					counts.set(`${to.id} < ${from.id}-${kind}`, to.media.received.get(`${from.id}-${kind}`)?.packets ?? 0);
			}
			for (const { session } of this.#odoo) {
				for (const source of ["audio", "camera"]) {
					let count = 0;
					for (const track of this.#odooTracks.get(`${session} ${source}`) ?? [])
						count += to.media.received.get(track)?.packets ?? 0;
					counts.set(`${to.id} < odoo ${session} ${source}`, count);
				}
			}
		}
		for (const to of this.#odoo) {
			const others = [
				...this.#native.map(({ id }) => id),
				...this.#odoo.filter((it) => it !== to).map(({ session }) => session),
			];
			for (const from of others)
				for (const type of ["audio", "camera"] as const)
					counts.set(`odoo ${to.session} < ${from} ${type}`, to.packets(from, type));
		}
		return counts;
	}

	async #learnTracks(): Promise<void> {
		for (const { id, tracks } of await this.#participants()) {
			for (const track of tracks) {
				const key = `${id} ${track.source}`;
				this.#odooTracks.set(key, (this.#odooTracks.get(key) ?? new Set()).add(track.id));
			}
		}
	}

	async #participants(): Promise<Member[]> {
		const response = await this.#stack.rest(`/v1/rooms/${this.#channel.uuid}/participants?limit=100`);
		return ((await response.json()) as { items: Member[] }).items;
	}

	/** What the room and the nodes say. */
	async #state(): Promise<unknown> {
		const participants = await this.#participants();
		const nodes = await Promise.all(
			this.#stack.nodes.map(async ({ id, http }) => {
				const rooms = await fetch(`${http}/rooms`, { signal: AbortSignal.timeout(2_000) }).then(
					(it) => it.json(),
					() => "away",
				);
				return { id, rooms };
			}),
		);
		return { participants, nodes };
	}

	async #addNode(region: string): Promise<void> {
		await this.#stack.addNode(`${region}-${++this.#nodes}`, { DRAIN_SECONDS: "20" }, region);
	}

	async #joinNative(): Promise<void> {
		const id = `n${++this.#people}`;
		const region = this.#random.pick(REGIONS);
		const token = () => this.#stack.tokenFor(this.#channel.uuid, id, {}, region);
		const bot = await ResilientBot.join(this.#stack.url, this.#channel.uuid, id, token);
		this.#native.push(bot);
		// Of a media side that is lost meanwhile: it is published on the next.
		await bot.media.publish(SENT).catch(() => {});
	}

	async #joinOdoo(): Promise<void> {
		const session = ++this.#people;
		const { url, uuid } = this.#channel;
		const bot = new OdooBot(url, uuid, session, this.#channel.tokenFor(session));
		this.#odoo.push(bot);
		await Promise.race([bot.connected(), bot.closed]);
		// On a connection that is lost meanwhile: the next one uploads.
		await bot.upload(SENT).catch(() => {});
	}
}

const { values } = parseArgs({
	options: { seed: { type: "string", default: "1" }, rounds: { type: "string", default: "5" } },
});
const seed = Number(values.seed);
const soak = await Soak.start(seed);
let failure: unknown;
try {
	console.log(`at first: well after ${Math.round(await soak.expectWell())} ms`);
	for (let round = 1; round <= Number(values.rounds); round++) {
		const done = await soak.disturb();
		console.log(`seed ${seed} round ${round}: ${done.join("; ")}`);
		console.log(`  well after ${Math.round(await soak.expectWell())} ms`);
	}
} catch (error) {
	failure = error;
}
await soak.stop();
console.log(failure ? `NOT CLEAN: ${failure}` : `seed ${seed}: clean`);
process.exit(failure ? 1 : 0);
