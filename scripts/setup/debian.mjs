/** Debian packages, by what needs them. A new need is a new entry. */
import { Progress } from "./progress.mjs";
import { run, SetupError } from "./run.mjs";

const PACKAGES = {
	"building the mediasoup worker": [
		"flatbuffers-compiler",
		"g++",
		"libabsl-dev",
		"libflatbuffers-dev",
		"libsrtp2-dev",
		"libssl-dev",
		"libuv1-dev",
		"meson",
		"ninja-build",
		"pkg-config",
	],
	"browser tests": ["chromium", "openssl"],
	"TURN servers": ["coturn"],
	"media processing": [
		"ffmpeg",
		"gstreamer1.0-libav",
		"gstreamer1.0-opencv",
		"gstreamer1.0-plugins-bad",
		"gstreamer1.0-plugins-base",
		"gstreamer1.0-plugins-good",
		"gstreamer1.0-plugins-ugly",
		"gstreamer1.0-x",
		"opencv-data",
	],
	"event tests": ["rabbitmq-server"],
	"encoder tests": ["gstreamer1.0-nice"],
};

/**
 * Installs what is missing when this user may, and otherwise says how.
 * @param {keyof typeof PACKAGES} purpose
 */
export async function requirePackages(purpose) {
	const missing = await missingOf(PACKAGES[purpose]);
	if (missing.length === 0) return;
	const command = `apt-get install --no-install-recommends ${missing.join(" ")}`;
	if (process.getuid?.() !== 0) throw new SetupError(`${purpose} needs Debian packages; run:\n\n  sudo ${command}\n`);

	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
	const progress = new Progress(`installing Debian packages for ${purpose}`);
	await apt(["update"], env);
	await apt(["install", "-y", "--no-install-recommends", "-o", "APT::Status-Fd=3", ...missing], env, (line) => {
		// "dlstatus:<n>:<percent>:…" while it downloads, then "pmstatus:<package>:<percent>:…" while it unpacks.
		const [, phase, percent] = /^(dl|pm)status:[^:]*:([\d.]+):/.exec(line) ?? [];
		if (percent) progress.at((phase === "pm" ? 100 : 0) + Number(percent), 200);
	});
	progress.end();
}

/** @param {readonly string[]} names */
async function missingOf(names) {
	// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own fields
	const format = "${Package} ${db:Status-Status}\\n";
	// It fails when one name is unknown, and still tells about the others.
	const { output } = await run("dpkg-query", ["-W", "-f", format, ...names]);
	const installed = new Set(output.split("\n").filter((line) => line.endsWith(" installed")));
	return names.filter((name) => !installed.has(`${name} installed`));
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {(line: string) => void} [onLine]
 */
async function apt(args, env, onLine) {
	const { ok, output } = await run("apt-get", args, { env, onLine });
	if (!ok) throw new SetupError(`apt-get ${args.join(" ")} failed:\n${output}`);
}
