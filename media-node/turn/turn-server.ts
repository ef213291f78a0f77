/**
 * The TURN server beside a node: Debian's coturn as a child process with a configuration of its own. It begins when the edge
 * has told the secret, is looked after by asking it, and is started again when it ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { Backoff } from "../link/backoff.ts";
import { type Log, log } from "../observability/logger.ts";
import { isUnspecified, type RelayAddress, relayAddresses } from "./addresses.ts";
import { coturnConfig } from "./config-file.ts";
import { isDenied } from "./peers.ts";
import { isPortFree } from "./port-free.ts";
import { answersStun } from "./probe.ts";
import type { TurnConfig } from "./settings.ts";

/** Between two looks at it, and how long it may take to answer, ms. */
const LOOK_MS = 1_000;
const ANSWER_MS = 1_000;
/** It may take so long to begin, ms; then, and after so many looks in vain later, it hangs. */
const BEGIN_MS = 15_000;
const MISSED = 5;
/** Between its end and the next start, ms, doubled up to the most, at random. */
const PAUSE_MS = { first: 1_000, most: 30_000 };
/** One that answered for so long has not ended for how it is set up. */
const STEADY_MS = 60_000;
/** Lines that are told when it ends by itself. */
const LAST_LINES = 10;
/** coturn calls every wrong credential an error. */
const SERIOUS = /CONFIG ERROR|FATAL|Cannot (bind|create|start|find any)|Bad configuration|unrecognized option/i;

/** Without it the server would outlive a node that is killed, and keep its port. In Debian's util-linux. */
const SETPRIV = "/usr/bin/setpriv";

export class TurnServer {
	readonly #config: TurnConfig;
	readonly #listenAddress: string;
	readonly #relays: RelayAddress[];
	readonly #folder: string;
	readonly #log: Log = log.child({ part: "turn" });
	readonly #backoff = new Backoff(PAUSE_MS.first, PAUSE_MS.most);
	readonly #onExit = () => this.#remove();
	#secret: string | undefined;
	#child: ChildProcess | undefined;
	#timer: NodeJS.Timeout | undefined;
	#lines: string[] = [];
	#stopped = false;
	#answers = false;
	/** Starts after the first. */
	restarts = 0;

