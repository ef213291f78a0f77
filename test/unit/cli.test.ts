import { Writable } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bar, bitrate, milliseconds, table } from "../../cli/lib/format.ts";
import { pool, within } from "../../cli/load/pool.ts";
import { percentile, spread } from "../../cli/load/statistics.ts";
import { Subscription } from "../../cli/load/subscription.ts";
import { run } from "../../cli/run.ts";

class Text extends Writable {
	text = "";
	override _write(chunk: Buffer, _: string, done: () => void): void {
		this.text += chunk.toString();
		done();
	}
}

/** A command as a user gives it, and what came of it. */
async function switchyard(line: string, env: NodeJS.ProcessEnv = { AUTH_KEY: "key" }) {
	const [stdout, stderr] = [new Text(), new Text()];
	const code = await run(line.split(" ").filter(Boolean), { stdout, stderr, env, stop: new AbortController().signal });
	return { code, stdout: stdout.text, stderr: stderr.text };
}

/** The API's next answers, in order; and what it was asked. */
function answers(...bodies: [status: number, body?: unknown][]) {
	const asked: { url: string; init: RequestInit }[] = [];
	vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
		asked.push({ url, init });
		const [status, body] = bodies.shift() ?? [500];
		return new Response(body === undefined ? null : JSON.stringify(body), { status });
	});
	return asked;
}
afterEach(() => vi.unstubAllGlobals());

const room = {
	...{ name: "blue", topology: "sfu", createdAt: 0, settings: {}, participants: 0, tracks: 0 },
	nodes: [],
	mended: 0,
};
const bodyOf = (init: RequestInit | undefined): unknown => JSON.parse(String(init?.body));

describe("what is typed", () => {
	it.each([
		["room", "no command room"],
		["room list --frob", "'--frob'"],
		["room show", "<room> is missing"],
		["room show a b", "one word too many: b"],
		["room show ?", "<room>: 1 to 128"],
		["room create blue --max-participants many", "--max-participants: not a whole number"],
		["room create blue --metadata {", "--metadata: not JSON"],
		["token blue ada --rights audio,fly", "--rights: there is no right fly"],
		["load --seconds 0", "--seconds: at least 1"],
		["load --no-audio --no-video", "nothing to send"],
		["node list --url ftp://x", "--url: ftp://x"],
	])("%s is refused with 2", async (line, message) => {
		const { code, stdout, stderr } = await switchyard(line);
		expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
		expect(stderr).toContain(message);
	});

	it("needs a key for an edge elsewhere", async () => {
		expect((await switchyard("node list --url https://edge.example", {})).stderr).toContain("no key");
	});

	it("--help explains everything, a group and one command, without a key", async () => {
		for (const [line, expected] of [
			["", "switchyard load"],
			["--help", "switchyard load"],
			["room --help", "switchyard room move <room> <participant> <to>"],
			["node drain --help", "--deadline SECONDS"],
			["token -h", "--rights LIST"],
		] as const) {
			const { code, stdout } = await switchyard(line, {});
			expect({ line, code }).toEqual({ line, code: 0 });
			expect(stdout).toContain(expected);
		}
	});
});

