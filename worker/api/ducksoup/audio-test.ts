/** What the microphone's check found, kept with the interaction that it was for. */
import type { Context } from "hono";
import { AudioTest } from "../../../shared/ducksoup.ts";
import { archiveOf } from "../../archive/locate.ts";
import { originAllowed } from "../../auth/origin.ts";
import { folderOf } from "../../dialects/ducksoup/names.ts";
import type { Env } from "../../env.ts";
import { textWithin } from "../body.ts";
import { requireRate } from "../limits.ts";
import { remoteAddress } from "../odoo/caller.ts";
import { pageAllowed } from "./settings.ts";

const FILE = "audio_test_results.json";
const MOST_BYTES = 16_384;
/** From one address: nobody takes the check twice in a second, and several people may share one. */
const PER_SECOND = 5;

export async function keepAudioTest(c: Context<{ Bindings: Env }>): Promise<Response> {
	if (c.req.method !== "POST") return c.body(null, 405, { Allow: "POST" });
	if (!fromOurPages(c)) return c.body(null, 403);
	requireRate(c.env, `audio test ${remoteAddress(c.env, c.req.raw)}`, PER_SECOND);
	const text = await textWithin(c.req.raw, MOST_BYTES);
	const read = text === undefined ? undefined : AudioTest.safeParse(parse(text)).data;
	if (!read) return c.body(null, 400);
	const { namespace, interaction, data } = read;
	try {
		const folder = folderOf({ namespace, name: interaction });
		await archiveOf(c.env, folder).write(FILE, `${JSON.stringify(data, null, 2)}\n`);
	} catch (error) {
		console.error({ event: "audio test not kept", error: String(error) });
		return c.body(null, 500);
	}
	return c.body(null, 200);
}

/** Of this edge, or of an origin that may begin interactions. Whoever sends no origin is no page. */
function fromOurPages({ env, req }: Context<{ Bindings: Env }>): boolean {
	const own = { PUBLIC_URL: env.PUBLIC_URL };
	return originAllowed(own, req.url, req.header("origin")) || pageAllowed(env, req.raw) !== undefined;
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
