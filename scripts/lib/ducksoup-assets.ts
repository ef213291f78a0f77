/** DuckSoup's player and pages, at the paths that its documents name. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";

/** Page, by where it is served: what it is called, and its script. */
const PAGES: Record<string, { title: string; script: string }> = {
	"test/mirror": { title: "Mirror", script: "mirror" },
	"test/interaction": { title: "Interaction", script: "interaction" },
	"test/play": { title: "Play", script: "play" },
	"test/ice": { title: "ICE", script: "ice" },
	"test/direct": { title: "Camera and microphone", script: "direct" },
	"test/audio_direct": { title: "Microphone", script: "audio_direct" },
	stats: { title: "Statistics", script: "stats" },
};

/** `source`: client/ducksoup; `out`: what the Worker serves at `/`. */
export async function buildDuckSoup(source: string, out: string, version: string, common: BuildOptions): Promise<void> {
	const latest = join(out, "assets/latest");
	const js = join(latest, "js");
	const { metafile } = await build({
		...common,
		// Loaded by a plain script element, wherever an experiment runs.
		format: "iife",
		entryPoints: { ducksoup: join(source, "player/index.ts") },
		outdir: js,
		metafile: true,
	});
	const foreign = Object.keys(metafile.inputs).find((input) => !input.includes("client/ducksoup/player/"));
	if (foreign) throw new Error(`the player is one script without dependencies, but has ${foreign}`);
	const scripts = Object.values(PAGES).map(({ script }) => join(source, `pages/${script}.ts`));
	await build({ ...common, entryPoints: scripts, outdir: js });
	await build({ ...common, entryPoints: [join(source, "styles/pages.css")], outdir: join(latest, "css") });
	cpSync(latest, join(out, `assets/v${version}`), { recursive: true });
	mkdirSync(join(out, "assets/scripts/lib"), { recursive: true });
	for (const file of ["ducksoup.js", "ducksoup.js.map"]) cpSync(join(js, file), join(out, "assets/scripts/lib", file));

	const template = readFileSync(join(source, "pages/page.html"), "utf8");
	for (const [path, { title, script }] of Object.entries(PAGES)) {
		const root = "../".repeat(path.split("/").length);
		const values: Record<string, string> = { title, script, root };
		mkdirSync(join(out, path), { recursive: true });
		const page = template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? "");
		writeFileSync(join(out, path, "index.html"), page);
	}
	mkdirSync(join(out, "config"), { recursive: true });
	cpSync(join(source, "play.json"), join(out, "config/play.json"));
}
