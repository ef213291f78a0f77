import { beforeEach, describe, expect, it } from "vitest";
import { DucksoupClient, Hall, newName, type Person } from "./support/ducksoup.ts";
import { TestNode } from "./support/node.ts";

let node: TestNode;
beforeEach(async () => {
	node = await TestNode.register("ducksoup-effects-node");
});

const pitch = { element: "pitch", name: "voice", properties: { pitch: 0.8 } };
const colours = { element: "coloreffects", name: "fx", properties: { preset: "xpro" } };

/** Somebody alone, and what its node was told of its effects with its media side. */
async function alone(options: object) {
	const hall = new Hall(node, { size: 1, ...options });
	const ann = await hall.enter("ann");
	return { hall, ann };
}
const effects = async (hall: Hall) => hall.link.command("effects");

describe("effects", () => {
	it("are the node's before anything is published, as read here", async () => {
		const { hall, ann } = await alone({
			audioFx: "pitch pitch=0.8 name=voice",
			videoFx: "coloreffects preset=xpro name=fx ! videoconvert ! fisheye",
			...{ videoFormat: "VP8", framerate: 20, recordingMode: "forced", overlay: true, gpu: true },
		});
		expect(await effects(hall)).toMatchObject({
			endpoint: ann.endpoint,
			audio: [pitch],
			video: [colours, { element: "fisheye", properties: {} }],
			options: { codec: "VP8", framerate: 20, overlay: true, hardware: false },
		});
	});

	it.each([
		["free", { codec: "H264", overlay: false, hardware: false }],
		["split", { codec: "H264", overlay: false, hardware: false }],
		["muxed", { codec: "H264", framerate: 25, overlay: false, hardware: false }],
	])("are at a fixed rate or not, as mode %s has it", async (recordingMode, options) => {
		const { hall } = await alone({ videoFx: "fisheye", recordingMode });
		expect((await effects(hall)).options).toEqual(options);
	});

	it.each(["passthrough", "direct", "bypass", "rtpbin_only"])("are none in mode %s", async (recordingMode) => {
		const { hall, ann } = await alone({ videoFx: "fisheye", audioFx: "pitch", recordingMode });
		await hall.send(ann);
		// What was said before it has come by then.
		await hall.link.command("subscribe");
		expect(hall.link.untaken.filter(({ type }) => type === "effects")).toEqual([]);
	});

	it("are recorded beside what comes in, as the mode has it", async () => {
		const { hall, ann } = await alone({ audioFx: "pitch name=voice", recordingMode: "split" });
		await hall.send(ann);
		const records = [];
		for (let i = 0; i < 3; i++) records.push(await hall.link.command("record"));
		const named = records.map(({ path, effects, container }) => [path.replace(/.*-c-1-/, ""), effects, container]);
		expect(named).toEqual([
			["audio-dry", false, "ogg"],
			["audio-wet", true, "ogg"],
			["video-dry", false, "mp4"],
		]);
	});

	it.each([
		["filesrc location=/etc/passwd"],
		["pitch ! filesink location=/tmp/x"],
		["pitch location=/tmp/x"],
		["( pitch )"],
		["pitch ! audio/x-raw,rate=8000"],
		["pitch. ! volume"],
		['pitch name="a b"'],
		["coloreffects"],
		["nothing-of-the-kind"],
		["pitch pitch"],
	])("that are not allowed are refused with error-join: %s", async (audioFx) => {
		const client = await DucksoupClient.join(newName(), "ann", { audioFx });
		await client.told("error-join");
		expect((await client.socket.closed).code).toBe(1000);
	});
});

describe("a control", () => {
	async function two() {
		const hall = new Hall(node, { audioFx: "pitch pitch=0.8 name=voice", videoFx: "coloreffects preset=xpro name=fx" });
		const ann = await hall.enter("ann");
		const ben = await hall.enter("ben");
		return { hall, ann, ben };
	}
	const next = async (hall: Hall) => {
		const { type: _, ...control } = await hall.link.command("control");
		return control;
	};
	const say = ({ client }: Person, wish: object, kind = "client_control") => client.say(kind, wish);

	it("is of the sender, or of whom it names; of nobody where nobody is called so", async () => {
		const { hall, ann, ben } = await two();
		say(ann, { name: "voice", property: "pitch", value: 1.5 });
		expect(await next(hall)).toEqual({ endpoint: ann.endpoint, name: "voice", property: "pitch", value: 1.5 });
		say(ann, { name: "voice", property: "pitch", value: 1, userId: "cid" });
		say(ann, { name: "voice", property: "pitch", value: 2, duration: 900, userId: "ben" });
		const expected = { endpoint: ben.endpoint, name: "voice", property: "pitch", value: 2, duration: 900 };
		expect(await next(hall)).toEqual(expected);
	});

	it("has a ramp of five seconds at most", async () => {
		const { hall, ann } = await two();
		say(ann, { name: "voice", property: "pitch", value: 1, duration: 60_000 });
		expect((await next(hall)).duration).toBe(5_000);
		say(ann, { name: "voice", property: "pitch", value: 1, duration: 0 });
		expect((await next(hall)).duration).toBeUndefined();
	});

	it("that is none is passed over", async () => {
		const { hall, ann } = await two();
		for (const wish of [
			{ name: "voice", property: "pitch", value: "1.5" },
			{ name: "voice", property: "location", value: 1 },
			{ name: "other", property: "pitch", value: 1 },
			{ name: "voice", value: 1 },
			{ property: "pitch", value: 1 },
			[],
		]) {
			say(ann, wish);
		}
		say(ann, { name: "fx", property: "preset", kind: "boolean", value: "1" }, "client_polycontrol");
		say(ann, { name: "fx", property: "preset", kind: "int", value: "1.5" }, "client_polycontrol");
		say(ann, { name: "fx", property: "preset", kind: "int", value: "4294967296" }, "client_polycontrol");
		say(ann, { name: "fx", property: "preset", kind: "uint64", value: "-1" }, "client_polycontrol");
		say(ann, { name: "fx", property: "preset", kind: "double", value: "" }, "client_polycontrol");
		say(ann, { name: "fx", property: "preset", kind: "int", value: 3 }, "client_polycontrol");
		say(ann, { name: "fx", property: "preset", kind: "int", value: "5" }, "client_polycontrol");
		expect(await next(hall)).toEqual({ endpoint: ann.endpoint, name: "fx", property: "preset", value: 5 });
	});

	it.each([
		["float", "0.25", 0.25],
		["double", "-1e3", -1_000],
		["int", "-7", -7],
		["uint64", "12", 12],
		["uint64", "18446744073709551615", "18446744073709551615"],
		["string", "sepia", "sepia"],
	])("of kind %s is read from text: %s", async (kind, value, expected) => {
		const { hall, ann } = await two();
		say(ann, { name: "fx", property: "preset", kind, value }, "client_polycontrol");
		expect((await next(hall)).value).toBe(expected);
	});
});
