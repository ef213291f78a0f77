/** People whose browsers may only go through TURN, in Chromium, with real coturn beside the node: what they see is checked. */
import { execFileSync } from "node:child_process";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type * as Sdk from "../../client/sdk/index.ts";
import { freePort } from "../../scripts/lib/free-port.ts";
import { type Certificate, makeCertificate } from "../support/certificate.ts";
import { launchChromium } from "../support/chromium.ts";
import { nominated, watchConnections } from "../support/connections.ts";
import { Stack } from "../support/stack.ts";
import { ownAddress, turnEnv, turnKnown } from "../support/turn.ts";

declare const window: { sdk: typeof Sdk; room: Sdk.Room };

let stack: Stack;
let browser: Browser;
let certificate: Certificate;
let pages: Page[] = [];
const failures: string[] = [];

/** A page in the room, with its camera published and everything that comes shown. `only`: of TURN's URLs, those that match it. */
async function open(name: string, room: string, only = ""): Promise<Page> {
	const page = await (await browser.newContext()).newPage();
	pages.push(page);
	page.on("pageerror", (error) => failures.push(`${name}: ${error.message}`));
	await page.addInitScript(watchConnections, only);
	await page.goto(`${stack.url}/docs/api/`);
	await page.addScriptTag({ type: "module", content: 'import * as sdk from "/sdk/switchyard.js"; window.sdk = sdk;' });
	await page.waitForFunction(() => window.sdk !== undefined);
	const token = await stack.tokenFor(room, name);
	await page.evaluate(
		async ([room, token]) => {
			document.body.replaceChildren();
			window.room = await window.sdk.connect({ url: location.origin, room, token, iceTransportPolicy: "relay" });
			window.room.on("trackSubscribed", (track, { id }) => {
				const element = track.attach();
				element.muted = true;
				element.dataset.of = id;
				element.style.width = "320px";
				document.body.prepend(element);
			});
			await window.room.me.enableCamera({ width: 320, height: 240, frameRate: 15 });
		},
		[room, token] as const,
	);
	return page;
}

/** Resolves when a page has decoded two more frames of somebody's camera. */
async function decodes(page: Page, participant: string): Promise<void> {
	const selector = `video[data-of="${participant}"]`;
	await page.waitForSelector(selector);
	await page.evaluate(async (which) => {
		const next = () =>
			new Promise((resolve) => document.querySelector<HTMLVideoElement>(which)?.requestVideoFrameCallback(resolve));
		await next();
		await next();
	}, selector);
}

/** The ways that a page's connections go, by this side's candidates: types and TURN's protocols. */
async function ways(page: Page): Promise<string[]> {
	const found = await nominated(page);
	return [...new Set(found.map(({ type, relayProtocol }) => `${type} ${relayProtocol}`))];
}

/** By UDP, or at first by TCP, which may be there sooner. */
const RELAYED = expect.toSatisfy((ways: string[]) => ways.length > 0 && ways.every((way) => way.startsWith("relay ")));

const see = (a: Page, b: Page) => Promise.all([decodes(a, "bob"), decodes(b, "alice")]);

beforeAll(async () => {
	certificate = makeCertificate(ownAddress());
	const tls = {
		...{ TURN_TLS_CERT: certificate.cert, TURN_TLS_KEY: certificate.key },
		TURN_TLS_PORT: String(await freePort()),
	};
	[stack, browser] = await Promise.all([
		Stack.start({ nodeEnv: await turnEnv(tls) }),
		launchChromium([certificate.chromiumArg]),
	]);
	await turnKnown(stack);
});
afterEach(async () => {
	await Promise.all(pages.map((page) => page.context().close()));
	pages = [];
	expect(failures.splice(0)).toEqual([]);
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
	certificate?.remove();
});

describe("two people behind firewalls", () => {
	it("see each other through TURN and a node", async () => {
		const [alice, bob] = await Promise.all([open("alice", "sfu"), open("bob", "sfu")]);
		await see(alice, bob);
		expect(await alice.evaluate(() => window.room.topology)).toBe("sfu");
		for (const page of [alice, bob]) expect(await ways(page)).toEqual(RELAYED);
	});

	it.each([
		["udp", "^turn:.*=udp$"],
		["tcp", "^turn:.*=tcp$"],
		["tls", "^turns:"],
	])("see each other where only %s gets out, to TURN", async (protocol, only) => {
		const [alice, bob] = await Promise.all([open("alice", protocol, only), open("bob", protocol, only)]);
		await see(alice, bob);
		for (const page of [alice, bob]) expect(await ways(page)).toEqual([`relay ${protocol}`]);
	});

	it("see each other directly, from relay to relay", async () => {
		await stack.rest("/v1/rooms", {
			method: "POST",
			body: JSON.stringify({ name: "mesh", settings: { topology: "mesh" } }),
		});
		const [alice, bob] = await Promise.all([open("alice", "mesh"), open("bob", "mesh")]);
		await see(alice, bob);
		expect(await alice.evaluate(() => window.room.topology)).toBe("mesh");
		expect(await ways(alice)).toEqual(RELAYED);
	});

	it("see each other again after coturn died", async () => {
		const [alice, bob] = await Promise.all([open("alice", "again"), open("bob", "again")]);
		await see(alice, bob);
		execFileSync("pkill", ["-KILL", "-x", "-P", String(stack.nodes[0]?.process.pid), "turnserver"]);
		await alice.waitForFunction(() => window.room.mediaState !== "connected");
		await alice.waitForFunction(() => window.room.mediaState === "connected");
		await see(alice, bob);
		expect(await ways(alice)).toEqual(RELAYED);
		// And whatever is published from then on.
		await alice.evaluate(async () => {
			const context = document.createElement("canvas").getContext("2d");
			const canvas = context?.canvas ?? document.createElement("canvas");
			let at = 0;
			setInterval(() => context?.fillRect(at++ % 300, 0, 10, 10), 50);
			const [track] = canvas.captureStream(15).getVideoTracks();
			if (track) await window.room.me.publish(track, { source: "screen" });
		});
		await bob.waitForFunction(() => document.querySelectorAll('video[data-of="alice"]').length === 2);
		await decodes(bob, "alice");
	});
});
