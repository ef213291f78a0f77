import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The Node that everything runs under; what starts it may be older. */
export const NODE_24 = join(ROOT, "node_modules/node/bin/node");

/** What takes minutes to make is kept outside the checkout, for all checkouts of this user. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "switchyard");
