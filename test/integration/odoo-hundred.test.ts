/** A full channel of Odoo's on a real edge and a real node: real ICE, DTLS and SRTP for each of its hundred sessions. */
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { OdooBot } from "../support/bot/odoo-bot.ts";
import type { StreamType } from "../support/bot/odoo-connection.ts";
import type { SenderOptions } from "../support/bot/peer.ts";
import { type OdooChannel, odooChannel } from "../support/odoo.ts";
import { Stack } from "../support/stack.ts";

const SESSIONS = 100;
/** Sessions that send: some before the others come, some when all are there. */
const EARLY = 10;
const SENDERS = 20;
/**
 * Sound, and one in four a camera too: 25 streams to 99 others each. With more of them, those who test take as long
 * to accept what they are offered as the protocol lets them, on a machine that does other things as well.
 */
const SLOW: SenderOptions = { packetsPerSecond: 4, audioPacketsPerSecond: 4, bytes: 200 };
const hasCamera = (session: number) => session % 4 === 0;
const streamsOf = (session: number): StreamType[] => (hasCamera(session) ? ["audio", "camera"] : ["audio"]);

let stack: Stack;
let channel: OdooChannel;
const bots: OdooBot[] = [];
beforeAll(async () => {
	stack = await Stack.start();
	channel = await odooChannel(stack.url, stack.authKey, "https://odoo.test:channel:hundred");
});
afterAll(() => stack.stop());
afterEach(() => {
	for (const bot of bots.splice(0)) bot.leave();
});

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

function enter(session: number): OdooBot {
	const bot = new OdooBot(channel.url, channel.uuid, session, channel.tokenFor(session));
	bots.push(bot);
	return bot;
}
const enterAll = (sessions: readonly number[]) => Promise.all(sessions.map((session) => enter(session).connected()));
const uploadAll = (some: readonly OdooBot[]) =>
	Promise.all(some.map((bot) => bot.upload({ ...SLOW, video: hasCamera(bot.session) })));

/** More packets of everything that some send than when it was called. */
async function getsMedia(bot: OdooBot, senders: readonly OdooBot[]): Promise<void> {
	const streams = senders
		.filter((sender) => sender !== bot)
		.flatMap(({ session }) =>
			streamsOf(session).map((type) => ({ session, type, before: bot.packets(session, type) })),
		);
	await bot.until(() => streams.every(({ session, type, before }) => bot.packets(session, type) >= before + 2));
}

it("a hundred sessions get each other's media, hear of who leaves, and are not joined by another", async () => {
	const early = await enterAll(range(1, EARLY));
	await uploadAll(early);
	const others = await enterAll(range(EARLY + 1, SESSIONS));
	const all = [...early, ...others];
	await Promise.all(all.map((bot) => getsMedia(bot, early)));
	const late = others.slice(0, SENDERS - EARLY);
	const senders = [...early, ...late];
	await uploadAll(late);
	await Promise.all(all.map((bot) => getsMedia(bot, senders)));
	for (const bot of all) {
		const wanted = senders
			.filter((sender) => sender !== bot)
			.flatMap(({ session }) => streamsOf(session).map((type) => `${session}/${type}/true`));
		// One that took its time to accept a stream on a busy machine was offered it again.
		const streams = new Set(bot.taken.map(({ sessionId, type, active }) => `${sessionId}/${type}/${active}`));
		expect([...streams].sort()).toEqual(wanted.sort());
		for (const { session } of late) {
			if (session !== bot.session) expect(bot.infos[session]).toEqual(hasCamera(session) ? { isCameraOn: true } : {});
		}
	}

	const refused = enter(SESSIONS + 1);
	await refused.authenticated;
	expect(await refused.closed).toBe(4109);

	const [leaving, ...staying] = all as [OdooBot, ...OdooBot[]];
	leaving.leave();
	const left = (bot: OdooBot) => bot.told.filter(({ name }) => name === "SESSION_LEAVE").map(({ payload }) => payload);
	await Promise.all(staying.map((bot) => bot.until(() => left(bot).length > 0)));
	const instead = await enter(SESSIONS + 1).connected();
	await Promise.all([...staying, instead].map((bot) => getsMedia(bot, senders.slice(1))));
	for (const bot of staying) expect(left(bot)).toEqual([{ sessionId: leaving.session }]);
	expect([...staying, instead].flatMap(({ codes }) => codes)).toEqual([]);
});
