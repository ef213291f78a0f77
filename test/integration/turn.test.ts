import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { isDenied } from "../../media-node/turn/peers.ts";
import { isPortFree } from "../../media-node/turn/port-free.ts";
import type { MediaNodeProcess } from "../../scripts/lib/media-node.ts";
import { turnCredential } from "../../worker/ice/credentials.ts";
import { Stack } from "../support/stack.ts";
import { iceServers, ownAddress, turnEnv, turnKnown, turnOf } from "../support/turn.ts";
import { TurnClient, type TurnRefusal } from "../support/turn-client.ts";

const address = ownAddress();
const opened: { close(): unknown }[] = [];

afterEach(async () => {
	for (const it of opened.splice(0)) await it.close();
});

async function dial(of: Awaited<ReturnType<typeof iceServers>>, change: object = {}): Promise<TurnClient> {
	const { server, ...credential } = turnOf(of);
	const client = await TurnClient.dial(server, { ...credential, ...change });
	opened.push(client);
	return client;
}

/** The code with which something is refused. */
const codeOf = (refused: Promise<unknown>) =>
	refused.then(
		() => "allowed",
		(error: TurnRefusal) => error.code ?? error,
	);

/** Processes of a node by their name. */
function coturnOf(node: MediaNodeProcess): number | undefined {
	try {
		return Number(execFileSync("pgrep", ["-x", "-P", String(node.process.pid), "turnserver"], { encoding: "utf8" }));
	} catch {
		return undefined;
	}
}

const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("switchyard-turn-"));

