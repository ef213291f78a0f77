import { describe, expect, it, vi } from "vitest";
import { Notices } from "../../worker/fleet/notices.ts";
import type { RoomNotices } from "../../worker/fleet/rpc.ts";
import type { Service } from "../../worker/fleet/served.ts";

/** What storage keeps of the rooms of node `n`. */
class Memo {
	readonly rows: (Service & { told?: number; gone: boolean })[];

	constructor(rooms: number, gone = false) {
		this.rows = Array.from({ length: rooms }, (_, i) => ({ node: "n", room: `r${i}`, epoch: 1, gone }));
	}

	ofGone(limit: number): Service[] {
		return this.rows.filter(({ gone }) => gone).slice(0, limit);
	}

	forgetGone(): void {}

	remove({ room }: Service): boolean {
		this.rows.splice(
			this.rows.findIndex((row) => row.room === room),
			1,
		);
		return true;
	}

	untold(_node: string, deadline: number | undefined, limit: number): Service[] {
		return this.rows.filter(({ told, gone }) => !gone && told !== deadline).slice(0, limit);
	}

	tell({ room }: Service, deadline: number | undefined): void {
		for (const row of this.rows) if (row.room === room) row.told = deadline;
	}
}

/** Rooms that answer when they are let. */
function slowRooms() {
	const held: (() => void)[] = [];
	const answer = () => new Promise<void>((resolve) => held.push(resolve));
	const room = {
		nodeAvailable: vi.fn(answer),
		nodeFailed: vi.fn(answer),
		nodeDraining: vi.fn(answer),
		nodeStays: vi.fn(answer),
	} satisfies RoomNotices;
	const release = () => {
		for (const resolve of held.splice(0)) resolve();
	};
	return { room, held, release };
}

describe("a drain", () => {
	it("is told to ten rooms at a time, to the next when those have answered", async () => {
		const { room, held, release } = slowRooms();
		const memo = new Memo(25);
		const telling = new Notices(
			memo,
			() => room,
			() => 99,
		).tellDraining("n");
		for (const calls of [10, 10, 5]) {
			await vi.waitFor(() => expect(held).toHaveLength(calls));
			release();
		}
		expect(await telling).toBe(false);
		expect(room.nodeDraining).toHaveBeenCalledTimes(25);
		expect(memo.rows.every(({ told }) => told === 99)).toBe(true);
	});

	it("called off in the middle only concerns the rooms that were told", async () => {
		const { room, held, release } = slowRooms();
		let deadline: number | undefined = 99;
		const notices = new Notices(
			new Memo(25),
			() => room,
			() => deadline,
		);
		const telling = notices.tellDraining("n");
		await vi.waitFor(() => expect(held).toHaveLength(10));
		deadline = undefined;
		// The one that is at it goes on with this.
		expect(await notices.tellDraining("n")).toBe(false);
		release();
		await vi.waitFor(() => expect(held).toHaveLength(10));
		release();
		await telling;
		expect(room.nodeDraining).toHaveBeenCalledTimes(10);
		expect(room.nodeStays).toHaveBeenCalledTimes(10);
	});

	it("goes on when a room cannot be told", async () => {
		const { room } = slowRooms();
		room.nodeDraining.mockRejectedValue(new Error("no"));
		vi.spyOn(console, "error").mockImplementation(() => {});
		const notices = new Notices(
			new Memo(25),
			() => room,
			() => 99,
		);
		expect(await notices.tellDraining("n")).toBe(false);
		expect(room.nodeDraining).toHaveBeenCalledTimes(25);
	});
});

describe("a node's end", () => {
	it("is told to fifty rooms at once at most, and as many as one event may call", async () => {
		const memo = new Memo(1_000, true);
		let [now, most] = [0, 0];
		const nodeFailed = async () => {
			most = Math.max(most, ++now);
			await Promise.resolve();
			now--;
		};
		const notices = new Notices(
			memo,
			() => ({ ...slowRooms().room, nodeFailed }),
			() => undefined,
		);
		expect(await notices.tellFailed()).toBe(true);
		expect(most).toBe(50);
		expect(memo.rows).toHaveLength(200);
		expect(await notices.tellFailed()).toBe(false);
		expect(memo.rows).toEqual([]);
	});

	it("does not wait for the rooms of another that are being told already", async () => {
		const { room, held, release } = slowRooms();
		const memo = new Memo(3, true);
		const notices = new Notices(
			memo,
			() => room,
			() => undefined,
		);
		const telling = notices.tellFailed();
		await vi.waitFor(() => expect(held).toHaveLength(3));
		memo.rows.push({ node: "m", room: "of m", epoch: 1, gone: true });
		expect(await notices.tellFailed()).toBe(false);
		// The first of them answers; a fourth is told with the others still at it.
		held.shift()?.();
		await vi.waitFor(() => expect(room.nodeFailed).toHaveBeenCalledTimes(4));
		release();
		expect(await telling).toBe(false);
		expect(memo.rows).toEqual([]);
	});

	it("is told once in a go to a room that cannot be told", async () => {
		const { room } = slowRooms();
		room.nodeFailed.mockRejectedValue(new Error("no"));
		vi.spyOn(console, "error").mockImplementation(() => {});
		const notices = new Notices(
			new Memo(3, true),
			() => room,
			() => undefined,
		);
		expect(await notices.tellFailed()).toBe(true);
		expect(room.nodeFailed).toHaveBeenCalledTimes(3);
	});
});
