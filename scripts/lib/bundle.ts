import { build } from "esbuild";

/** The Worker (or another main module of that kind) as one module. */
export async function bundleWorker(main: string): Promise<string> {
	const { outputFiles } = await build({
		entryPoints: [main],
		bundle: true,
		format: "esm",
		target: "es2024",
		conditions: ["workerd", "worker", "browser"],
		external: ["cloudflare:*", "node:*"],
		sourcemap: "inline",
		write: false,
		logLevel: "warning",
	});
	return outputFiles[0]?.text ?? "";
}