describe("coturn beside a node", () => {
	let stack: Stack;

	beforeAll(async () => {
		stack = await Stack.start({ nodeEnv: await turnEnv({ TURN_USER_QUOTA: "3", TURN_SECRET: "shared-secret" }) });
		await turnKnown(stack);
	});
	afterAll(() => stack?.stop());

	const asParticipant = async (identity: string) => iceServers(stack, await stack.tokenFor("standup", identity));

	it("takes everybody in a rush at its begin", async () => {
		const given = await Promise.all(Array.from({ length: 60 }, (_, i) => asParticipant(`rusher ${i}`)));
		const codes = await Promise.all(given.map(async (of) => codeOf((await dial(of)).allocate())));
		expect(codes).toEqual(Array(60).fill("allowed"));
	});

	it("relays for whoever the edge gave a credential", async () => {
		const given = await asParticipant("alice");
		expect(given.expiresAt).toBeGreaterThan(Date.now() + 11 * 3_600_000);
		const client = await dial(given);
		const relay = await client.allocate();
		expect(relay.address).toBe(address);
		const peer = createSocket("udp4").bind(0, address);
		opened.push(peer);
		await once(peer, "listening");
		await client.permit(address);
		client.send(peer.address(), "there");
		const [data, from] = (await once(peer, "message")) as [Buffer, { address: string; port: number }];
		expect([data.toString(), from]).toMatchObject(["there", relay]);
		peer.send("and back", relay.port, relay.address);
		await vi.waitFor(() => expect(client.received).toEqual([{ from: peer.address(), data: "and back" }].map(plain)));
	});

	const plain = ({ from, data }: { from: { address: string; port: number }; data: string }) => ({
		from: { address: from.address, port: from.port },
		data,
	});

	it("refuses credentials that are wrong, over, or of another secret", async () => {
		const given = await asParticipant("bob");
		const { username } = turnOf(given);
		const [, user = ""] = username.split(":");
		const now = Math.floor(Date.now() / 1_000);
		expect(await codeOf((await dial(given, { credential: "wrong" })).allocate())).toBe(401);
		expect(await codeOf((await dial(given, { username: `${now + 99_999}:${user}` })).allocate())).toBe(401);
		const secret = "shared-secret";
		expect(await codeOf((await dial(given, await turnCredential("another", user, now + 60))).allocate())).toBe(401);
		expect(await codeOf((await dial(given, await turnCredential(secret, user, now - 1))).allocate())).toBe(401);
		// The same with the secret of its own, which is as good as the edge's.
		expect(await codeOf((await dial(given, await turnCredential(secret, user, now + 60))).allocate())).toBe("allowed");
	});

	it.each([
		...["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.1.2.3", "169.254.169.254", "172.16.0.1", "192.168.0.1"],
		...["198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
	])("does not relay to %s", async (peer) => {
		const client = await dial(await asParticipant(`to ${peer}`));
		await client.allocate();
		expect(await codeOf(client.permit(peer))).toBe(403);
	});

	it("relays to everybody's addresses", async () => {
		const client = await dial(await asParticipant("carol"));
		await client.allocate();
		expect(await codeOf(client.permit("8.8.8.8"))).toBe("allowed");
	});

	it("counts each participant's allocations, whatever credential they show", async () => {
		const allocate = async (identity: string) => codeOf((await dial(await asParticipant(identity))).allocate());
		const codes = [];
		for (let i = 0; i < 4; i++) codes.push(await allocate("dave"));
		expect(codes).toEqual(["allowed", "allowed", "allowed", 486]);
		expect(await allocate("erin")).toBe("allowed");
	});

	it("is in the node's health and metrics", async () => {
		const [node] = stack.nodes;
		expect(await (await fetch(`${node?.http}/health`)).json()).toMatchObject({ turn: true });
		const metrics = await (await fetch(`${node?.http}/metrics`)).text();
		expect(metrics).toContain("\nswitchyard_turn_up 1\n");
		expect(metrics).toContain("\nswitchyard_turn_restarts_total 0\n");
	});

	it("that dies is started again, and the same credential is good for it", async () => {
		const node = stack.nodes[0] ?? expect.fail();
		const given = await asParticipant("frank");
		const before = coturnOf(node) ?? expect.fail("no coturn");
		process.kill(before, "SIGKILL");
		await vi.waitFor(() => expect([undefined, before]).not.toContain(coturnOf(node)), { timeout: 20_000 });
		const up = async () => {
			expect(await (await fetch(`${node.http}/metrics`)).text()).toContain("\nswitchyard_turn_up 1\n");
		};
		await vi.waitFor(up, { timeout: 20_000 });
		expect(await codeOf((await dial(given)).allocate())).toBe("allowed");
	});
});

describe("a node with a TURN server", () => {
	let stack: Stack;

	beforeAll(async () => {
		stack = await Stack.start({ nodes: 0 });
	});
	afterAll(() => stack?.stop());

	it.runIf(isDenied(address))("does not relay to its own private address unless that is named", async () => {
		const node = await stack.addNode("strict", await turnEnv({ TURN_ALLOWED_PEERS: "" }));
		await turnKnown(stack);
		const client = await dial(await iceServers(stack));
		await client.allocate();
		expect(await codeOf(client.permit(address))).toBe(403);
		await node.stop();
	});

	it("takes coturn and its configuration along when it stops", async () => {
		const before = folders();
		const env = await turnEnv();
		const node = await stack.addNode("orderly", env);
		await turnKnown(stack);
		expect(folders()).toHaveLength(before.length + 1);
		expect(await isPortFree(Number(env.TURN_PORT), "0.0.0.0")).toBe(false);
		await node.stop();
		expect(folders()).toEqual(before);
		await vi.waitFor(async () => expect(await isPortFree(Number(env.TURN_PORT), "0.0.0.0")).toBe(true));
	});

	it("takes coturn along when it is killed, and leaves no secret", async () => {
		const before = folders();
		const env = await turnEnv();
		const node = await stack.addNode("killed", env);
		await turnKnown(stack);
		await node.kill("SIGKILL");
		await vi.waitFor(async () => expect(await isPortFree(Number(env.TURN_PORT), "0.0.0.0")).toBe(true));
		const left = folders().filter((name) => !before.includes(name));
		expect(left).toHaveLength(1);
		for (const name of left) {
			expect(readdirSync(join(tmpdir(), name))).not.toContain("turnserver.conf");
			rmSync(join(tmpdir(), name), { recursive: true });
		}
	});

	it("waits for its port when another process has it", async () => {
		const env = await turnEnv();
		const other = createSocket("udp4").bind(Number(env.TURN_PORT));
		await once(other, "listening");
		const node = await stack.addNode("patient", { ...env, LOG_LEVEL: "silent" });
		await vi.waitFor(
			async () => expect(await (await fetch(`${node.http}/metrics`)).text()).toMatch(/turn_restarts_total [1-9]/),
			{ timeout: 10_000 },
		);
		expect(coturnOf(node)).toBeUndefined();
		other.close();
		await turnKnown(stack);
		await node.stop();
	});

	it("that has no coturn does not start, and says what to install", async () => {
		const start = stack.addNode("bare", await turnEnv({ TURNSERVER_BIN: "/nowhere/turnserver" }));
		await expect(start).rejects.toThrow(
			/ended \(1\) .*: TURN_ENABLED: there is no .*turnserver.*apt-get install .*coturn/s,
		);
	});
});
