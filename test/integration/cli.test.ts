/** The CLI as a user starts it, against a real edge and node. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Report } from "../../cli/load/report.ts";
import { Bot } from "../support/bot/bot.ts";
import { Stack } from "../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
	stack = await Stack.start();
});
afterAll(() => stack?.stop());

interface Result {
	code: number;
	stdout: string;
	stderr: string;
}

function switchyard(line: string, key = stack.authKey): Promise<Result> {
	const env = { ...process.env, SWITCHYARD_URL: stack.url, AUTH_KEY: key };
	return new Promise((resolve) => {
		execFile(process.execPath, ["cli/switchyard.mjs", ...line.split(" ")], { env }, (error, stdout, stderr) => {
			resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
		});
	});
}

async function json<T>(line: string): Promise<T> {
	const { code, stdout, stderr } = await switchyard(`${line} --json`);
	expect({ line, code, said: code === 0 ? "" : stderr + stdout }).toEqual({ line, code: 0, said: "" });
	return JSON.parse(stdout) as T;
}

describe("switchyard", () => {
	it("mints tokens that let their rights in", async () => {
		const { token } = await json<{ token: string }>("token tokens ada --name Ada --rights audio,subscribe");
		const ada = await Bot.join(stack.url, "tokens", "ada", token);
		const [participant] = await json<Record<string, unknown>[]>("room participants tokens");
		expect(participant).toMatchObject({ id: "ada", name: "Ada", rights: { publish: ["audio"], send: false } });
		ada.destroy();
	});

	it("creates, lists, shows and deletes rooms", async () => {
		const room = `blue-${randomUUID()}`;
		expect(await json(`room create ${room} --max-participants 5`)).toMatchObject({ settings: { maxParticipants: 5 } });
		expect(await json<{ name: string }[]>("room list")).toContainEqual(expect.objectContaining({ name: room }));
		expect((await switchyard(`room show ${room}`)).stdout).toMatch(/maxParticipants +5/);
		await json(`room delete ${room}`);
		const gone = await switchyard(`room show ${room}`);
		expect(gone).toMatchObject({ code: 1, stdout: "" });
		expect(gone.stderr).toContain("switchyard: ");
	});

	it("mutes, moves and removes participants", async () => {
		const [ada, bo] = await Promise.all(
			["ada", "bo"].map(async (id) => Bot.join(stack.url, "acts", id, await stack.tokenFor("acts", id))),
		);
		if (!ada || !bo) throw new Error("nobody joined");
		await ada.publish({ video: false });
		const muted = ada.signal.event("trackUpdated");
		await json("room mute acts ada");
		expect((await muted).muted).toBe(true);
		const [moved, removed] = [ada.signal.event("moved"), bo.signal.event("removed")];
		await json("room move acts ada elsewhere");
		expect((await moved).room).toBe("elsewhere");
		await json("room remove acts bo --reason enough");
		expect((await removed).reason).toBe("enough");
		for (const bot of [ada, bo]) bot.destroy();
	});

	it("lists nodes with their load", async () => {
		expect(await json("node list")).toMatchObject([{ id: "node-1", state: "ready", load: { workers: 1 } }]);
		expect((await switchyard("node list")).stdout).toMatch(/^ID +REGION +STATE +CPU[^\n]+\nnode-1 +local +ready/);
	});

	it("drains a node under load, and takes it back", async () => {
		const second = await stack.addNode(`node-${randomUUID()}`);
		onTestFinished(() => second.stop());
		const load = json<Report>("load --rooms 4 --seconds 8");
		// What fails before it is waited for is what the test fails of.
		load.catch(() => {});
		const nodes = () => json<{ id: string; load: { endpoints: number } }[]>("node list");
		const { id } = await vi.waitFor(async () => {
			const busy = (await nodes()).find(({ load }) => load.endpoints > 0);
			if (!busy) throw new Error("nobody is served yet");
			return busy;
		}, 30_000);
		onTestFinished(async () => void (await stack.rest(`/v1/nodes/${id}/drain`, { method: "DELETE" })));
		const { code, stdout } = await switchyard(`node drain ${id} --deadline 6 --wait`);
		expect({ code, stdout }).toEqual({ code: 0, stdout: `${id} is empty\n` });
		expect(await nodes()).toContainEqual(expect.objectContaining({ id, state: "draining" }));
		await json(`node undrain ${id}`);
		expect(await nodes()).toContainEqual(expect.objectContaining({ id, state: "ready" }));
		expect(await load).toMatchObject({ joins: { failed: 0 }, firstPacket: { missing: 0 } });
	});

	it("says what to do about a wrong key, and about an edge that is not there", async () => {
		const refused = await switchyard("node list", "d3Jvbmc=");
		expect(refused.code).toBe(1);
		expect(refused.stderr).toContain("AUTH_KEY");
		const away = await switchyard("node list --url http://127.0.0.1:9");
		expect(away.code).toBe(1);
		expect(away.stderr).toContain("npm start");
	});

	it("loads a room, tells how that went, and leaves nothing behind", async () => {
		const report = await json<Report>("load --seconds 3");
		expect(report.joins).toMatchObject({ ok: 3, failed: 0 });
		expect(report.firstPacket.missing).toBe(0);
		expect(report.firstPacket.ms.p50).toBeGreaterThan(0);
		// Two watchers of 50 and 30 packets a second.
		expect(report.packets.received).toBeGreaterThan(0.8 * 2 * 3 * 80);
		expect(report.packets.received).toBeLessThan(1.2 * 2 * 3 * 80);
		expect(report.packets.lost).toBeLessThan(10);
		expect(report.gaps.ms.max).toBeGreaterThan(0);
		expect(report.process.cpu).toBeGreaterThan(0);
		const rooms = await json<{ name: string }[]>("room list");
		expect(rooms.filter(({ name }) => name.startsWith("load-"))).toEqual([]);
	});
});
