/** The edge on plain workerd, as `npm run self-hosted` runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { freePort } from "../../scripts/lib/free-port.ts";
import { signOdoo } from "../support/odoo.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const authKey = randomBytes(32).toString("base64");
const dataDir = mkdtempSync(join(tmpdir(), "switchyard-"));
let port: number;
let edge: ChildProcess;

beforeAll(async () => {
	port = await freePort();
	mkdirSync(join(ROOT, "dist/assets"), { recursive: true });
	edge = spawn(process.execPath, ["scripts/self-hosted.ts"], {
		cwd: ROOT,
		stdio: ["ignore", "pipe", "inherit"],
		env: { ...process.env, PORT: String(port), AUTH_KEY: authKey, DATA_DIR: dataDir },
	});
	if (edge.stdout) await once(createInterface(edge.stdout), "line");
	await vi.waitFor(async () => expect(await get("/v1/noop")).toBe('{"result":"ok"}'), { timeout: 20_000 });
});
afterAll(async () => {
	edge.kill("SIGTERM");
	await once(edge, "exit");
	rmSync(dataDir, { recursive: true, force: true });
});

/** From an address of this machine: all of 127.0.0.0/8 are. */
async function get(path: string, localAddress = "127.0.0.1", headers: Record<string, string> = {}): Promise<string> {
	const asked = request({ host: "127.0.0.1", port, path, localAddress, headers }).end();
	const [answer] = (await once(asked, "response")) as [IncomingMessage];
	return text(answer);
}

it("knows the callers of Odoo's API by their sockets, whatever they say of themselves", async () => {
	const token = `jwt ${signOdoo({ iss: "https://odoo.test:channel:1" }, authKey)}`;
	const channelOf = async (address: string, headers: Record<string, string> = {}) =>
		(JSON.parse(await get("/v1/channel", address, { authorization: token, ...headers })) as { uuid: string }).uuid;
	const first = await channelOf("127.0.0.1");
	expect(await channelOf("127.0.0.1", { "cf-connecting-ip": "127.0.0.2" })).toBe(first);
	expect(await channelOf("127.0.0.2", { "cf-connecting-ip": "127.0.0.1" })).not.toBe(first);
	const addresses = async () =>
		(JSON.parse(await get("/v1/stats")) as { remoteAddress: string }[]).map((it) => it.remoteAddress).sort();
	await expect.poll(addresses).toEqual(["127.0.0.1", "127.0.0.2"]);
});
