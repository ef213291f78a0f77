import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workerBin } from "mediasoup";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { freePort } from "../../scripts/lib/free-port.ts";
import { CLOSE } from "../../shared/close-codes.ts";
import { ROUTER_CAPABILITIES_ID } from "../../shared/router-capabilities.ts";
import { TestEdge } from "./node-edge.ts";

const MAIN = new URL("../../media-node/main.ts", import.meta.url).pathname;
const NODE = "process-1";

let edge: TestEdge;
let child: ChildProcess;
let output = "";

function start(env: Record<string, string> = {}): void {
	output = "";
	const settings = {
		...{ EDGE_URL: edge.url, NODE_ID: NODE, NODE_TOKEN: "very-secret", NODE_REGION: "eu-1", WORKERS: "1" },
		...{ LISTEN_ADDRESS: "127.0.0.1", ANNOUNCED_ADDRESS: "127.0.0.1", MEDIA_PORT: "0", HTTP_PORT: "0" },
	};
	child = fork(MAIN, { env: { ...process.env, ...settings, ...env }, stdio: ["ignore", "pipe", "pipe", "ipc"] });
	for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
}

async function exit(): Promise<{ code: number | null; ms: number }> {
	const since = performance.now();
	const [code] = (await once(child, "exit")) as [number | null];
	return { code, ms: performance.now() - since };
}

beforeEach(async () => {
	edge = await TestEdge.start();
});

afterEach(async () => {
	child.kill("SIGKILL");
	await edge.stop();
});

it("registers, tells its starter, serves, and at the end of its drain says goodbye to all and exits 0", async () => {
	start({ DRAIN_SECONDS: "1" });
	const told = once(child, "message");
	const register = await edge.register();
	expect(register).toMatchObject({ node: NODE, region: "eu-1", capabilities: ROUTER_CAPABILITIES_ID });
	expect(register.addresses).toEqual(["127.0.0.1"]);
	expect((await told)[0]).toMatchObject({ type: "registered" });
	const link = await edge.assign(NODE, "room");
	const done = exit();
	child.kill("SIGTERM");
	const { deadline } = await edge.fleet.take("draining");
	expect(Math.abs((deadline ?? 0) - Date.now() - 1_000)).toBeLessThan(500);
	expect(await link.closed).toBe(CLOSE.goingAway);
	const { code, ms } = await done;
	expect(code).toBe(0);
	expect(ms).toBeLessThan(3_000);
	expect(output).not.toContain("very-secret");
	expect(output).not.toContain(link.token);
});

it("dials and has the edge's keys while its workers start, and registers when they have", async () => {
	const directory = mkdtempSync(join(tmpdir(), "switchyard-node-"));
	const go = join(directory, "go");
	const worker = join(directory, "worker");
	writeFileSync(
		worker,
		`#!/bin/sh\nwhile ! [ -e ${go} ]; do kill -0 $PPID || exit; sleep 0.02; done\nexec "${workerBin}" "$@"\n`,
		{
			mode: 0o755,
		},
	);
	start({ MEDIASOUP_WORKER_BIN: worker });
	await vi.waitFor(() => expect([edge.fleetSocket?.readyState, edge.keysFetched]).toEqual([WebSocket.OPEN, 1]), 5_000);
	expect(edge.fleet.has("register")).toBe(false);
	writeFileSync(go, "");
	await edge.register();
	await edge.assign(NODE, "room");
	expect(edge.keysFetched).toBe(1);
	rmSync(directory, { recursive: true });
});

it("leaves its compiled modules behind for its next start, though it is killed", async () => {
	const directory = mkdtempSync(join(tmpdir(), "switchyard-node-"));
	start({ NODE_COMPILE_CACHE: directory });
	await edge.register();
	await vi.waitFor(() => expect(readdirSync(directory, { recursive: true }).length).toBeGreaterThan(100), 5_000);
	const done = exit();
	child.kill("SIGKILL");
	await done;
	rmSync(directory, { recursive: true });
});

it("exits on SIGTERM as soon as its last room let go of it", async () => {
	start();
	await edge.register();
	const [first, second] = [await edge.assign(NODE, "first"), await edge.assign(NODE, "second")];
	const done = exit();
	child.kill("SIGTERM");
	await edge.fleet.take("draining");
	first.ws.close(CLOSE.released);
	await first.closed;
	expect(child.exitCode).toBe(null);
	second.ws.close(CLOSE.released);
	const { code, ms } = await done;
	expect(code).toBe(0);
	expect(ms).toBeLessThan(5_000);
});

it("takes nothing while it drains, and goes on when that is called off", async () => {
	start();
	await edge.register();
	const link = await edge.assign(NODE, "here");
	edge.send({ type: "drain", deadline: Date.now() + 60_000, exit: true });
	edge.send({ type: "assignment", room: "new", token: await edge.mint({ node: NODE, room: "new", epoch: 1 }) });
	edge.send({ type: "undrain" });
	await edge.assign(NODE, "later");
	await vi.waitFor(() => expect(output).toContain("this node is draining"));
	link.ws.close(CLOSE.released);
	await link.closed;
	expect(child.exitCode).toBe(null);
});

