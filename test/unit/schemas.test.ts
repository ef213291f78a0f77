import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { ERRORS, ErrorCode, SwitchyardError } from "../../shared/errors.ts";
import { NodeReport } from "../../shared/fleet.ts";
import { NodeId, ParticipantId, RoomName, TrackId } from "../../shared/ids.ts";
import { Limits, limitVariable, readLimits } from "../../shared/limits.ts";
import { PageQuery, RoomCreate, TokenCreate } from "../../shared/rest.ts";
import { AssignmentClaims, AUDIENCE, LinkClaims, NodeClaims, ParticipantClaims, Rights } from "../../shared/tokens.ts";

const accepts = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
	schema.safeParse(value).success;

describe("identifiers", () => {
	it.each(["a", "A1", "room.1_2~3:4-5", "x".repeat(128)])("a room may be named %j", (name) => {
		expect(accepts(RoomName, name)).toBe(true);
	});

	it.each(["", "-a", ".", "..", "a b", "a/b", "é", "a\n", "x".repeat(129), 1, null])(
		"a room may not be named %j",
		(name) => {
			expect(accepts(RoomName, name)).toBe(false);
		},
	);

	it("of rooms and nodes need no escaping in a URL's path", () => {
		fc.assert(
			fc.property(fc.string(), (text) => {
				if (accepts(RoomName, text) || accepts(NodeId, text)) {
					expect(new URL(`https://edge.test/v1/rooms/${text}/connect`).pathname).toBe(`/v1/rooms/${text}/connect`);
				}
			}),
		);
	});

	it("of participants are any text but control characters", () => {
		for (const good of ["alice@example.com", "日本", "a b", "🎉"]) expect(accepts(ParticipantId, good)).toBe(true);
		for (const bad of ["", "a\u0000", "a\nb", "a\u0085b", "x".repeat(129)])
			expect(accepts(ParticipantId, bad)).toBe(false);
	});

	it("of tracks have no dots", () => {
		expect(accepts(TrackId, "cam_1-a")).toBe(true);
		expect(accepts(TrackId, "a.b")).toBe(false);
	});
});

describe("claims", () => {
	const now = 1_800_000_000;

	it("without rights give all but moderating", () => {
		const { rights } = ParticipantClaims.parse({ sub: "a", room: "r", exp: now });
		expect(rights).toEqual({
			publish: ["audio", "camera", "screen", "screenAudio", "data"],
			subscribe: true,
			send: true,
			moderate: false,
		});
	});

	it("with some rights keep the defaults of the others", () => {
		const { rights } = ParticipantClaims.parse({ sub: "a", room: "r", exp: now, rights: { publish: [] } });
		expect(rights).toMatchObject({ publish: [], subscribe: true });
	});

	it("must end, but for a node's", () => {
		expect(accepts(ParticipantClaims, { sub: "a", room: "r" })).toBe(false);
		expect(accepts(LinkClaims, { sub: "r", node: "n", epoch: 1 })).toBe(false);
		expect(accepts(NodeClaims, { sub: "n" })).toBe(true);
	});

	it("of an assignment are all needed", () => {
		const good = { iat: now, exp: now, jti: "0123456789abcdef", aud: "n", sub: "r", epoch: 1, edge: "https://e.test" };
		expect(accepts(AssignmentClaims, good)).toBe(true);
		for (const claim of Object.keys(good)) {
			expect(accepts(AssignmentClaims, { ...good, [claim]: undefined })).toBe(false);
		}
		expect(accepts(AssignmentClaims, { ...good, epoch: 0 })).toBe(false);
	});

	it("name one audience per use", () => {
		expect(new Set(Object.values(AUDIENCE)).size).toBe(Object.keys(AUDIENCE).length);
	});
});

describe("REST bodies", () => {
	it("for a room may be empty", () => {
		expect(RoomCreate.parse({})).toEqual({});
	});

	it("for a token take some rights, and a default life", () => {
		const { rights, ttl } = TokenCreate.parse({ identity: "a", rights: { moderate: true } });
		expect(ttl).toBe(600);
		expect(Rights.parse(rights)).toMatchObject({ moderate: true, subscribe: true });
	});

	it("page by numbers in text", () => {
		expect(PageQuery.parse({})).toEqual({ limit: 100 });
		expect(PageQuery.parse({ limit: "5" })).toEqual({ limit: 5 });
		for (const limit of ["0", "501", "1.5", "x", "-1"]) expect(accepts(PageQuery, { limit })).toBe(false);
	});
});

describe("a node's report", () => {
	const load = {
		...{ cpu: 0.5, rooms: 1, endpoints: 1, producers: 1, consumers: 1, bitrateIn: 1, bitrateOut: 1 },
		...{ workers: 1, workerDeaths: 0 },
	};

	it.each([{ cpu: 1.1 }, { cpu: -0.1 }, { cpu: Number.NaN }, { rooms: -1 }, { workers: 0 }, { bitrateIn: "1" }])(
		"with the load %j is refused",
		(change) => {
			expect(accepts(NodeReport, { type: "load", load })).toBe(true);
			expect(accepts(NodeReport, { type: "load", load: { ...load, ...change } })).toBe(false);
		},
	);

	it("is never misread: any JSON is a report or refused", () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				const result = NodeReport.safeParse(value);
				if (result.success) expect(["register", "load", "draining"]).toContain(result.data.type);
			}),
		);
	});
});

describe("the tables", () => {
	it("of errors give each code an HTTP status, and a body to send", () => {
		for (const code of ErrorCode.options) {
			const error = new SwitchyardError(code);
			expect(error.status).toBe(ERRORS[code].http);
			expect(JSON.parse(JSON.stringify(error))).toEqual({ code, message: ERRORS[code].meaning });
		}
	});

	it("of close codes have no code twice, and only codes that may be sent", () => {
		const codes: number[] = Object.values(CLOSE);
		expect(new Set(codes).size).toBe(codes.length);
		for (const code of codes) expect((code >= 1000 && code < 1012 && code !== 1005) || code >= 4000).toBe(true);
	});

	it("of limits are overridden by variables, and say which is wrong", () => {
		for (const name of Object.keys(Limits.shape)) {
			const read: Record<string, number> = readLimits({ [limitVariable(name)]: "1234" });
			expect(read[name]).toBe(1234);
		}
		expect(limitVariable("maxMessageBytes")).toBe("MAX_MESSAGE_BYTES");
		expect(() => readLimits({ MAX_MESSAGE_BYTES: "lots" })).toThrow(/maxMessageBytes/);
		expect(readLimits({ MAX_MESSAGE_BYTES: "" })).toEqual(Limits.parse({}));
	});
});
