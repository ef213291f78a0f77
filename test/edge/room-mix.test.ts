/** Who gets everything mixed: what its node is told, and what it is told itself. */
import { evictDurableObject } from "cloudflare:test";
import { beforeAll, expect, it } from "vitest";
import { MIX, MIX_TRACKS } from "../../shared/mix.ts";
import { newRoom, TestClient, testEnv } from "./support/client.ts";
import { capabilities, rtpParameters, TestNode } from "./support/node.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

const media = { kind: "audio", rtpParameters } as const;
const withMedia = { rtpCapabilities: capabilities };

async function twoPeople() {
	const room = newRoom();
	const a = await TestClient.join(room, "a", withMedia);
	const link = await node.link(room);
	await link.open();
	const { endpoint } = await a.event("endpoint");
	a.post("publish", { endpoint, track: "t", source: "audio", media });
	await link.publish();
	const weak = await TestClient.join(room, "weak", { ...withMedia, mixed: true });
	return { room, link, a, weak };
}

it("is one more participant to whom it is for, and to nobody else", async () => {
	const { weak, a } = await twoPeople();
	const ids = weak.joined.participants.map(({ id }) => id);
	expect(ids.toSorted()).toEqual(["a", "weak", MIX].toSorted());
	const mix = weak.joined.participants.find(({ id }) => id === MIX);
	expect(mix?.tracks.map(({ id }) => id)).toEqual([MIX_TRACKS.audio, MIX_TRACKS.video]);
	expect((await a.event("participantJoined")).participant.id).toBe("weak");
	expect(await a.settled()).not.toContainEqual(
		expect.objectContaining({ participant: expect.objectContaining({ id: MIX }) }),
	);
});

it("is made by the node of what the room says, and its consumers reach who it is for, also after memory is lost", async () => {
	const { room, link, weak } = await twoPeople();
	const { endpoint } = await link.open();
	expect(await link.command("equip")).toMatchObject({ endpoint, mixed: true });
	expect((await link.command("subscribe")).tracks).toMatchObject([{ track: "t" }]);
	await evictDurableObject(testEnv.ROOM.getByName(room));
	const consumer = {
		...media,
		track: MIX_TRACKS.audio,
		participant: MIX,
		id: "c",
		type: "simple",
		paused: false,
	} as const;
	link.report({ type: "subscribed", endpoint, consumers: [consumer] });
	const { consumers } = await weak.event("subscribed");
	expect(consumers.at(-1)).toMatchObject({ track: MIX_TRACKS.audio, participant: MIX });
	// Sizes of its elements mean nothing for the mix, and are no error.
	await weak.do("subscribe", { tracks: [{ track: MIX_TRACKS.video, size: { width: 320, height: 180 } }] });
	await weak.do("keyFrame", { track: MIX_TRACKS.video });
	expect(await link.command("keyFrame")).toMatchObject({ endpoint, track: MIX_TRACKS.video });
});

it("is not for others: its tracks are nobody's that they could ask for", async () => {
	const { a } = await twoPeople();
	const refused = await a.request("keyFrame", { track: MIX_TRACKS.video });
	expect(refused).toMatchObject({ type: "error", error: { code: "not_found" } });
});

it("has names that are nobody else's", async () => {
	const { a, room } = await twoPeople();
	const wish = {
		endpoint: "e",
		track: MIX_TRACKS.video,
		source: "camera",
		media: { ...media, kind: "video" },
	} as const;
	expect(await a.refusal("publish", wish)).toBe("bad_request");
	const mix = await TestClient.open(room, MIX);
	expect(await mix.refusal("join", withMedia)).toBe("bad_request");
});
