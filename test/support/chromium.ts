import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Chromium with fake devices, nothing of its own on the network, and ICE over loopback. */
export function launchChromium(args: readonly string[] = [], executablePath: string = CHROMIUM): Promise<Browser> {
	return chromium.launch({
		executablePath,
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-quic",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
			"--use-fake-device-for-media-stream",
			"--use-fake-ui-for-media-stream",
			"--allow-loopback-in-peer-connection",
			...args,
		],
	});
}

/** Chromium somewhere else, by a command line that begins with this one, as in a network namespace. */
export async function launchChromiumBy(command: readonly string[], args: readonly string[] = []): Promise<Browser> {
	// All arguments are Playwright's: only a program in Chromium's place can come before them.
	const folder = mkdtempSync(join(tmpdir(), "switchyard-chromium-"));
	const file = join(folder, "chromium");
	writeFileSync(file, `#!/bin/sh\nexec ${[...command, CHROMIUM].join(" ")} "$@"\n`, { mode: 0o700 });
	try {
		return await launchChromium(args, file);
	} finally {
		rmSync(folder, { recursive: true });
	}
}
