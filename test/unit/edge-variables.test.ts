import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { edgeVariables, edgeVariablesFrom } from "../../scripts/lib/edge-variables.ts";

/** Those that the Worker's type names. */
const read = [...readFileSync("worker/env.ts", "utf8").matchAll(/^\treadonly ([A-Z_]+)\??: string;/gm)].map(
	([, name]) => name ?? "",
);

it("every variable that the Worker reads is handed to it, on one machine and self-hosted", () => {
	expect(read).toContain("AUTH_KEY");
	expect(Object.keys(edgeVariables())).toEqual(expect.arrayContaining(read));
	expect(edgeVariablesFrom({ CHANNEL_SIZE: "3", PROXY: "", HOME: "/" })).toEqual({ CHANNEL_SIZE: "3" });
});
