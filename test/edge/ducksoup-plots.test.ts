import { evictDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fetchEdge, testEnv } from "./support/client.ts";
import { Hall, type Person } from "./support/ducksoup.ts";
import { TestNode } from "./support/node.ts";

const variables = testEnv as { DUCKSOUP_GENERATE_PLOTS?: string };
const headers = { Authorization: `Bearer ${testEnv.AUTH_KEY}` };

let node: TestNode;
beforeEach(async () => {
	node = await TestNode.register("ducksoup-plots-node");
});
afterEach(() => {
	delete variables.DUCKSOUP_GENERATE_PLOTS;
});

const folderOf = (hall: Hall) => `/v1/ducksoup/default/${hall.name}/files`;
const read = (hall: Hall, file: string) => fetchEdge(`${folderOf(hall)}/${encodeURIComponent(file)}`, { headers });

async function filesOf(hall: Hall): Promise<string[]> {
	const { items } = (await (await fetchEdge(folderOf(hall), { headers })).json()) as { items: { name: string }[] };
	return items.map(({ name }) => name);
}

async function log(hall: Hall): Promise<string> {
	const name = (await filesOf(hall)).find((it) => it.endsWith(".log")) ?? "";
	return (await read(hall, name)).text();
}

/** What a node measures of ann's picture: what comes, what ben gets of it, and what ben could. kbit/s. */
async function measure(hall: Hall, [ann, ben]: [Person, Person], rates: { in: number; out: number; most: number }) {
	const stream = (bitrate: number) => {
		return { track: ann.tracks[1] ?? "", codec: "video/VP8", bytes: 1, packets: 1, lost: 0, bitrate: bitrate * 1_000 };
	};
	const totals = { bytesReceived: 1, bytesSent: 1, receiveBitrate: 1, sendBitrate: 1 };
	const sent = [{ ...stream(rates.out), fractionLost: 0 }];
	hall.link.report({
		type: "statistics",
		statistics: {
			[ben.endpoint]: { ...totals, received: [], sent, available: rates.most * 1_000 },
			[ann.endpoint]: { ...totals, received: [stream(rates.in)], sent: [] },
		},
	});
	await expect.poll(() => log(hall)).toContain(`"unit":"kbit/s","value":${rates.out},"target":${rates.most}`);
}

async function end(hall: Hall, ann: Person): Promise<void> {
	await hall.later(60_000);
	await hall.later(11_000);
	await ann.client.told("end");
	await expect.poll(() => log(hall)).toContain("interaction_deleted");
}

/** Places on the upright axis, of all points of a line. */
function heights(svg: string, line: string): number[] {
	const path =
		new RegExp(`<path class="${line}" d="([^"]+)"/>\n`).exec(svg.slice(svg.indexOf('class="axis"')))?.[1] ?? "";
	return [...path.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));
}

describe("the plots of an interaction", () => {
	it("show what was measured in the whole of it, though the room forgot meanwhile", async () => {
		variables.DUCKSOUP_GENERATE_PLOTS = "true";
		const hall = new Hall(node, { duration: 60 });
		const [ann, ben] = await hall.started();
		await measure(hall, [ann, ben], { in: 100, out: 90, most: 800 });
		ann.client.say("client_video_resolution_updated", "640x480");
		ann.client.say("client_video_fps_updated", "25");
		ann.client.say("client_keyframe_encoded_count_updated", "1");
		await expect.poll(() => log(hall)).toContain("client_keyframe_encoded_count_updated");
		await evictDurableObject(hall.stub, { webSockets: "hibernate" });
		await measure(hall, [ann, ben], { in: 400, out: 390, most: 900 });
		await measure(hall, [ann, ben], { in: 200, out: 190, most: 960 });
		await end(hall, ann);

		const name = "plots/video-ann-bitrates.svg";
		await expect.poll(() => filesOf(hall)).toContain(name);
		const answer = await read(hall, name);
		expect(answer.headers.get("content-type")).toContain("image/svg+xml");
		const svg = await answer.text();
		// 1000 kbit/s are 260 high.
		expect(heights(svg, "received")).toEqual([338, 260, 312]);
		expect(heights(svg, "sent")).toEqual([340.6, 262.6, 314.6]);
		expect(heights(svg, "target")).toEqual([156, 130, 114.4]);
		expect(svg).toContain(">received, mean 233 kbit/s</text>");
		expect(svg).toContain(`interaction ${hall.name} · namespace default`);
		for (const line of ["width", "framerate", "keyFrames"]) expect(svg).toContain(`<path class="${line}" d="M`);
		expect(svg.trimEnd()).toMatch(/<\/svg>$/);
	});

	it("are not made where they are not asked for, nor of what nothing was measured of", async () => {
		const hall = new Hall(node, { duration: 60 });
		const [ann, ben] = await hall.started();
		await measure(hall, [ann, ben], { in: 100, out: 90, most: 800 });
		await end(hall, ann);
		variables.DUCKSOUP_GENERATE_PLOTS = "true";
		const other = new Hall(node, { duration: 60 });
		const [eve] = await other.started();
		await end(other, eve);
		const third = new Hall(node, { duration: 60 });
		const people = await third.started();
		await measure(third, people, { in: 100, out: 90, most: 800 });
		await end(third, people[0]);
		await expect.poll(() => filesOf(third)).toContain("plots/video-ann-bitrates.svg");
		for (const it of [hall, other]) expect((await filesOf(it)).filter((name) => name.includes("plots"))).toEqual([]);
	});
});
