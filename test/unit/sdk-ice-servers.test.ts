import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { IceServerList } from "../../client/sdk/ice-servers.ts";
import type { IceServers } from "../../client/sdk/wire.ts";

const TURN = [{ urls: ["turn:turn.example.org"], username: "u", credential: "c" }];
const STUN = [{ urls: ["stun:stun.example.org"] }];
const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

const ask = vi.fn<() => Promise<IceServers>>();
let list: IceServerList;

beforeEach(() => {
	vi.useFakeTimers({ now: NOW });
	vi.spyOn(console, "warn").mockImplementation(() => {});
	ask.mockReset().mockImplementation(async () => ({ iceServers: TURN, expiresAt: Date.now() + HOUR }));
	list = new IceServerList(ask);
});
afterEach(() => {
	list.close();
	vi.useRealTimers();
	vi.restoreAllMocks();
});

it("has the servers that came last", () => {
	list.set({ iceServers: STUN });
	expect([list.servers, list.relays]).toEqual([STUN, false]);
	list.set({ iceServers: [...STUN, ...TURN] });
	expect([list.servers, list.relays]).toEqual([[...STUN, ...TURN], true]);
});

it("asks anew before credentials end, again and again", async () => {
	list.set({ iceServers: TURN, expiresAt: NOW + HOUR });
	await vi.advanceTimersByTimeAsync(0.79 * HOUR);
	expect(ask).toHaveBeenCalledTimes(0);
	await vi.advanceTimersByTimeAsync(0.02 * HOUR);
	expect(ask).toHaveBeenCalledTimes(1);
	await vi.advanceTimersByTimeAsync(0.8 * HOUR);
	expect(ask).toHaveBeenCalledTimes(2);
});

it("tries again a minute after it could not ask, and keeps what it has", async () => {
	list.set({ iceServers: TURN, expiresAt: NOW + HOUR });
	ask.mockRejectedValueOnce(new Error("away"));
	await vi.advanceTimersByTimeAsync(0.8 * HOUR);
	expect(list.servers).toEqual(TURN);
	await vi.advanceTimersByTimeAsync(59_000);
	expect(ask).toHaveBeenCalledTimes(1);
	await vi.advanceTimersByTimeAsync(1_000);
	expect(ask).toHaveBeenCalledTimes(2);
});

it("asks when a path was lost, if a TURN server may have been, and not for each path", async () => {
	list.set({ iceServers: STUN });
	list.doubt();
	expect(ask).not.toHaveBeenCalled();
	list.set({ iceServers: TURN, expiresAt: NOW + HOUR });
	list.doubt();
	list.doubt();
	expect(ask).toHaveBeenCalledTimes(1);
	await vi.advanceTimersByTimeAsync(6_000);
	list.doubt();
	expect(ask).toHaveBeenCalledTimes(2);
});

it("asks for servers that relay where nothing goes without, unless there are some", async () => {
	list.set({ iceServers: STUN });
	await list.requireRelays();
	expect(list.servers).toEqual(TURN);
	await list.requireRelays();
	expect(ask).toHaveBeenCalledTimes(1);
});

it("does nothing any more once it is closed", async () => {
	list.set({ iceServers: TURN, expiresAt: NOW + HOUR });
	list.close();
	list.set({ iceServers: STUN, expiresAt: NOW + HOUR });
	await vi.advanceTimersByTimeAsync(2 * HOUR);
	expect(ask).not.toHaveBeenCalled();
	expect(list.servers).toEqual(TURN);
});
