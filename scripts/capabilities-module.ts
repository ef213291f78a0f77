import { createHash } from "node:crypto";

/** The text of shared/router-capabilities.ts for these capabilities. */
export function capabilitiesModule(capabilities: unknown): string {
	const json = JSON.stringify(capabilities);
	const id = createHash("sha256").update(json).digest("hex").slice(0, 16);
	return `// Written by scripts/router-capabilities.ts; do not edit.
import type { RtpCapabilities } from "./media.ts";

/** Names this set of capabilities: a node with another is refused by its fleet. */
export const ROUTER_CAPABILITIES_ID = "${id}";

/** What every router of a fleet can receive and send. */
export const ROUTER_CAPABILITIES: RtpCapabilities = ${JSON.stringify(capabilities, undefined, "\t")};
`;
}
