import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { SwitchyardError } from "../../client/sdk/error.ts";
import { SignalConnection, type SignalHandlers, type SignalOptions } from "../../client/sdk/signal.ts";
import type { WebSocketConstructor } from "../../client/sdk/socket.ts";
import { CLOSE } from "../../shared/close-codes.ts";
import { FakeRoom, person } from "./sdk-fake-room.ts";

let room: FakeRoom;
const open: SignalConnection[] = [];

beforeEach(async () => {
	room = await FakeRoom.start();
});
afterEach(async () => {
	for (const signal of open.splice(0)) signal.abandon(new Error("over") as SwitchyardError);
	await room.stop();
});

/** A connection, and what it told, in order, as short texts. */
function dial(options: Partial<SignalOptions> = {}) {
	const told: string[] = [];
	let changed = () => {};
	const tell = (text: string) => {
		told.push(text);
		changed();
	};
	const errors: SwitchyardError[] = [];
	let listener = () => {};
	const handlers: SignalHandlers = {
		joined: (whole, how) => tell(`joined ${how} ${whole.participants.map(({ id }) => id).join()}`),
		resumed: (whole) => {
			tell(whole ? `whole ${whole.participants.map(({ id }) => id).join()}` : "resumed");
			listener();
		},
		event: (event) => tell(event.type === "message" ? `message ${event.payload}` : event.type),
		news: (news) => tell(news.type),
		reconnecting: () => tell("reconnecting"),
		closed: (reason, code, error) => {
			errors.push(error);
			tell(`closed ${reason} ${code}`);
		},
	};
	const signal = new SignalConnection(
		{
			url: room.url,
			room: "demo",
			token: () => "participant-token",
			join: () => ({}),
			WebSocket: WebSocket as unknown as WebSocketConstructor,
			random: () => 0,
			...options,
		},
		handlers,
	);
	open.push(signal);
	signal.start();
	/** Resolves when that was told. */
	const heard = async (text: string, count = 1): Promise<void> => {
		while (told.filter((one) => one.startsWith(text)).length < count) {
			await new Promise<void>((resolve) => {
				changed = resolve;
			});
		}
	};
	const onResumed = (work: () => void) => {
		listener = work;
	};
	return { signal, told, heard, errors, onResumed };
}

async function joined(options: Partial<SignalOptions> = {}) {
	const client = dial(options);
	await client.heard("joined first");
	return client;
}

describe("entering a room", () => {
	it("names the room in the path and brings the token as a subprotocol", async () => {
		await joined({ room: "a room~1" });
		expect(room.connections).toEqual([{ token: "participant-token", path: "/v1/rooms/a%20room~1/connect" }]);
	});

	it("joins once it is welcomed, and tells who is there", async () => {
		room.participants = [person("me"), person("bob")];
		const { told } = await joined({ join: async () => ({ name: "Me", subscribe: "none" }) });
		expect(told).toEqual(["joined first me,bob"]);
		expect(room.requests).toMatchObject([{ type: "join", name: "Me", subscribe: "none" }]);
	});

	it("gives up at once when the token will not do", async () => {
		room.greet = () => CLOSE.unauthorized;
		const { heard, errors } = dial();
		await heard(`closed unauthorized ${CLOSE.unauthorized}`);
		expect(room.connections).toHaveLength(1);
		expect(errors[0]?.code).toBe("closed");
	});

	it("gives up at once when joining is refused, with the room's own code", async () => {
		room.answer = ({ id }) => ({ type: "error", re: id, error: { code: "room_full", message: "full" } });
		const { heard, errors } = dial();
		await heard("closed refused");
		expect(errors[0]?.code).toBe("room_full");
	});

	it("tries again while the service cannot be reached, and then says so", async () => {
		room.greet = () => CLOSE.internal;
		const { heard, errors } = dial({ times: { firstConnect: 100 } });
		await heard("closed lost");
		expect(room.connections.length).toBeGreaterThan(1);
		expect(errors[0]?.code).toBe("unreachable");
	});
});

