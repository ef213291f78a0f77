/** A participant by the SDK in a page, without the demo around it. */
import type { Page } from "playwright-core";
import type { Room } from "../../client/sdk/index.ts";

declare const window: { room: Room; sdk: typeof import("../../client/sdk/index.ts") };

/** With camera and microphone on. All that is received is attached. */
export async function enterBySdk(page: Page, edge: string, room: string, token: string): Promise<void> {
	await page.goto(`${edge}/v1/health`);
	await page.addScriptTag({ type: "module", content: 'import * as sdk from "/sdk/switchyard.js"; window.sdk = sdk;' });
	await page.waitForFunction(() => window.sdk !== undefined);
	await page.evaluate(
		async ([url, name, bearer]) => {
			window.room = await window.sdk.connect({ url, room: name, token: bearer });
			window.room.on("trackSubscribed", (track) => {
				const element = track.attach();
				Object.assign(element.style, { width: "640px", height: "360px" });
				document.body.append(element);
			});
			window.room.on("trackUnsubscribed", (track) => {
				for (const element of track.detach()) element.remove();
			});
			await Promise.all([window.room.me.enableMicrophone(), window.room.me.enableCamera()]);
		},
		[edge, room, token] as const,
	);
}

/** Ids of the browser's tracks, by the participant they are of. */
export const tracksBySdk = (page: Page): Promise<Record<string, string[]>> =>
	page.evaluate(() =>
		Object.fromEntries(
			[...window.room.participants.values()].map(({ id, tracks }) => [
				id,
				[...tracks.values()].flatMap(({ track }) => (track ? [track.mediaStreamTrack.id] : [])),
			]),
		),
	);

export const leaveBySdk = (page: Page): Promise<void> => page.evaluate(() => window.room.leave());
