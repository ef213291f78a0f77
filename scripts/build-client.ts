/** `npm run build:client`: the static files of the Worker, into dist/assets: the SDK, the demo, the admin page, the API's page, and what clients of other protocols load. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build, type Metafile } from "esbuild";
import packageJson from "../package.json" with { type: "json" };
import { buildDuckSoup } from "./lib/ducksoup-assets.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SDK = join(ROOT, "client/sdk");
const ODOO = join(ROOT, "client/odoo/index.ts");
const DEMO = join(ROOT, "client/demo");
const ADMIN = join(ROOT, "client/admin");
const DUCKSOUP = join(ROOT, "client/ducksoup");
const TALKSY = join(ROOT, "client/talksy");
const API_DOCS = join(ROOT, "client/api-docs");
const OUT = join(ROOT, "dist/assets");

/** What every browser with the WebRTC of today has. */
const common = {
	bundle: true,
	format: "esm",
	target: ["es2022"],
	minify: true,
	sourcemap: true,
	legalComments: "none",
	define: { "process.env.NODE_ENV": '"production"' },
	alias: { switchyard: join(SDK, "index.ts") },
	logLevel: "warning",
} satisfies BuildOptions;

rmSync(OUT, { recursive: true, force: true });
mkdirSync(join(OUT, "sdk"), { recursive: true });
await Promise.all([
	buildSdk(),
	buildDemo(),
	buildAdmin(),
	buildOdoo(),
	buildTalksy(),
	buildDuckSoup(DUCKSOUP, OUT, packageJson.version, common),
]);
buildTypes();
copyApiDocs();

async function buildSdk(): Promise<void> {
	const file = join(OUT, "sdk/switchyard.js");
	const { metafile } = await build({
		...common,
		entryPoints: [join(SDK, "index.ts")],
		outfile: file,
		metafile: true,
	});
	mustNotContain(metafile, "node_modules/zod/");
	const code = readFileSync(file);
	console.log(`sdk/switchyard.js: ${kilobytes(code.length)}, ${kilobytes(gzipSync(code).length)} gzipped`);
}

/** The library that an Odoo deployment may load in place of its own. */
async function buildOdoo(): Promise<void> {
	const outfile = join(OUT, "odoo/odoo_sfu.js");
	const { metafile } = await build({ ...common, entryPoints: [ODOO], outfile, metafile: true });
	mustNotContain(metafile, "node_modules/zod/");
}

/** Schemas are for those who must not trust; in a page they would double what is loaded. */
function mustNotContain({ inputs }: Metafile, what: string): void {
	const found = Object.keys(inputs).find((input) => input.includes(what));
	if (found) throw new Error(`a page must not bundle ${found}: import types only from what needs it`);
}

/** The declarations that index.ts leads to; they import nothing from elsewhere (api.ts says why). */
function buildTypes(): void {
	const out = mkdtempSync(join(tmpdir(), "switchyard-types-"));
	const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
	execFileSync(process.execPath, [tsc, "-p", SDK, "--outDir", out], { stdio: "inherit" });
	const queue = ["index"];
	const done = new Set<string>();
	for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
		if (done.has(name)) continue;
		done.add(name);
		const text = readFileSync(join(out, "client/sdk", `${name}.d.ts`), "utf8");
		const relative = text.replace(/from "\.\/([\w/-]+)\.ts"/g, (_, other: string) => {
			queue.push(join(dirname(name), other));
			return `from "./${other}.js"`;
		});
		if (/from "(?!\.\/)/.test(relative)) throw new Error(`the types of ${name}.ts need more than the SDK`);
		const file = join(OUT, "sdk", `${name === "index" ? "switchyard" : name}.d.ts`);
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, relative);
	}
	rmSync(out, { recursive: true });
}

async function buildDemo(): Promise<void> {
	const main = ["main.ts", "demo.ts", "index.ts"].map((name) => join(DEMO, name)).find(existsSync);
	if (!main) return;
	await build({ ...common, entryPoints: [main], outfile: join(OUT, "demo.js") });
	cpSync(DEMO, OUT, {
		recursive: true,
		filter: (source) => !/\.(ts|tsbuildinfo)$|tsconfig\.json$/.test(source),
	});
}

/** Its styles are bundled, since some of them are the demo's. */
async function buildAdmin(): Promise<void> {
	const out = join(OUT, "admin");
	const entryPoints = ["admin.ts", "admin.css"].map((name) => join(ADMIN, name));
	const { metafile } = await build({ ...common, entryPoints, outdir: out, metafile: true });
	mustNotContain(metafile, "node_modules/zod/");
	cpSync(join(ADMIN, "index.html"), join(out, "index.html"));
}

/** The page of a room for people who know no other client. */
async function buildTalksy(): Promise<void> {
	const out = join(OUT, "talksy");
	const entryPoints = ["page.ts", "page.css"].map((name) => join(TALKSY, name));
	const { metafile } = await build({ ...common, entryPoints, outdir: out, metafile: true });
	mustNotContain(metafile, "node_modules/zod/");
	cpSync(join(TALKSY, "index.html"), join(out, "index.html"));
}

function copyApiDocs(): void {
	const swagger = dirname(fileURLToPath(import.meta.resolve("swagger-ui-dist/swagger-ui.css")));
	cpSync(API_DOCS, join(OUT, "docs/api"), { recursive: true });
	for (const file of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
		cpSync(join(swagger, file), join(OUT, "docs/api", file));
	}
}

function kilobytes(bytes: number): string {
	return `${(bytes / 1_000).toFixed(1)} kB`;
}
