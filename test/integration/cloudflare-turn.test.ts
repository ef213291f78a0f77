import { afterAll, beforeEach, expect, it, vi } from "vitest";
import type { Welcome } from "../../shared/native.ts";
import { BEARER_PREFIX, SUBPROTOCOL } from "../../shared/native.ts";
import { Stack } from "../support/stack.ts";
import { iceServers } from "../support/turn.ts";

const FIXED = [{ urls: ["stun:stun.example.org"] }];
const TURN = {
	urls: ["turn:turn.cloudflare.com:3478?transport=udp", "turns:turn.cloudflare.com:443?transport=tcp"],
	...{ username: "u", credential: "c" },
};
const OK = () =>
	Response.json(
		{ iceServers: [{ ...TURN, urls: [...TURN.urls, "turn:turn.cloudflare.com:53?transport=udp"] }] },
		{ status: 201 },
	);

/** Cloudflare's service, as the edge in workerd sees it. */
const service = vi.fn<(request: Request) => Promise<Response>>();
let stack: Stack;

/** Nothing is remembered of the one before. */
beforeEach(async () => {
	await stack?.stop();
	service.mockReset().mockImplementation(async () => OK());
	stack = await Stack.start({
		nodes: 0,
		outside: (request) => service(request),
		vars: { TURN_KEY_ID: "key-id", TURN_KEY_API_TOKEN: "api-token", ICE_SERVERS: JSON.stringify(FIXED) },
	});
});
afterAll(() => stack?.stop());

async function connect(identity: string) {
	const url = `${stack.url.replace("http", "ws")}/v1/rooms/standup/connect`;
	const token = await stack.tokenFor("standup", identity);
	const ws = new WebSocket(url, [SUBPROTOCOL, `${BEARER_PREFIX}${token}`]);
	const frames: { type: string }[] = [];
	ws.addEventListener("message", ({ data }) => frames.push(JSON.parse(String(data))));
	const frame = <T>(type: string) =>
		vi.waitFor(() => (frames.find((it) => it.type === type) as T | undefined) ?? expect.fail(`no ${type}`), 5_000);
	return { welcome: await frame<Welcome>("welcome"), frame, frames, close: () => ws.close() };
}

it("is asked once, with the key, and given to everybody beside the fixed servers", async () => {
	const asked = [await iceServers(stack), await iceServers(stack, await stack.tokenFor("standup", "alice"))];
	for (const { iceServers, expiresAt } of asked) {
		expect(iceServers).toEqual([...FIXED, TURN]);
		expect(Math.abs((expiresAt ?? 0) - Date.now() - 43_200_000)).toBeLessThan(60_000);
	}
	expect(service).toHaveBeenCalledTimes(1);
	const [request] = service.mock.calls[0] ?? [];
	expect(request?.url).toBe("https://rtc.live.cloudflare.com/v1/turn/keys/key-id/credentials/generate-ice-servers");
	expect(request?.headers.get("authorization")).toBe("Bearer api-token");
});

it("is not waited for by those who join: they hear of it when it has answered", async () => {
	const { promise, resolve } = Promise.withResolvers<Response>();
	service.mockImplementation(() => promise);
	const alice = await connect("alice");
	expect(alice.welcome.iceServers).toEqual(FIXED);
	await vi.waitFor(() => expect(service).toHaveBeenCalled());
	expect(alice.frames.map(({ type }) => type)).toEqual(["welcome"]);
	resolve(OK());
	expect(await alice.frame("iceServers")).toMatchObject({ iceServers: [...FIXED, TURN] });
	const bob = await connect("bob");
	expect(bob.welcome.iceServers).toEqual([...FIXED, TURN]);
	alice.close();
	bob.close();
});

it.each([
	["fails", async () => new Response("no", { status: 503 })],
	["is not reached", () => Promise.reject(new Error("down"))],
])("that %s leaves everybody what else there is", async (_, answer) => {
	service.mockImplementation(answer);
	const alice = await connect("alice");
	expect(alice.welcome.iceServers).toEqual(FIXED);
	expect(await iceServers(stack)).toEqual({ iceServers: FIXED });
	expect(alice.frames.map(({ type }) => type)).toEqual(["welcome"]);
	alice.close();
});