describe("what is asked", () => {
	it("goes to the edge with the key, and rights are those that were named", async () => {
		const asked = answers([201, { token: "t", url: "wss://e/v1", expiresAt: 0 }]);
		const { code, stdout } = await switchyard(
			"token blue ada --rights audio,send --ttl 60 --url http://e/ --key k --json",
		);
		expect(code).toBe(0);
		expect(JSON.parse(stdout)).toEqual({ token: "t", url: "wss://e/v1", expiresAt: 0 });
		expect(asked[0]?.url).toBe("http://e/v1/rooms/blue/tokens");
		expect(asked[0]?.init.headers).toMatchObject({ authorization: "Bearer k" });
		expect(bodyOf(asked[0]?.init)).toEqual({
			identity: "ada",
			rights: { publish: ["audio"], subscribe: false, send: true, moderate: false },
			ttl: 60,
		});
	});

	it("lists all pages", async () => {
		const item = (name: string) => ({ name, createdAt: 0 });
		const asked = answers([200, { items: [item("a")], next: "c" }], [200, { items: [item("b")] }]);
		const { stdout } = await switchyard("room list");
		expect(asked.map(({ url }) => new URL(url).searchParams.get("cursor"))).toEqual([null, "c"]);
		expect(
			stdout
				.split("\n")
				.slice(1, 3)
				.map((line) => line[0]),
		).toEqual(["a", "b"]);
	});

	it("encodes identities in paths", async () => {
		const asked = answers([204]);
		await switchyard("room remove blue a/b%c --reason bye");
		expect(new URL(asked[0]?.url ?? "").pathname).toBe("/v1/rooms/blue/participants/a%2Fb%25c");
	});

	it("a refusal is 1, with what to do next, and as JSON when asked for", async () => {
		answers([401, { error: { code: "unauthorized", message: "unknown API key" } }]);
		const { code, stdout, stderr } = await switchyard("room list --json");
		expect(code).toBe(1);
		expect(JSON.parse(stdout)).toEqual({ error: { code: "unauthorized", message: "unknown API key" } });
		expect(stderr).toContain("AUTH_KEY");
	});

	it("tells an edge that cannot drain from a node that is not there", async () => {
		const refusal = (message: string): [number, unknown] => [404, { error: { code: "not_found", message } }];
		answers(refusal("no POST /v1/nodes/n/drain here"), refusal("no such node"));
		expect((await switchyard("node drain n")).stderr).toContain("cannot drain");
		expect((await switchyard("node drain n")).stderr).toContain("switchyard node list");
	});

	it("waits until a draining node is gone", async () => {
		const asked = answers([200, {}], [200, { items: [] }]);
		const { code, stdout } = await switchyard("node drain n --deadline 60 --wait");
		expect({ code, stdout }).toEqual({ code: 0, stdout: "n is empty\n" });
		expect(bodyOf(asked[0]?.init)).toEqual({ deadlineSeconds: 60, exit: false });
	});

	it("an answer of something else is told as such", async () => {
		answers([200, { hello: "world" }]);
		expect(await switchyard("room show blue")).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("same version"),
		});
	});

	it("names a room's nodes and their regions", async () => {
		const node = { id: "n1", region: "eu", state: "linked", participants: [], pipes: [] };
		answers([200, { ...room, nodes: [node] }]);
		expect((await switchyard("room show blue")).stdout).toMatch(/nodes +n1 \(eu\)/);
	});
});

describe("figures", () => {
	it("are written as people read them", () => {
		expect([bitrate(499_600), bitrate(2_340_000), bitrate(1.5e9)]).toEqual(["500 kb/s", "2.3 Mb/s", "1.50 Gb/s"]);
		expect([milliseconds(undefined), milliseconds(4.26), milliseconds(123.4), milliseconds(12_345)]).toEqual([
			...["–", "4.3 ms", "123 ms", "12.3 s"],
		]);
		expect(bar(0.5, 4)).toBe("██░░");
		expect(
			table(
				["A", "N"],
				[
					["long", "1"],
					["b", "12"],
				],
			),
		).toBe("A      N\nlong   1\nb     12");
	});

	it("are nearest-rank percentiles", () => {
		const values = Array.from({ length: 100 }, (_, i) => i + 1);
		expect([percentile(values, 0.5), percentile(values, 0.95), percentile([7], 0.95)]).toEqual([50, 95, 7]);
		expect(spread([])).toEqual({});
	});
});

describe("a subscription", () => {
	it("counts gaps, freezes and losses of the measured time only", () => {
		const track = { id: "v", kind: "video" as const, sent: 100 };
		let packets = 90;
		const it = new Subscription(track as never, () => packets);
		it.packet(0);
		it.begin(10_000);
		for (const at of [10_040, 10_700, 10_740]) it.packet(at);
		it.end(10_800);
		track.sent += 10;
		packets += 8;
		it.settle();
		expect(it).toMatchObject({ longestGap: 660, freezes: 1, received: 8, lost: 2 });
	});
});

describe("many at once", () => {
	it("are so many at a time, and none begins after a stop", async () => {
		const stop = new AbortController();
		let [now, most, all] = [0, 0, 0];
		await pool([...Array(10).keys()], 3, stop.signal, async () => {
			most = Math.max(most, ++now);
			await Promise.resolve();
			now--;
			if (++all === 6) stop.abort();
		});
		expect(most).toBe(3);
		expect(all).toBeLessThan(10);
	});

	it("do not wait for ever, nor after a stop", async () => {
		const never = new Promise(() => {});
		await expect(within(5, new AbortController().signal, "joining", never)).rejects.toThrow("joining: nothing for");
		await expect(within(1_000, AbortSignal.abort(), "joining", never)).rejects.toThrow("stopped");
	});
});
