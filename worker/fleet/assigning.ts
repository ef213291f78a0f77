/** Which node of this hub, or of another, a room gets: chosen, proved by a signed token, and sent there. */
import { SwitchyardError } from "../../shared/errors.ts";
import { mintAssignment } from "../auth/tokens.ts";
import type { Env } from "../env.ts";
import type { Result } from "../room/rpc.ts";
import type { Hub } from "./hubs.ts";
import { hubAt } from "./locate.ts";
import { addUp, type Candidate, type Cost, explain, isGood, NO_COST, place } from "./placement.ts";
import { deadlineOf } from "./registry.ts";
import type { Answer, Assigned, AssignRequest } from "./rpc.ts";
import { type RegisteredSeat, type Seats, send } from "./seats.ts";
import type { Served } from "./served.ts";

/** Rooms remembered as waiting; more find a node by asking again. */
const MOST_WAITING = 10_000;
/** For so long a hub without any node is not asked again by one that has some. */
const EMPTY_MS = 5_000;

export class Assigning {
	readonly #env: Env;
	readonly #seats: Seats;
	readonly #served: Served;
	readonly #isShaky: (node: string) => boolean;
	/** Rooms that found no node. Memory only: they ask again by themselves as well, only later. */
	readonly #waiting = new Set<string>();
	/** How often a node began to take rooms. */
	#arrivals = 0;
	/** Hubs that had no node when they were asked last, and until when that is believed. */
	readonly #emptyUntil = new Map<Hub, number>();

	/** `isShaky`: it failed lately, and is only chosen when there is no other. */
	constructor(env: Env, seats: Seats, served: Served, isShaky: (node: string) => boolean) {
		this.#env = env;
		this.#seats = seats;
		this.#served = served;
		this.#isShaky = isShaky;
	}

	/** A node of this hub, or of the others, in that order, when there is nothing good enough here. */
	async from(request: AssignRequest, others: Hub[]): Promise<Result<Assigned>> {
		const here = await this.#here(request, (cost) => isGood(cost, request.near));
		if (here.assigned) return { ok: true, value: here.assigned };
		const { cost, ruledOut } = here;
		const arrivals = this.#arrivals;
		for (const hub of this.#worthAsking(others, cost)) {
			const answer = await this.#ask(hub, request, cost);
			if (answer?.assigned) return { ok: true, value: answer.assigned };
			if (answer) addUp(ruledOut, answer.ruledOut);
			// The rest of the world need not be asked when there is a node here by now.
			if (cost === NO_COST && this.#arrivals !== arrivals) break;
		}
		// What is here, then: looked for again, since much may have happened meanwhile.
		const { assigned } = await this.#here(request, () => true);
		if (assigned) return { ok: true, value: assigned };
		this.#wait(request.room);
		return { ok: false, error: new SwitchyardError("no_node", explain(ruledOut)).toJSON() };
	}

	/** A node of this hub that costs less than that. */
	async below(request: AssignRequest, cost: Cost): Promise<Answer> {
		const answer = await this.#here(request, (own) => own < cost);
		// Whoever has a node elsewhere does not wait for one here.
		if (!answer.assigned && cost === NO_COST) this.#wait(request.room);
		return answer;
	}

	/** A node takes rooms that took none before: those that wait, to be told. */
	arrived(): string[] {
		this.#arrivals++;
		const rooms = [...this.#waiting];
		this.#waiting.clear();
		return rooms;
	}

	/** Hubs that had no node a moment ago come last, and only for want of any. */
	#worthAsking(hubs: readonly Hub[], cost: Cost): Hub[] {
		const now = Date.now();
		const empty = (hub: Hub) => (this.#emptyUntil.get(hub) ?? 0) > now;
		const some = hubs.filter((hub) => !empty(hub));
		return cost < NO_COST ? some : [...some, ...hubs.filter(empty)];
	}

	async #ask(hub: Hub, request: AssignRequest, cost: Cost): Promise<Answer | undefined> {
		try {
			const answer = await hubAt(this.#env, hub).assignBelow(request, cost);
			if (answer.nodes === 0) this.#emptyUntil.set(hub, Date.now() + EMPTY_MS);
			else this.#emptyUntil.delete(hub);
			return answer;
		} catch (error) {
			// The others can still be asked.
			console.error({ event: "hub not reached", hub, error: String(error) });
			return undefined;
		}
	}

	#wait(room: string): void {
		if (this.#waiting.size < MOST_WAITING) this.#waiting.add(room);
	}

	/** The best node of this hub, if its cost will do. */
	async #here(request: AssignRequest, willDo: (cost: Cost) => boolean): Promise<Answer & { cost: Cost }> {
		const { room, epoch, jti, origin: edge } = request;
		const failed = new Set<string>();
		for (;;) {
			const { node: chosen, cost, ruledOut } = place(this.#candidates(failed), request);
			const answer = { nodes: this.#seats.count, ruledOut, cost };
			if (!chosen || !willDo(cost)) return answer;
			const { seat, id: node, region } = chosen;
			// Counted before the signature is awaited: other rooms may ask meanwhile.
			seat.pending++;
			if (request.have.includes(node)) return { ...answer, assigned: { node, region, held: true } };
			const token = await mintAssignment(this.#env, { node, room, epoch, jti, edge });
			const current = this.#seats.registered(node) === seat && deadlineOf(seat.row) === undefined;
			if (current && send(seat.ws, { type: "assignment", room, token })) {
				this.#served.add({ node, room, epoch });
				return { ...answer, assigned: { node, region, held: false } };
			}
			failed.add(node);
		}
	}

	/** Registered nodes as placement sees them. */
	*#candidates(failed: ReadonlySet<string>): Generator<Candidate & { seat: RegisteredSeat }> {
		const now = Date.now();
		for (const seat of this.#seats.all()) {
			const { id, region, maxEndpoints } = seat.row;
			if (failed.has(id)) continue;
			yield {
				...{
					seat,
					id,
					region,
					maxEndpoints,
					place: seat.grant.place,
					point: seat.point,
					load: seat.load,
					pending: seat.pending,
				},
				draining: deadlineOf(seat.row) !== undefined,
				silent: this.#seats.silent(seat, now),
				shaky: this.#isShaky(id),
			};
		}
	}
}