describe("requests", () => {
	it("resolve when the room did them, and reject with its code when it refused", async () => {
		const { signal } = await joined();
		await expect(signal.request("message", { payload: 1 })).resolves.toMatchObject({ type: "ok" });
		room.answer = ({ id }) => ({ type: "error", re: id, error: { code: "forbidden", message: "no" } });
		await expect(signal.request("message", { payload: 2 })).rejects.toMatchObject({ code: "forbidden" });
	});

	it("are sent in order, with ids that grow", async () => {
		const { signal } = await joined();
		await Promise.all([1, 2, 3].map((payload) => signal.request("message", { payload })));
		const sent = await room.got("message", 3);
		expect(sent.map((frame) => frame.type === "message" && frame.payload)).toEqual([1, 2, 3]);
		const ids = room.requests.map(({ id }) => id);
		expect(ids).toEqual([...ids].sort((a, b) => a - b));
		expect(new Set(ids).size).toBe(ids.length);
	});

	it("that were not answered are sent again with their ids, in order, after resuming", async () => {
		const { signal, heard } = await joined();
		room.answer = () => undefined;
		const asked = [1, 2].map((payload) => signal.request("message", { payload }));
		await room.got("message", 2);
		room.drop();
		await heard("reconnecting");
		asked.push(signal.request("message", { payload: 3 }));
		room.answer = (frame) => room.usual(frame);
		await Promise.all(asked);
		const sent = room.requests.flatMap((frame) => (frame.type === "message" ? [[frame.id, frame.payload]] : []));
		const [one, two] = sent;
		expect(sent.slice(2)).toEqual([one, two, [expect.any(Number), 3]]);
		expect(room.requests.findIndex(({ type }) => type === "resume")).toBeLessThan(
			room.requests.findLastIndex(({ id }) => id === one?.[0]),
		);
	});

	it.each(["replayed", "resumed"] as const)(
		"go before what is asked as soon as it is %s, since the room does nothing twice",
		async (how) => {
			const { signal, heard, onResumed } = await joined();
			onResumed(() => void signal.request("message", { payload: "new" }));
			room.answer = () => undefined;
			const kept = signal.request("message", { payload: "kept" });
			await room.got("message");
			room.drop();
			await heard("reconnecting");
			room.answer = (frame) =>
				frame.type === "resume" && how === "resumed"
					? { type: "resumed", re: frame.id, ...room.snapshot() }
					: room.usual(frame);
			await kept;
			const sent = await room.got("message", 3);
			expect(sent.map((frame) => frame.type === "message" && frame.payload)).toEqual(["kept", "kept", "new"]);
		},
	);

	it("are refused here when they are larger than the room takes, or too many wait", async () => {
		room.maxMessageBytes = 1_000;
		const { signal } = await joined();
		await expect(signal.request("message", { payload: "é".repeat(500) })).rejects.toMatchObject({ code: "too_large" });
		room.answer = () => undefined;
		const waiting = Array.from({ length: 200 }, () => signal.request("message", { payload: 1 }));
		for (const one of waiting) one.catch(() => {});
		await expect(signal.request("message", { payload: 1 })).rejects.toMatchObject({ code: "busy" });
	});

	it("reject when the room is closed before an answer came, and after", async () => {
		const { signal } = await joined();
		room.answer = () => undefined;
		const asked = signal.request("message", { payload: 1 });
		await room.got("message");
		room.socket?.close(CLOSE.removed);
		await expect(asked).rejects.toMatchObject({ code: "closed" });
		await expect(signal.request("message", { payload: 1 })).rejects.toMatchObject({ code: "closed" });
	});
});

