import { UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { FLEET_SUBPROTOCOL } from "../../shared/fleet.ts";
import { LINK_SUBPROTOCOL } from "../../shared/link.ts";
import { BEARER_PREFIX, type Refusal, SUBPROTOCOL, type Welcome } from "../../shared/native.ts";
import { AUDIENCE, Rights } from "../../shared/tokens.ts";
import { mintAssignment, mintLinkToken, mintParticipantToken, secondsNow } from "../../worker/auth/tokens.ts";
import app from "../../worker/index.ts";
import { GRANT_HEADER } from "../../worker/room/rpc.ts";
import { EDGE, fetchEdge, newRoom, TestClient, testEnv, tokenFor } from "./support/client.ts";
import { TestSocket } from "./support/socket.ts";

const rights = Rights.parse({});

/** How a client is told no: the frame, and the close. */
async function refusal(room: string, protocols: string, headers: Record<string, string> = {}) {
	const response = await fetchEdge(`/v1/rooms/${room}/connect`, {
		headers: { Upgrade: "websocket", ...(protocols && { "Sec-WebSocket-Protocol": protocols }), ...headers },
	});
	expect(response.status).toBe(101);
	if (!response.webSocket) throw new Error("no socket");
	const socket = new TestSocket(response.webSocket);
	const { error } = await socket.take<Refusal>((frame) => (frame as Refusal).type === "refused");
	const closed = await socket.closed;
	expect(closed).toEqual({ code: CLOSE.unauthorized, reason: error.code });
	return { ...error, protocol: response.headers.get("sec-websocket-protocol") };
}

const offer = (token: string) => `${SUBPROTOCOL}, ${BEARER_PREFIX}${token}`;

describe("a client's socket", () => {
	it("is let in with its token as a subprotocol or as a header, and the protocol is confirmed", async () => {
		const room = newRoom();
		const token = await tokenFor(room, "alice");
		const ways: Record<string, string>[] = [
			{ "Sec-WebSocket-Protocol": offer(token) },
			{ "Sec-WebSocket-Protocol": SUBPROTOCOL, Authorization: `Bearer ${token}` },
		];
		for (const headers of ways) {
			const response = await fetchEdge(`/v1/rooms/${room}/connect`, { headers: { Upgrade: "websocket", ...headers } });
			expect(response.status).toBe(101);
			expect(response.headers.get("sec-websocket-protocol")).toBe(SUBPROTOCOL);
			response.webSocket?.accept();
			response.webSocket?.close(1000);
		}
	});

	it.each<[string, string, (room: string) => Promise<string>]>([
		[
			"an expired token",
			"token expired",
			async (room) => (await mintParticipantToken(testEnv, { room, identity: "a", rights, ttl: -60 })).token,
		],
		["a token for another room", "wrong room", () => tokenFor("elsewhere", "alice")],
		[
			"an unsigned token",
			"algorithm not allowed",
			async (room) => new UnsecuredJWT({ aud: AUDIENCE.participant, sub: "a", room, exp: secondsNow() + 60 }).encode(),
		],
		["a token of another kind", "bad signature", (room) => mintLinkToken(testEnv, { room, node: "n", epoch: 1 })],
		["what is no token", "malformed token", async () => "x"],
	])("with %s is told `%s` on the socket, and closed", async (_, message, make) => {
		const room = newRoom();
		expect(await refusal(room, offer(await make(room)))).toEqual({
			code: "unauthorized",
			message,
			protocol: SUBPROTOCOL,
		});
		// It never reached the room.
		const { body } = await fetchEdge(`/v1/rooms/${room}`, {
			headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}` },
		}).then(async (response) => ({ body: (await response.json()) as { error: { code: string } } }));
		expect(body.error.code).toBe("not_found");
	});

	it("without a token, or with another protocol, is refused", async () => {
		const room = newRoom();
		expect(await refusal(room, SUBPROTOCOL)).toMatchObject({ code: "unauthorized" });
		const Authorization = `Bearer ${await tokenFor(room, "alice")}`;
		expect(await refusal(room, "", { Authorization })).toMatchObject({ code: "bad_request", protocol: null });
		expect(await refusal(room, "switchyard.v9", { Authorization })).toMatchObject({
			code: "bad_request",
			protocol: null,
		});
	});

	it("from a page that may not is refused, whatever its token", async () => {
		const room = newRoom();
		const token = await tokenFor(room, "alice");
		const from = async (Origin: string) => {
			const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": offer(token), Origin };
			const request = new Request(`${EDGE}/v1/rooms/${room}/connect`, { headers });
			const response = await app.fetch(request, { ...testEnv, ALLOWED_ORIGINS: "https://app.test" });
			if (!response.webSocket) throw new Error("no socket");
			const socket = new TestSocket(response.webSocket);
			const first = await socket.take<Refusal | Welcome>((frame) => typeof frame === "object");
			return first.type === "refused" ? first.error.code : first.type;
		};
		expect(await from("https://evil.test")).toBe("origin_not_allowed");
		expect(await from("https://app.test")).toBe("welcome");
		expect(await from(EDGE)).toBe("welcome");
	});

	it("cannot bring its own grant", async () => {
		const room = newRoom();
		const grant = {
			kind: "client",
			room,
			claims: { sub: "admin", room, exp: 1, rights: { ...rights, moderate: true } },
		};
		const headers = { [GRANT_HEADER]: encodeURIComponent(JSON.stringify(grant)) };
		expect(await refusal(room, SUBPROTOCOL, headers)).toMatchObject({ code: "unauthorized" });
		const alice = await TestClient.dial(room, await tokenFor(room, "alice"), headers);
		await alice.greeted();
		expect(alice.welcome).toMatchObject({ participant: "alice", rights: { moderate: false } });
	});

	it("gets a session of its own, whose token keeps the session", async () => {
		const room = newRoom();
		const token = await tokenFor(room, "alice");
		const [one, two] = await Promise.all([TestClient.dial(room, token), TestClient.dial(room, token)]);
		await Promise.all([one.greeted(), two.greeted()]);
		expect(one.welcome.session.id).toMatch(/^[\w-]{22}$/);
		expect(one.welcome.session.id).not.toBe(two.welcome.session.id);
		const again = await one.again(room);
		expect(again.welcome).toMatchObject({ participant: "alice", session: { id: one.welcome.session.id } });
		expect(await refusal(newRoom(), offer(one.welcome.session.token))).toMatchObject({ message: "wrong room" });
	});

	it("needs an upgrade: a plain request is told so", async () => {
		for (const path of ["/v1/rooms/r/connect", "/v1/rooms/r/link", "/v1/fleet"]) {
			const response = await fetchEdge(path);
			expect(response.status).toBe(426);
			expect(response.headers.get("upgrade")).toBe("websocket");
			expect(await response.json()).toMatchObject({ error: { code: "upgrade_required" } });
		}
	});
});

describe("a node's socket", () => {
	async function status(path: string, protocol: string, token?: string): Promise<number> {
		const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": protocol };
		const response = await fetchEdge(path, {
			headers: token ? { ...headers, Authorization: `Bearer ${token}` } : headers,
		});
		if (response.status === 101) throw new Error("let in");
		expect(await response.json()).toMatchObject({ error: { code: expect.any(String) } });
		return response.status;
	}

	it("to a room is refused by HTTP without an assignment or with one for another room", async () => {
		const room = newRoom();
		const assignment = { node: "n", room: "elsewhere", epoch: 1, jti: crypto.randomUUID(), edge: "https://edge.test" };
		const path = `/v1/rooms/${room}/link`;
		expect(await status(path, LINK_SUBPROTOCOL)).toBe(401);
		expect(await status(path, LINK_SUBPROTOCOL, "x")).toBe(401);
		expect(await status(path, LINK_SUBPROTOCOL, await tokenFor(room, "alice"))).toBe(401);
		expect(await status(path, LINK_SUBPROTOCOL, await mintAssignment(testEnv, assignment))).toBe(401);
		expect(await status(path, SUBPROTOCOL, await mintAssignment(testEnv, { ...assignment, room }))).toBe(400);
	});

	it("to a room that asked for no such epoch is refused by the room", async () => {
		const room = newRoom();
		const assignment = { node: "n", room, epoch: 7, jti: crypto.randomUUID(), edge: "https://edge.test" };
		expect(await status(`/v1/rooms/${room}/link`, LINK_SUBPROTOCOL, await mintAssignment(testEnv, assignment))).toBe(
			403,
		);
	});

	it("to the fleet is refused by HTTP without a node's token", async () => {
		expect(await status("/v1/fleet", FLEET_SUBPROTOCOL)).toBe(401);
		expect(await status("/v1/fleet", FLEET_SUBPROTOCOL, await tokenFor("r", "alice"))).toBe(401);
		expect(await status("/v1/fleet", FLEET_SUBPROTOCOL, testEnv.AUTH_KEY)).toBe(401);
	});
});
