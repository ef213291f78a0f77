import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EffectChain, EffectControl, parseEffects, widenedBy } from "../../shared/effects.ts";
import { SwitchyardError } from "../../shared/errors.ts";

describe("a text of effects", () => {
	it.each([
		["pitch pitch=0.8 name=fx", [{ element: "pitch", name: "fx", properties: { pitch: 0.8 } }]],
		["coloreffects preset=xpro", [{ element: "coloreffects", properties: { preset: "xpro" } }]],
		["volume volume=0.5", [{ element: "volume", properties: { volume: 0.5 } }]],
		["  fisheye\n", [{ element: "fisheye", properties: {} }]],
		[
			"chromahold target-r = 10 target-g=-3 tolerance=1e1",
			[{ element: "chromahold", properties: { "target-r": 10, "target-g": -3, tolerance: 10 } }],
		],
		[
			"audioecho delay=500 intensity=.6 name=a ! audioconvert ! volume mute=TRUE name=b!audioconvert",
			[
				{ element: "audioecho", name: "a", properties: { delay: 500, intensity: 0.6 } },
				{ element: "volume", name: "b", properties: { mute: true } },
			],
		],
	])("%j is read", (text, chain) => {
		expect(parseEffects(text)).toEqual(chain);
	});

	const hostile: Record<string, string[]> = {
		"files, devices and networks": [
			"filesrc location=/etc/passwd",
			"filesink location=/tmp/x",
			"multifilesink",
			"udpsink host=10.0.0.1 port=53",
			"udpsrc",
			"tcpclientsink",
			"souphttpsrc",
			"curlhttpsink",
			"v4l2src device=/dev/video0",
			"alsasink",
			"shmsink",
			"giosrc",
			"rtmp2sink",
			"fdsrc fd=0",
			"ipcpipelinesink",
		],
		"other elements and bins": [
			"uridecodebin uri=file:///etc/passwd",
			"playbin",
			"playbin3",
			"decodebin",
			"bin",
			"tee",
			"queue",
			"identity",
			"capsfilter",
			"textoverlay text=a",
			"appsrc",
			"rtpbin",
			"gdkpixbufoverlay",
			"nothingofthekind",
			"frei0r-filter-3dflippo",
			"ladspa-amp-so-amp-mono",
		],
		"caps, pads, bins and references": [
			"video/x-raw,width=1",
			"volume ! video/x-raw",
			"volume ! fx. ",
			"fx.src ! volume",
			"( volume )",
			"bin.( volume )",
			"volume name=a a.",
			"volume ! .sink",
			"volume : volume",
			"volume, volume=1",
			"@ volume",
			"volume ! fx.sink_0",
		],
		"properties that reach out": [
			"volume location=x",
			"facedetect profile=x",
			"volume file-name=x",
			"volume path=x",
			"volume uri=x",
			"volume device=x",
			"volume host=x",
			"volume port=1",
			"volume parent=x",
			"volume multicast-address=1",
			"volume fd=1",
			"volume command=ls",
		],
		"values that are not plain": [
			'volume volume="1"',
			"volume volume='1'",
			"volume volume=\\1",
			"volume volume=(float)1",
			"volume volume=/etc/passwd",
			"volume volume={1,2}",
			"volume volume=[1,2]",
			"volume volume=<1,2>",
			"volume volume=$HOME",
			"volume volume=`ls`",
			"volume volume=1;2",
			"volume volume=a,b",
			"volume volume=\u0000",
			"volume volume=é",
			"volume volume=a|b",
			`volume volume=${"a".repeat(65)}`,
		],
		"other shapes": [
			"",
			" ",
			"!",
			"volume !",
			"! volume",
			"volume ! ! volume",
			"volume volume",
			"volume =1",
			"volume volume=",
			"volume volume==1",
			"volume volume=1 volume=2",
			"volume name=a name=b",
			"volume name=a ! volume name=a",
			"volume name=a.b",
			"VOLUME",
			"audioconvert",
			"volume ".repeat(3_000),
			Array(9).fill("volume").join("!"),
			`volume ${Array.from({ length: 33 }, (_, i) => `p${i}=1`).join(" ")}`,
		],
	};
	for (const [what, texts] of Object.entries(hostile)) {
		it.each(texts.map((text) => [text.slice(0, 80), text]))(`with ${what} is refused: %j`, (_, text) => {
			expect(() => parseEffects(text)).toThrow(expect.objectContaining({ code: "bad_request" }));
		});
	}

	it("of the other kind is refused", () => {
		expect(() => parseEffects("volume", "video")).toThrow("not allowed");
		expect(() => parseEffects("fisheye", "audio")).toThrow("not allowed");
		expect(parseEffects("fisheye", "video")).toHaveLength(1);
	});

	it("may have what an operator allows, but never what reaches out", () => {
		expect(parseEffects("ours level=2", "audio", widenedBy("ours, other"))).toHaveLength(1);
		expect(() => parseEffects("ours level=2")).toThrow("not allowed");
		for (const element of ["filesrc", "udpsink", "playbin", "uridecodebin3", "proxysrc"]) {
			expect(() => parseEffects(element, "audio", [element])).toThrow("never an effect");
		}
	});

	it("of whatever letters gives a chain or a refusal, and never anything but plain words", () => {
		const scraps = fc.constantFrom(
			..."volume pitch fisheye name ! = \" ' ( ) . / \\ , ; \0 \n 1e9 -0 true é".split(" "),
		);
		const text = fc.oneof(
			fc.string(),
			fc.array(fc.oneof(scraps, fc.constant(" "), fc.string())).map((it) => it.join("")),
		);
		fc.assert(
			fc.property(text, (it) => {
				let chain: EffectChain;
				try {
					chain = parseEffects(it);
				} catch (error) {
					expect(error).toBeInstanceOf(SwitchyardError);
					return;
				}
				expect(EffectChain.parse(chain)).toEqual(chain);
				for (const { element, name = "", properties } of chain) {
					for (const word of [element, name, ...Object.keys(properties), ...Object.values(properties).map(String)]) {
						expect(word).toMatch(/^[\w.+-]*$/);
					}
				}
			}),
			{ numRuns: 20_000 },
		);
	});
});

describe("a control", () => {
	it("is of a name and a property that could be in a text, and a finite value", () => {
		const control = { name: "fx", property: "pitch", value: 1.5, duration: 200 };
		expect(EffectControl.parse(control)).toEqual(control);
		const bad = [
			{ ...control, property: "location" },
			{ ...control, property: "Pitch" },
			{ ...control, name: "a.b" },
			{ ...control, value: Number.NaN },
			{ ...control, value: "a b" },
			{ ...control, value: "/etc" },
			{ ...control, value: null },
			{ ...control, value: {} },
			{ ...control, duration: -1 },
			{ ...control, name: "" },
		];
		for (const one of bad) expect(EffectControl.safeParse(one).success).toBe(false);
	});
});