	private constructor(config: TurnConfig, listenAddress: string, relays: RelayAddress[]) {
		this.#config = config;
		this.#listenAddress = listenAddress;
		this.#relays = relays;
		// Readable by nobody else: the secret is in it.
		this.#folder = mkdtempSync(join(tmpdir(), "switchyard-turn-"));
		process.once("exit", this.#onExit);
	}

	/** Finds out that it can run here, and waits for its secret. */
	static async prepare(config: TurnConfig, listenAddress: string, media: readonly string[]): Promise<TurnServer> {
		const bin = findExecutable(config.bin);
		if (!bin) throw new Error(NOT_FOUND(config.bin));
		for (const file of config.tls ? [config.tls.cert, config.tls.key] : []) accessSync(file, constants.R_OK);
		const server = new TurnServer(
			{ ...config, bin },
			listenAddress,
			await relayAddresses(config.addresses, listenAddress),
		);
		server.#warnOfDenied(media);
		return server;
	}

	/** It answers. */
	get up(): boolean {
		return this.#answers;
	}

	/** What it checks credentials with, told each time the node registers. */
	useSecret(secret: string): void {
		if (this.#stopped || secret === this.#secret) return;
		const first = this.#secret === undefined;
		this.#secret = secret;
		if (first) void this.#start();
		// It begins again with the other one.
		else this.#child?.kill("SIGTERM");
	}

	stop(): void {
		this.#stopped = true;
		this.#answers = false;
		clearTimeout(this.#timer);
		this.#child?.kill("SIGTERM");
	}

	async #start(): Promise<void> {
		const { port, bin, tls } = this.#config;
		const address = this.#listenAddress;
		const free = await Promise.all([port, ...(tls ? [tls.port] : [])].map((it) => isPortFree(it, address)));
		if (this.#stopped) return;
		if (free.includes(false)) {
			this.#log.error({ port, tls: tls?.port }, PORT_TAKEN);
			return this.#startLater();
		}
		const file = this.#file;
		writeFileSync(file, this.#configuration(), { mode: 0o600 });
		const command = [bin, "-c", file];
		const [program = "", ...args] = existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "KILL", ...command] : command;
		const child = spawn(program, args, { cwd: this.#folder, stdio: ["ignore", "pipe", "pipe"] });
		this.#child = child;
		this.#lines = [];
		for (const output of [child.stdout, child.stderr]) {
			createInterface({ input: output }).on("line", (line) => this.#onLine(line));
		}
		child.once("error", (error) => this.#log.error({ err: error }, "the TURN server did not start"));
		const since = Date.now();
		child.once("close", (code, signal) => this.#onEnd(since, code ?? signal));
		this.#watch(child, since);
	}

	get #file(): string {
		return join(this.#folder, "turnserver.conf");
	}

	#startLater(): void {
		this.#timer = setTimeout(() => {
			this.restarts++;
			void this.#start();
		}, this.#backoff.next());
	}

	#configuration(): string {
		const { secret: own, ...config } = this.#config;
		return coturnConfig({
			...config,
			folder: this.#folder,
			listen: isUnspecified(this.#listenAddress) ? undefined : this.#listenAddress,
			relays: this.#relays,
			secrets: [this.#secret, own].filter((secret) => secret !== undefined),
		});
	}

	/** Asks it again and again, whether it runs or hangs. */
	#watch(child: ChildProcess, since: number): void {
		const { port } = this.#config;
		const address = isUnspecified(this.#listenAddress) ? "127.0.0.1" : this.#listenAddress;
		let missed = 0;
		const look = async () => {
			const answers = await answersStun(address, port, ANSWER_MS);
			if (this.#child !== child || this.#stopped) return;
			missed = answers ? 0 : missed + 1;
			if (answers && !this.#answers) {
				this.#answers = true;
				// Read by now: whatever becomes of this process, no secret is left behind.
				rmSync(this.#file, { force: true });
				this.#log.info({ port, relays: this.#relays }, "the TURN server answers");
			}
			if (missed >= MISSED && (this.#answers || Date.now() - since > BEGIN_MS)) {
				this.#log.error("the TURN server hangs");
				child.kill("SIGKILL");
				return;
			}
			this.#timer = setTimeout(look, LOOK_MS);
		};
		void look();
	}

	#onLine(text: string): void {
		// "12: (345): INFO: …", seconds since its start.
		const line = text.replace(/^\d+: (\(\d+\))?: */, "").trim();
		if (line === "") return;
		this.#lines = [...this.#lines.slice(1 - LAST_LINES), line];
		if (SERIOUS.test(line)) this.#log.warn(line);
		else this.#log.debug(line);
	}

	#onEnd(since: number, how: number | string | null): void {
		clearTimeout(this.#timer);
		this.#child = undefined;
		this.#answers = false;
		if (this.#stopped) return this.#remove();
		if (Date.now() - since > STEADY_MS) this.#backoff.reset();
		this.#log.error({ how, lines: this.#lines }, "the TURN server ended; it is started again");
		this.#startLater();
	}

	#remove(): void {
		process.off("exit", this.#onExit);
		this.#child?.kill("SIGKILL");
		rmSync(this.#folder, { recursive: true, force: true });
	}

	/** Where that is so, relayed clients reach no media of this node. */
	#warnOfDenied(media: readonly string[]): void {
		const { allowedPeers } = this.#config;
		// What stands behind NAT coturn allows by itself.
		const mapped = this.#relays.filter(({ local, external }) => local !== external).map(({ external }) => external);
		const denied = media.filter((it) => isDenied(it) && !mapped.includes(it));
		const none = media.length > 0 && denied.length === media.length;
		if (none && allowedPeers.length === 0) this.#log.warn({ denied }, OWN_ADDRESS_DENIED);
	}
}

const NOT_FOUND = (bin: string) => `TURN_ENABLED: there is no ${bin}. It is in Debian's package coturn:

  apt-get install --no-install-recommends coturn
  systemctl disable --now coturn    # the package's own service, which takes port 3478
`;
const PORT_TAKEN =
	"another process has the TURN server's port; if it is Debian's own coturn: systemctl disable --now coturn";
const OWN_ADDRESS_DENIED =
	"this node's media addresses are private, and the TURN server does not relay to such; name them in TURN_ALLOWED_PEERS where clients are to be relayed to this node";

function findExecutable(name: string): string | undefined {
	const folders = name.includes("/") ? [""] : (process.env.PATH ?? "").split(delimiter);
	return folders.map((folder) => join(folder, name)).find((file) => isExecutable(file));
}

function isExecutable(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}