describe("a lost socket", () => {
	it("is replaced at once, and resumed with what was handled last", async () => {
		const { told, heard } = await joined();
		room.message("a", 1);
		await heard("message a");
		room.drop();
		await heard("resumed");
		expect(told).toEqual(["joined first me", "message a", "reconnecting", "resumed"]);
		expect(await room.got("resume")).toMatchObject([
			{ session: "session-token-of-number-1", incarnation: "inc-1", seq: 11 },
		]);
		expect(room.connections[1]?.token).toBe("session-token-of-number-1");
	});

	it("gets what it missed once, even if some of it had come", async () => {
		const { told, heard } = await joined();
		room.message("a", 1);
		await heard("message a");
		room.drop();
		await room.got("resume");
		room.seq = 10;
		room.message("a", 1);
		room.message("b", 2);
		await heard("message b");
		expect(told.filter((text) => text.startsWith("message"))).toEqual(["message a", "message b"]);
	});

	it("gets the whole state from a room that forgot, and no message twice", async () => {
		const { told, heard } = await joined();
		room.message("a", 1);
		await heard("message a");
		room.answer = (frame) =>
			frame.type === "resume" ? { type: "resumed", re: frame.id, ...room.snapshot() } : room.usual(frame);
		room.incarnation = "inc-2";
		room.seq = 0;
		room.participants = [person("me"), person("carol")];
		room.drop();
		await heard("whole me,carol");
		room.message("a", 1);
		room.message("b", 2);
		room.message("another's", 1, "carol");
		await heard("message another's");
		expect(told.slice(2)).toEqual(["reconnecting", "whole me,carol", "message b", "message another's"]);
		room.drop();
		await room.got("resume", 2);
		expect(room.requests.at(-1)).toMatchObject({ incarnation: "inc-2", seq: 3 });
	});

	it("that comes too late joins anew on the same socket; messages are refused and wishes asked again", async () => {
		const { signal, heard } = await joined();
		room.answer = () => undefined;
		const message = signal.request("message", { payload: 1 });
		const update = signal.request("update", { name: "N" });
		await room.got("update");
		room.answer = (frame) =>
			frame.type === "resume"
				? { type: "error", re: frame.id, error: { code: "session_gone", message: "" } }
				: room.usual(frame);
		room.drop();
		await heard("joined anew");
		await expect(message).rejects.toMatchObject({ code: "session_gone" });
		await expect(update).resolves.toMatchObject({ type: "ok" });
		expect(room.connections).toHaveLength(2);
		const [, joinedAnew] = await room.got("join", 2);
		const [, asked] = await room.got("update", 2);
		// A room takes an id below the one of its join for a request that it did before.
		expect(asked?.id).toBeGreaterThan(joinedAnew?.id ?? Number.NaN);
	});

	it("asks for a new token when the session's will not do", async () => {
		let tokens = 0;
		const { heard } = await joined({ token: async () => `token-${++tokens}` });
		room.greet = (token) => (token.startsWith("session-") ? CLOSE.unauthorized : undefined);
		room.drop();
		await heard("joined anew");
		expect(room.connections.map(({ token }) => token)).toEqual(["token-1", "session-token-of-number-1", "token-2"]);
	});

	it("is given up when it did not come back within the grace time and some", async () => {
		room.graceMs = 50;
		const { heard, told } = await joined({ times: { beyondGrace: 50 }, holdsOn: () => false });
		room.greet = () => CLOSE.internal;
		room.drop();
		await heard("closed lost");
		expect(told).toEqual(["joined first me", "reconnecting", `closed lost ${CLOSE.internal}`]);
	});

	it("is not given up, however long it lasts, while media flows", async () => {
		room.graceMs = 10;
		let media = true;
		const { heard, told } = await joined({ times: { beyondGrace: 10 }, holdsOn: () => media });
		room.greet = () => CLOSE.internal;
		room.drop();
		await vi.waitFor(() => expect(room.connections).toHaveLength(3), { timeout: 3_000 });
		expect(told).toEqual(["joined first me", "reconnecting"]);
		media = false;
		await heard("closed lost");
	});

	it("is noticed when no pong comes, long before it would close by itself", async () => {
		room.heartbeatMs = 20;
		const { heard } = await joined({ times: { pong: 30 } });
		await sleep(100);
		expect(room.connections).toHaveLength(1);
		room.pongs = false;
		await heard("reconnecting");
		room.pongs = true;
		await heard("resumed");
	});

	it("is noticed as soon as it is asked for", async () => {
		const { signal, heard } = await joined({ times: { pong: 30 } });
		room.pongs = false;
		signal.check();
		await heard("reconnecting");
	});

	it("is noticed sooner when the network was gone", async () => {
		const { signal, heard } = await joined({ times: { pong: 60_000, pongAnew: 30 } });
		room.pongs = false;
		signal.check();
		signal.check(true);
		await heard("reconnecting");
	});
});

describe("the end", () => {
	it.each([
		["replaced", CLOSE.replaced],
		["removed", CLOSE.removed],
		["roomClosed", CLOSE.roomClosed],
		["resumedElsewhere", CLOSE.resumedElsewhere],
	])("is final when the room says %s", async (reason, code) => {
		const { heard } = await joined();
		room.socket?.close(code);
		await heard(`closed ${reason} ${code}`);
		await sleep(20);
		expect(room.connections).toHaveLength(1);
	});

	it.each([CLOSE.goingAway, CLOSE.internal, CLOSE.slowConsumer, CLOSE.silent])(
		"is none when the code is %i",
		async (code) => {
			const { heard } = await joined();
			room.socket?.close(code);
			await heard("resumed");
		},
	);

	it("is told to the room when it is this side's wish", async () => {
		const { signal, told } = await joined();
		await signal.leave();
		expect(room.requests.at(-1)?.type).toBe("leave");
		expect(told.at(-1)).toBe("closed left 1000");
	});
});

describe("moving to another room", () => {
	it("goes there with the token that came, as somebody new", async () => {
		const { signal, told, heard } = await joined();
		room.event({ type: "moved", room: "other", token: "moved-token" });
		await heard("joined moved");
		expect(told).toEqual(["joined first me", "moved", "reconnecting", "joined moved me"]);
		expect(room.connections[1]).toEqual({ token: "moved-token", path: "/v1/rooms/other/connect" });
		expect(signal.room).toBe("other");
	});
});
