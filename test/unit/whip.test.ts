import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SwitchyardError } from "../../shared/errors.ts";
import { LayerChoice, readDescription, readFragment } from "../../shared/whip.ts";
import { extensionLinks, iceLinks } from "../../worker/api/whip/links.ts";

const GOOD = [
	...["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1", "a=ice-lite"],
	...["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=ice-ufrag:EsAw", "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1", "a=mid:0"],
	...["a=sendonly", "a=rtpmap:111 opus/48000/2", "a=candidate:udp 1 udp 1 192.0.2.1 40000 typ host"],
	...["m=video 0 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=bundle-only", "a=recvonly", "a=rtpmap:96 VP8/90000"],
	...["m=video 0 UDP/TLS/RTP/SAVPF 96", "a=mid:2", ""],
].join("\r\n");

describe("a description", () => {
	it("is read as far as HTTP needs it", () => {
		expect(readDescription(GOOD)).toEqual({
			ufrag: "EsAw",
			sections: [
				{
					kind: "audio",
					mid: "0",
					sends: true,
					receives: false,
					codecs: [{ mimeType: "audio/opus", payloadType: 111 }],
				},
				{ kind: "video", mid: "1", sends: false, receives: true, codecs: [{ mimeType: "video/vp8", payloadType: 96 }] },
			],
			lines: {
				options: ["a=ice-lite"],
				head: ["a=group:BUNDLE 0 1", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:0"],
				candidates: ["a=candidate:udp 1 udp 1 192.0.2.1 40000 typ host"],
			},
		});
	});

	/** Read, or refused as what it is: nothing else comes of any text. */
	const isRefusedAtWorst = (read: (text: string) => unknown) => (text: string) => {
		try {
			read(text);
		} catch (error) {
			expect(error).toBeInstanceOf(SwitchyardError);
			expect((error as SwitchyardError).code).toBe("bad_request");
		}
	};

	it.each([
		["description", readDescription],
		["fragment", readFragment],
	])("or a %s that is malformed is refused, whatever is wrong with it", { timeout: 60_000 }, (_, read) => {
		const lines = GOOD.split("\r\n");
		const mangled = fc
			.array(fc.tuple(fc.nat(lines.length), fc.oneof(fc.string(), fc.constantFrom(...lines))), { maxLength: 6 })
			.map((changes) => changes.reduce((all, [at, text]) => all.toSpliced(at, at % 2, text), lines).join("\r\n"));
		const any = fc.oneof(mangled, fc.string({ unit: "binary", maxLength: 200 }));
		fc.assert(fc.property(any, isRefusedAtWorst(read)), { numRuns: 10_000, seed: 9725 });
	});
});

describe("a choice of layers", () => {
	it("is read or refused, whatever it is", { timeout: 60_000 }, () => {
		fc.assert(
			fc.property(fc.anything(), (value) => {
				const { success, data } = LayerChoice.safeParse(value);
				if (success) expect(data?.mediaId ?? "0").toMatch(/^\d{1,3}$/);
			}),
			{ numRuns: 10_000, seed: 9725 },
		);
	});
});

describe("links", () => {
	it("name ICE servers with their credentials, each URL by itself", () => {
		const servers = [
			{ urls: ["stun:stun.example.net"] },
			{ urls: ["turn:a.example.net", "turns:a.example.net"], username: "user", credential: 'pass"\\word' },
		];
		const secret = 'username="user"; credential="pass\\"\\\\word"; credential-type="password"';
		expect(iceLinks(servers)).toEqual([
			'<stun:stun.example.net>; rel="ice-server"',
			`<turn:a.example.net>; rel="ice-server"; ${secret}`,
			`<turns:a.example.net>; rel="ice-server"; ${secret}`,
		]);
	});

	it("name what a session offers beside its media", () => {
		expect(extensionLinks("/v1/rooms/r/whep/s").map((link) => link.split(";")[0])).toEqual([
			"</v1/rooms/r/whep/s/layer>",
			"</v1/rooms/r/whep/s/sse>",
		]);
	});
});
