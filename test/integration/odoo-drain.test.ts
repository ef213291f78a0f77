/** What a drain and a lost node mean to Odoo sessions, whose clients can only come back: real edge, nodes and media. */
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Bot } from "../support/bot/bot.ts";
import { OdooBot } from "../support/bot/odoo-bot.ts";
import { type OdooChannel, odooChannel } from "../support/odoo.ts";
import { Stack } from "../support/stack.ts";

const SESSIONS = [1, 2, 3];
const TYPES = ["audio", "camera"] as const;
/** How long others may see nothing of somebody: a stock client dials again after 2.5 s at most. */
const GAP_MS = 8_000;

let stack: Stack;
let channels = 0;
let bots: OdooBot[] = [];
beforeAll(async () => {
	stack = await Stack.start({ nodes: 2 });
});
afterAll(() => stack.stop());
afterEach(() => {
	for (const bot of bots) bot.leave();
});

/** A channel whose sessions all send and get each other's media; the second is muted. */
async function call(): Promise<{ channel: OdooChannel; node: string }> {
	const channel = await odooChannel(stack.url, stack.authKey, `https://odoo.test:channel:${++channels}`);
	bots = SESSIONS.map((session) => new OdooBot(channel.url, channel.uuid, session, channel.tokenFor(session)));
	await Promise.all(bots.map((bot) => bot.connected()));
	await Promise.all(bots.map((bot) => bot.upload({ packetsPerSecond: 15 })));
	bots[1]?.tell("C_INFO_CHANGE", { info: { isSelfMuted: true } });
	await getMedia();
	const [node = ""] = await nodesOf(channel);
	return { channel, node };
}

async function nodesOf({ uuid }: OdooChannel): Promise<string[]> {
	const { nodes } = (await (await stack.rest(`/v1/rooms/${uuid}`)).json()) as { nodes: { id: string }[] };
	return nodes.map(({ id }) => id);
}

function streams(bot: OdooBot): number[] {
	const others = bots.filter((other) => other !== bot);
	return others.flatMap(({ session }) => TYPES.map((type) => bot.packets(session, type)));
}

/** More of everything that each gets. */
async function getMedia(): Promise<void> {
	const before = bots.map(streams);
	await Promise.all(
		bots.map((bot, i) => bot.until(() => streams(bot).every((count, j) => count >= (before[i]?.[j] ?? 0) + 10))),
	);
}

/** All have come back once: the others have seen a pause, and nothing else. */
async function expectUndisturbed(muted: OdooBot): Promise<void> {
	await Promise.all(bots.map((bot) => bot.until(() => bot.codes.length > 0)));
	await Promise.all(bots.map((bot) => bot.connected()));
	await Promise.all(bots.map((bot) => bot.until(() => bot.taken.length === 2 * TYPES.length * (SESSIONS.length - 1))));
	await getMedia();
	for (const bot of bots) {
		expect(bot.codes).toEqual([1011]);
		expect(bot.told.map(({ name }) => name)).not.toContain("SESSION_LEAVE");
		const gaps = [...bot.received.values()].map(({ longestGap }) => longestGap);
		expect(gaps).toHaveLength(TYPES.length * (SESSIONS.length - 1));
		expect(Math.max(...gaps)).toBeLessThan(GAP_MS);
		if (bot === muted) continue;
		bot.infos[muted.session] = {};
		bot.tell("C_INFO_CHANGE", { info: {}, needRefresh: true });
		await bot.until(() => bot.infos[muted.session]?.isCameraOn === true);
		expect(bot.infos[muted.session]).toEqual({ isSelfMuted: true, isCameraOn: true });
	}
}

it("a drain with time leaves a call where it is, and the node is free when the call is over", async () => {
	const { channel, node } = await call();
	const native = await Bot.join(stack.url, channel.uuid, "native", await stack.tokenFor(channel.uuid, "native"));
	expect(native.node).toBe(node);
	await stack.rest(`/v1/nodes/${node}/drain`, { method: "POST", body: JSON.stringify({ deadlineSeconds: 300 }) });
	// Those whom it costs nothing move at once.
	await native.media.until(() => native.node !== node);
	await getMedia();
	expect(bots.flatMap(({ codes }) => codes)).toEqual([]);
	for (const bot of bots) bot.leave();
	await expect.poll(() => nodesOf(channel), { timeout: 20_000 }).toEqual([native.node]);
	native.destroy();
	await stack.rest(`/v1/nodes/${node}/drain`, { method: "DELETE" });
});

it("a drain that ends soon moves a call: muted stays muted, and nobody sees more than a pause", async () => {
	const { channel, node } = await call();
	await stack.rest(`/v1/nodes/${node}/drain`, { method: "POST", body: JSON.stringify({ deadlineSeconds: 17 }) });
	await expectUndisturbed(bots[1] as OdooBot);
	await expect.poll(() => nodesOf(channel), { timeout: 20_000 }).not.toContain(node);
	await stack.rest(`/v1/nodes/${node}/drain`, { method: "DELETE" });
});

it("a node that dies moves a call as well", async () => {
	const { channel, node } = await call();
	await stack.nodes.find(({ id }) => id === node)?.kill("SIGKILL");
	await expectUndisturbed(bots[1] as OdooBot);
	expect(await nodesOf(channel)).not.toContain(node);
});
