/** The configuration of a self-hosted edge, for workerd: what wrangler.toml says, in Cap'n Proto's text form. */
import { edgeVariables } from "./edge-variables.ts";
import { readWranglerConfig } from "./wrangler-config.ts";

/** Relative paths are of the configuration's own directory; `objects` is where workerd is started, or given with -d. */
export function workerdConfig(): string {
	const { compatibilityDate, durableObjects = {} } = readWranglerConfig();
	const classes = Object.entries(durableObjects);
	const list = (items: string[]) => items.map((item) => `\n    ${item},`).join("");
	return `# Written by scripts/self-hosted.ts; do not edit. docs/deploy.md says how to run it.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    (name = "assets", worker = .assets),
    (name = "files", disk = (path = "assets")),
    (name = "objects", disk = (path = "objects", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "edge")],
);

const edge :Workerd.Worker = (
  modules = [(name = "edge.js", esModule = embed "edge.js")],
  compatibilityDate = ${JSON.stringify(compatibilityDate)},
  # A class's key is part of its objects' identity on disk: it must never change.
  durableObjectNamespaces = [${list(
		classes.map(
			([, { className }]) => `(className = "${className}", uniqueKey = "switchyard-${className}", enableSql = true)`,
		),
	)}
  ],
  durableObjectStorage = (localDisk = "objects"),
  bindings = [
    (name = "ASSETS", service = "assets"),${list([
			...classes.map(([name, { className }]) => `(name = "${name}", durableObjectNamespace = "${className}")`),
			...Object.keys(edgeVariables()).map((name) => `(name = "${name}", fromEnvironment = "${name}")`),
		])}
  ],
);

const assets :Workerd.Worker = (
  modules = [(name = "assets.js", esModule = embed "assets.js")],
  compatibilityDate = ${JSON.stringify(compatibilityDate)},
  bindings = [(name = "FILES", service = "files")],
);
`;
}
