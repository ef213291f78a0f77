/** A page of Chromium that is in a channel by the Odoo client library. */
import type { Browser, Page } from "playwright-core";
import type { StreamType } from "../../client/odoo/names.ts";
import type { SfuClient } from "../../client/odoo/sfu-client.ts";
import type { ChannelStats } from "../../shared/odoo.ts";
import type { OdooChannel } from "./odoo.ts";

interface Seen {
	states: string[];
	updates: { name: string; payload: unknown }[];
}
declare const window: { sfu: typeof import("../../client/odoo/index.ts"); client: SfuClient; seen: Seen };

/** Connected. What comes of others are elements `s{session}-{type}`. */
export async function enterChannel(
	browser: Pick<Browser, "newContext"> | Page,
	edge: string,
	channel: OdooChannel,
	session: number,
): Promise<Page> {
	const page = "newContext" in browser ? await (await browser.newContext()).newPage() : browser;
	await page.goto(`${edge}/v1/health`);
	await page.addScriptTag({
		type: "module",
		content: 'import * as sfu from "/odoo/odoo_sfu.js"; window.sfu = sfu;',
	});
	await page.waitForFunction(() => window.sfu !== undefined);
	await page.evaluate(
		async ([url, token, channelUUID]) => {
			window.seen = { states: [], updates: [] };
			window.client = new window.sfu.SfuClient();
			window.client.addEventListener("stateChange", (event) =>
				window.seen.states.push((event as CustomEvent).detail.state),
			);
			window.client.addEventListener("update", (event) => {
				const { name, payload } = (event as CustomEvent).detail;
				window.seen.updates.push({ name, payload });
				if (name !== "track") return;
				const { track, type, sessionId } = payload as { track: MediaStreamTrack; type: string; sessionId: string };
				document.getElementById(`s${sessionId}-${type}`)?.remove();
				const element = document.createElement(track.kind as "audio" | "video");
				Object.assign(element, { id: `s${sessionId}-${type}`, muted: track.kind === "video", autoplay: true });
				element.srcObject = new MediaStream([track]);
				document.body.append(element);
			});
			await window.client.connect(url, token, { channelUUID });
		},
		[channel.url, channel.tokenFor(session), channel.uuid] as const,
	);
	await page.waitForFunction(() => window.client.state === "connected");
	return page;
}

export const upload = (page: Page, types: StreamType[]) =>
	page.evaluate(async (wanted) => {
		const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
		for (const type of wanted) {
			const track = type === "audio" ? stream.getAudioTracks()[0] : stream.getVideoTracks()[0];
			if (track) await window.client.updateUpload(type, track);
		}
	}, types);

export const stopUpload = (page: Page, type: StreamType) =>
	page.evaluate((which) => window.client.updateUpload(which, null), type);

/** Of what a session sends, as it is decoded; 0 before. */
export const widthOf = (page: Page, session: number, type: StreamType) =>
	page.evaluate(
		(id) => (document.getElementById(id) as HTMLVideoElement | null)?.videoWidth ?? 0,
		`s${session}-${type}`,
	);

export const decodes = (page: Page, session: number, type: StreamType) =>
	page.waitForFunction(
		(id) => ((document.getElementById(id) as HTMLVideoElement | null)?.videoWidth ?? 0) > 0,
		`s${session}-${type}`,
	);

/** Widths of the layers that a page is sending, as far as it makes pictures of them, the largest first. */
export const sentWidths = (page: Page): Promise<number[]> =>
	page.evaluate(async () => {
		const { uploadStats } = await window.client.getStats();
		const widths: number[] = [];
		for (const stats of uploadStats?.values() ?? []) {
			if (stats.type === "outbound-rtp" && stats.framesPerSecond > 0) widths.push(stats.frameWidth);
		}
		return widths.sort((a, b) => b - a);
	});

/** Bytes of media that came until now. */
export const bytesReceived = (page: Page): Promise<number> =>
	page.evaluate(async () => {
		const { downloadStats } = await window.client.getStats();
		let bytes = 0;
		for (const stats of downloadStats?.values() ?? []) {
			if (stats.type === "inbound-rtp") bytes += stats.bytesReceived;
		}
		return bytes;
	});

/** Ids of the browser's tracks, by the session they are of. */
export const tracksOf = (page: Page): Promise<Record<string, string[]>> =>
	page.evaluate(() => {
		const all: Record<string, string[]> = {};
		for (const element of document.querySelectorAll<HTMLMediaElement>("audio, video")) {
			const session = /^s(.*)-\w+$/.exec(element.id)?.[1];
			const tracks = (element.srcObject as MediaStream | null)?.getTracks() ?? [];
			if (session === undefined) continue;
			all[session] = [...(all[session] ?? []), ...tracks.filter((it) => it.readyState === "live").map(({ id }) => id)];
		}
		return all;
	});

/** Payloads of the updates of a name so far. */
export const updatesOf = (page: Page, name: string) =>
	page.evaluate((which) => window.seen.updates.filter((it) => it.name === which).map(({ payload }) => payload), name);

/** What arrives in a channel, as its statistics have it. */
export async function bitratesOf(edge: string, { uuid }: OdooChannel) {
	const all = (await (await fetch(`${edge}/v1/stats`)).json()) as ChannelStats[];
	const found = all.find((it) => it.uuid === uuid)?.sessionsStats.incomingBitRate;
	return found ?? { audio: 0, camera: 0, screen: 0, total: 0 };
}
