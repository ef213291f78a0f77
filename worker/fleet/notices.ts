/**
 * What rooms are told of their nodes. What is still to be said is in storage (served.ts), so that it is said after all
 * when the object's memory is lost in the middle.
 */
import type { RoomNotices } from "./rpc.ts";
import type { Served, Service } from "./served.ts";

/** Rooms told at once that their node is gone: each moves its people, which is work for all others too. */
const FAILED_AT_ONCE = 50;
/** And that it will be. */
const DRAINING_AT_ONCE = 10;
/** Rooms told in one go; the platform allows an event some 1,000 calls. */
const MOST_CALLS = 800;
/** A room that cannot be told for this long is given up, ms: its link has told it. */
const GIVE_UP_MS = 60_000;

type Memo = Pick<Served, "ofGone" | "forgetGone" | "remove" | "untold" | "tell">;

export class Notices {
	readonly #served: Memo;
	readonly #room: (name: string) => RoomNotices;
	readonly #deadlineOf: (node: string) => number | undefined;
	/** Nodes whose rooms are being told of a drain. */
	readonly #telling = new Set<string>();
	#failing = false;

	/** `deadlineOf` is a node's as of now. */
	constructor(served: Memo, room: (name: string) => RoomNotices, deadlineOf: (node: string) => number | undefined) {
		this.#served = served;
		this.#room = room;
		this.#deadlineOf = deadlineOf;
	}

	/** Tells the rooms of nodes that are gone, also of those that go meanwhile. True: some are left, for later. */
	async tellFailed(): Promise<boolean> {
		if (this.#failing) return false;
		this.#failing = true;
		try {
			this.#served.forgetGone(Date.now() - GIVE_UP_MS);
			await bounded(this.#ofGone(), FAILED_AT_ONCE, async (service) => {
				if (await this.#call(service, (room, what) => room.nodeFailed(what))) this.#served.remove(service);
			});
			return this.#served.ofGone(1).length > 0;
		} finally {
			this.#failing = false;
		}
	}

	/** Each that is to be told once, as many as one event may call; none now is not none later. */
	#ofGone(): () => Service | undefined {
		const taken = new Set<string>();
		let batch: Service[] = [];
		return () => {
			if (taken.size >= MOST_CALLS) return undefined;
			const isNew = (service: Service) => !taken.has(keyOf(service));
			if (batch.length === 0) batch = this.#served.ofGone(MOST_CALLS).filter(isNew);
			const next = batch.shift();
			if (next) taken.add(keyOf(next));
			return next;
		};
	}

	/** Tells the node's rooms when to be gone, or that they may stay, a few at a time. True: some are left, for later. */
	async tellDraining(node: string): Promise<boolean> {
		// One that is at it already looks at what holds by then.
		if (this.#telling.has(node)) return false;
		this.#telling.add(node);
		try {
			for (let calls = 0; calls < MOST_CALLS; calls += DRAINING_AT_ONCE) {
				const deadline = this.#deadlineOf(node);
				const batch = this.#served.untold(node, deadline, DRAINING_AT_ONCE);
				if (batch.length === 0) return false;
				await Promise.all(
					batch.map(async (service) => {
						await this.#call(service, (room, what) =>
							deadline === undefined ? room.nodeStays(what) : room.nodeDraining({ ...what, deadline }),
						);
						// Also when the call failed: that room learns of the node's end when it comes.
						this.#served.tell(service, deadline);
					}),
				);
			}
			return true;
		} finally {
			this.#telling.delete(node);
		}
	}

	/** Wakes rooms that wait for a node. */
	async wake(rooms: readonly string[]): Promise<void> {
		const rest = rooms.values();
		await bounded(
			() => rest.next().value,
			FAILED_AT_ONCE,
			async (room) => {
				await this.#room(room)
					.nodeAvailable()
					.catch((error: unknown) => console.error({ event: "room not woken", room, error: String(error) }));
			},
		);
	}

	async #call(
		{ node, room, epoch }: Service,
		call: (room: RoomNotices, what: { node: string; epoch: number }) => Promise<void>,
	): Promise<boolean> {
		try {
			await call(this.#room(room), { node, epoch });
			return true;
		} catch (error) {
			console.error({ event: "room not told of its node", room, node, epoch, error: String(error) });
			return false;
		}
	}
}

function keyOf({ node, room, epoch }: Service): string {
	return JSON.stringify([node, room, epoch]);
}

/** At most so many at a time, each next one when one is done. */
async function bounded<T>(take: () => T | undefined, width: number, work: (item: T) => Promise<void>): Promise<void> {
	const lane = async (): Promise<void> => {
		for (let next = take(); next !== undefined; next = take()) await work(next);
	};
	await Promise.all(Array.from({ length: width }, lane));
}