it("exits when it was drained to exit and serves nothing", async () => {
	start();
	await edge.register();
	const done = exit();
	edge.send({ type: "drain", deadline: Date.now() + 60_000, exit: true });
	expect((await done).code).toBe(0);
});

it("exits at once on a second signal, whatever it serves", async () => {
	start();
	await edge.register();
	await edge.assign(NODE, "room");
	const done = exit();
	child.kill("SIGTERM");
	await edge.fleet.take("draining");
	child.kill("SIGINT");
	const { code, ms } = await done;
	expect(code).toBe(0);
	expect(ms).toBeLessThan(3_000);
});

it("dials again when the fleet's socket drops or falls silent", async () => {
	start();
	await edge.register();
	edge.fleetSocket?.terminate();
	await edge.register();
	edge.answersHeartbeats = false;
	const silentSince = performance.now();
	await edge.fleet.take("register", () => true, 12_000);
	expect(performance.now() - silentSince).toBeGreaterThan(1_000);
});

it("on SIGALRM ends every room that it serves, and goes on", async () => {
	start();
	await edge.register();
	const [first, second] = [await edge.assign(NODE, "first"), await edge.assign(NODE, "second")];
	child.kill("SIGALRM");
	for (const link of [first, second]) {
		await link.take("endRoom");
		link.ws.close(CLOSE.released);
		await link.closed;
	}
	await edge.assign(NODE, "third");
	expect(child.exitCode).toBe(null);
});

it("on SIGALRM asks again on a link that broke, and lets go of a room that does not answer", async () => {
	start();
	await edge.register();
	const link = await edge.assign(NODE, "room");
	child.kill("SIGALRM");
	await link.take("endRoom");
	link.ws.terminate();
	const again = await edge.link("room");
	await again.attach("room", 1);
	await again.take("endRoom");
	expect(await again.closed).toBe(CLOSE.normal);
}, 15_000);

it("on SIGFPE ends every room, then begins anew in the same process and on the same ports", async () => {
	const mediaPort = await freePort();
	start({ MEDIA_PORT: String(mediaPort) });
	const told = once(child, "message");
	const before = await edge.register();
	// It was the system's choice, and whoever watches this node knows no other.
	const [{ http }] = (await told) as [{ http: number }];
	const link = await edge.assign(NODE, "room");
	child.kill("SIGFPE");
	await link.take("endRoom");
	link.ws.close(CLOSE.released);
	await edge.fleet.take("draining");
	const after = await edge.register();
	expect(after).toMatchObject({ node: NODE, region: "eu-1" });
	// Its fleet is to know that it has nothing of what it had.
	expect(after.instance).not.toBe(before.instance);
	const served = await edge.assign(NODE, "room", 2);
	const open = { type: "open" as const, endpoint: "e1", participant: "a", send: true, recv: true, data: false };
	served.command(open);
	const { send } = await served.take("opened");
	expect(send?.iceCandidates.map(({ port }) => port)).toEqual([mediaPort, mediaPort]);
	expect((await fetch(`http://127.0.0.1:${http}/ready`)).status).toBe(200);
	expect(child.exitCode).toBe(null);
	const done = exit();
	child.kill("SIGTERM");
	served.ws.close(CLOSE.released);
	expect((await done).code).toBe(0);
}, 20_000);

it("tells its starter why it cannot start, and exits 1", async () => {
	const taken = new URL(edge.url).port;
	start({ HTTP_PORT: taken });
	const told = once(child, "message");
	const { code } = await exit();
	expect(code).toBe(1);
	expect((await told)[0]).toMatchObject({ type: "failed", reason: expect.stringContaining("EADDRINUSE") });
});

it("on SIGIO logs its rooms, at any log level", async () => {
	start({ LOG_LEVEL: "silent" });
	await edge.register();
	const link = await edge.assign(NODE, "room");
	link.command({ type: "open", endpoint: "e1", participant: "a", send: true, recv: true, data: false });
	await link.take("opened");
	child.kill("SIGIO");
	await vi.waitFor(() => expect(output).toContain("all rooms"), { timeout: 5_000 });
	const lines = output.trim().split("\n");
	expect(lines.map((line) => JSON.parse(line))).toMatchObject([
		{ msg: "room", room: "room", participants: 1, tracks: 0, bitrateIn: { total: 0 } },
		{ msg: "all rooms", rooms: 1, participants: 1, bitrateIn: 0 },
	]);
});

it("exits with an error when another process has its id", async () => {
	start();
	await edge.register();
	const done = exit();
	edge.fleetSocket?.close(CLOSE.nodeReplaced);
	expect((await done).code).toBe(1);
	expect(output).toContain("give each its own NODE_ID");
});

it.each([
	[CLOSE.incompatible, "run the same version"],
	[CLOSE.unauthorized, "NODE_TOKEN"],
])("says what to do when it is refused with %i, and tries again", async (code, advice) => {
	start();
	await edge.fleet.take("register");
	edge.fleetSocket?.close(code);
	await edge.register();
	expect(output).toContain(advice);
});

it("does not start with settings that are wrong, and names each", async () => {
	start({ NODE_ID: "", MEDIA_PORT: "high" });
	expect((await exit()).code).toBe(1);
	expect(output).toContain("NODE_ID");
	expect(output).toContain("MEDIA_PORT");
});
