/** The admin page in Chromium, over the real edge and a real node, with bots in a room. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { Bot } from "../support/bot/bot.ts";
import { launchChromium } from "../support/chromium.ts";
import { Stack } from "../support/stack.ts";
import { story } from "../support/story.ts";

const ROOM = "standup";

let stack: Stack;
let browser: Browser;
let page: Page;
const bots: Bot[] = [];
const failures: string[] = [];

async function enter(id: string): Promise<Bot> {
	const bot = await Bot.join(stack.url, ROOM, id, await stack.tokenFor(ROOM, id));
	bots.push(bot);
	await bot.publish();
	return bot;
}

/** Of the node's card. */
const figure = (name: string) => page.locator(`[data-node="node-1"] [data-figure="${name}"] dd`);
const row = (id: string) => page.locator(`[data-participant="${id}"]`);
const toast = (text: string) => page.locator(".toast", { hasText: text }).waitFor();

beforeAll(async () => {
	browser = await launchChromium();
});
afterAll(() => browser?.close());

const step = story({
	async begin() {
		failures.length = 0;
		stack = await Stack.start();
		await enter("ada");
		await enter("bo");
		page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
		page.on("pageerror", (error) => failures.push(error.message));
		await page.goto(`${stack.url}/admin`);
	},
	async end() {
		for (const bot of bots.splice(0)) bot.destroy();
		await Promise.all(browser.contexts().map((context) => context.close()));
		await stack?.stop();
	},
});

describe("the admin page", () => {
	step("shows nothing without a key, and says that a wrong one is wrong", async () => {
		expect(await page.locator(".top, .node").count()).toBe(0);
		await page.fill("#key", "d3Jvbmc=");
		await page.keyboard.press("Enter");
		await page.locator("#key-error", { hasText: "not one of the edge" }).waitFor();
		expect(await page.locator(".top, .node").count()).toBe(0);
		expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
	});

	step("lists the node by region, with figures that move", async () => {
		await page.fill("#key", stack.authKey);
		await page.keyboard.press("Enter");
		await page.locator(".region h2", { hasText: "local" }).waitFor();
		const endpoints = (many: string) =>
			figure("endpoints")
				.filter({ hasText: new RegExp(`^${many}$`) })
				.waitFor();
		await endpoints("2");
		await page
			.locator(".totals dd", { hasText: /[1-9][\d.]* [kM]b\/s/ })
			.first()
			.waitFor();
		const cy = await enter("cy");
		await endpoints("3");
		await cy.leave();
		await endpoints("2");
	});

	step("finds the room, and shows who is in it and where they are served", async () => {
		await page.click("text=Rooms");
		await page.fill("#search", "nothing-like-it");
		await page.locator(".rooms [role=status]", { hasText: "0 rooms found" }).waitFor();
		await page.fill("#search", "STAND");
		await page.locator(".rooms [role=status]", { hasText: "1 room found" }).waitFor();
		await page.keyboard.press("Enter");
		await Promise.all(["ada", "bo"].map((id) => row(id).waitFor()));
		expect(await row("ada").locator(".chip").allTextContents()).toEqual(["Microphone", "Camera"]);
		const served = page.locator('.diagram [data-node="node-1"] [data-person]');
		await page.waitForFunction(() => document.querySelectorAll(".diagram [data-person]").length === 2);
		expect(await served.evaluateAll((all) => all.map((it) => it.getAttribute("data-person")))).toEqual(["ada", "bo"]);
	});

	step("mutes, and the one who is muted hears of it", async () => {
		const muted = bots[0]?.signal.event("trackUpdated");
		await row("ada").getByRole("button", { name: "Mute ada", exact: true }).click();
		expect(await muted).toMatchObject({ participant: "ada", muted: true });
		await toast("Muted 2 tracks of ada");
		await row("ada").locator(".chip.muted", { hasText: "Microphone, muted" }).waitFor();
		expect(await row("ada").getByRole("button", { name: "Mute ada", exact: true }).isDisabled()).toBe(true);
	});

	step("moves and removes once that is confirmed, by keyboard too", async () => {
		const moved = bots[0]?.signal.event("moved");
		await row("ada").getByRole("button", { name: "Move ada", exact: true }).press("Enter");
		await page.keyboard.type("elsewhere");
		await page.keyboard.press("Enter");
		expect((await moved)?.room).toBe("elsewhere");
		await row("ada").waitFor({ state: "detached" });

		const remove = row("bo").getByRole("button", { name: "Remove bo", exact: true });
		await remove.click();
		await page.keyboard.press("Escape");
		await page.locator("dialog").waitFor({ state: "detached" });
		expect(await remove.evaluate((it) => it === document.activeElement)).toBe(true);
		const removed = bots[1]?.signal.event("removed");
		await remove.click();
		await page.keyboard.type("enough");
		await page.keyboard.press("Enter");
		expect((await removed)?.reason).toBe("enough");
		await row("bo").waitFor({ state: "detached" });
	});

	step("drains a node once that is confirmed, and takes it back", async () => {
		await page.click("text=Fleet");
		const state = (text: string) => page.locator('[data-node="node-1"] header .state', { hasText: text }).waitFor();
		await state("ready");
		await page.getByRole("button", { name: "Drain node-1" }).click();
		await page.keyboard.press("Enter");
		await toast("node-1 drains");
		await state("draining");
		await page.getByRole("button", { name: "Cancel drain node-1" }).click();
		await page.getByRole("button", { name: "Take it back" }).click();
		await toast("node-1 takes new ones again");
		await state("ready");
	});

	step("gives the key up", async () => {
		await page.click("text=Forget key");
		await page.locator("#key").waitFor();
		expect(await page.locator(".top, .room").count()).toBe(0);
		expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
		expect(failures).toEqual([]);
	});
});
