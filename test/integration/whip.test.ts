/** An encoder over WHIP among native participants, on real nodes, of which one dies under it. */
import { afterEach, beforeEach, expect, it, onTestFailed } from "vitest";
import { Bot } from "../support/bot/bot.ts";
import { GstreamerPublisher } from "../support/gstreamer.ts";
import { Stack } from "../support/stack.ts";

const soon = { timeout: 20_000, interval: 100 };
const room = "whip";

let stack: Stack;
const encoders: GstreamerPublisher[] = [];
const bots: Bot[] = [];
// Its node is killed, so that each try needs one of its own.
beforeEach(async () => {
	stack = await Stack.start();
});
afterEach(async () => {
	for (const bot of bots.splice(0)) bot.destroy();
	await Promise.all(encoders.splice(0).map((encoder) => encoder.kill()));
	await stack?.stop();
});

async function publish(token: string): Promise<GstreamerPublisher> {
	const encoder = new GstreamerPublisher({ url: `${stack.url}/v1/rooms/${room}/whip`, token }, "vp8");
	encoders.push(encoder);
	onTestFailed(() => console.log(encoder.said));
	await expect.poll(() => encoder.session, soon).toBeDefined();
	return encoder;
}

/** Kinds of which packets of the encoder come, more than there were at the call. */
async function arriving(bot: Bot): Promise<void> {
	const count = () =>
		new Map(
			[...bot.received.values()].flatMap(({ participant, track, kind, packets }) =>
				participant === "encoder" ? [[track, { kind, packets }]] : [],
			),
		);
	const before = count();
	const more = () =>
		[...count()]
			.flatMap(([track, { kind, packets }]) => (packets > (before.get(track)?.packets ?? 0) + 20 ? [kind] : []))
			.sort();
	await expect.poll(more, soon).toEqual(["audio", "video"]);
}

async function participants(): Promise<string[]> {
	const { items } = (await (await stack.rest(`/v1/rooms/${room}/participants`)).json()) as { items: { id: string }[] };
	return items.map(({ id }) => id).sort();
}

it("is received natively; when its node is killed its session is gone, and it comes back by another", async () => {
	const token = await stack.tokenFor(room, "encoder");
	const bot = await Bot.join(stack.url, room, "bot", await stack.tokenFor(room, "bot"));
	bots.push(bot);
	const { session } = await publish(token);
	await arriving(bot);

	const second = await stack.addNode("node-2");
	await second.registered;
	const moved = bot.signal.event("endpoint");
	await stack.nodes[0]?.kill("SIGKILL");
	await moved;
	await expect.poll(participants, soon).toEqual(["bot"]);
	const headers = { Authorization: `Bearer ${token}` };
	const fragment = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n";
	const restarted = await fetch(session ?? "", {
		...{ method: "PATCH", body: fragment },
		headers: { ...headers, "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*" },
	});
	expect(restarted.status).toBe(404);
	expect((await fetch(session ?? "", { method: "DELETE", headers })).status).toBe(404);

	const again = await publish(token);
	expect(again.session).not.toBe(session);
	await arriving(bot);
	expect(bot.node).toBe("node-2");
	await again.stop();
	await expect.poll(participants, soon).toEqual(["bot"]);
});
