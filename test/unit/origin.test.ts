import { describe, expect, it } from "vitest";
import { originAllowed, publicOrigin } from "../../worker/auth/origin.ts";

const url = "http://edge.test/v1/rooms/r/connect";

describe("a page's origin", () => {
	it.each([
		["its own, also where TLS ends in front of it", {}, "https://edge.test", true],
		["another's", {}, "https://evil.test", false],
		["a subdomain's", {}, "https://a.edge.test", false],
		["a longer host's", {}, "https://edge.test.evil.test", false],
		["another port's", {}, "http://edge.test:8080", false],
		["opaque", {}, "null", false],
		["listed", { ALLOWED_ORIGINS: "https://a.test, https://b.test/" }, "https://b.test", true],
		["listed with another scheme", { ALLOWED_ORIGINS: "https://a.test" }, "http://a.test", false],
		["any, where any may", { ALLOWED_ORIGINS: "*" }, "https://evil.test", true],
		["that of PUBLIC_URL", { PUBLIC_URL: "https://public.test/" }, "https://public.test", true],
		["absent, as from what is no browser", {}, null, true],
	])("that is %s is judged", (_, env, origin, allowed) => {
		expect(originAllowed(env, url, origin)).toBe(allowed);
	});

	it("of the edge itself is PUBLIC_URL's where that is set", () => {
		expect(publicOrigin({}, url)).toBe("http://edge.test");
		expect(publicOrigin({ PUBLIC_URL: "https://public.test/x" }, url)).toBe("https://public.test");
	});
});
