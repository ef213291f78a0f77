import { type Browser, chromium } from "playwright-core";

/** Chromium with fake devices, nothing of its own on the network, and ICE over loopback. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
	return chromium.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
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
