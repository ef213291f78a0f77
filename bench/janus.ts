/**
 * Debian's `janus` as a process of its own: one room of its VideoRoom plugin, publishers and subscribers on request.
 * What the forward bench sets the node beside. Driven over its WebSocket API.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import WebSocket from "ws";
import { freePort } from "../scripts/lib/free-port.ts";

const ROOM = 1;
const ONLY = { plugins: "libjanus_videoroom.so", transports: "libjanus_websockets.so" };

interface Description {
	type: "offer" | "answer";
	sdp: string;
}

interface JanusMessage {
	janus: string;
	transaction?: string;
	/** The handle that an event is about. */
	sender?: number;
	data?: { id: number };
	plugindata?: { data: { videoroom: string; error?: string } };
	jsep?: Description;
	error?: { reason: string };
}

/** The package's files; of one that was removed but not purged, only its configuration. */
function installed(): string[] {
	try {
		return execFileSync("dpkg-query", ["-L", "janus"], { encoding: "utf8", stdio: "pipe" }).split("\n");
	} catch {
		return [];
	}
}

/**
 * An address of this machine for the media, to which packets do not leave it either: Janus takes no loopback interface,
 * and libnice every address there is when none is given.
 */
function ownAddress(): string | undefined {
	const addresses = Object.values(networkInterfaces()).flatMap((it) => it ?? []);
	return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

/** Why there can be no Janus here. */
export function janusObstacle(): string | undefined {
	if (!installed().some((path) => basename(path) === ONLY.plugins)) {
		return "it is not installed (as root: apt-get install -y janus)";
	}
	return ownAddress() ? undefined : "there is no interface but loopback, which it does not use";
}

/** The package's. */
export function janusVersion(): string {
	return execFileSync("dpkg-query", ["-W", "janus"], { encoding: "utf8" }).trim().split("\t")[1] ?? "";
}

/** A folder of configuration, and of links to the modules it is to load: every other that lies there would start too. */
function configure(port: number, eventLoops: number | undefined): string {
	const folder = mkdtempSync(join(tmpdir(), "switchyard-janus-"));
	for (const kind of ["plugins", "transports", "events", "loggers"]) mkdirSync(join(folder, kind));
	const files = installed();
	for (const [kind, name] of Object.entries(ONLY)) {
		const module = files.find((path) => basename(path) === name);
		if (!module) throw new Error(`the package janus has no ${name}`);
		symlinkSync(module, join(folder, kind, name));
	}
	const write = (name: string, sections: readonly string[]) =>
		writeFileSync(join(folder, `${name}.jcfg`), `${sections.join("\n")}\n`);
	write("janus", [
		"general: {",
		...["plugins", "transports", "events", "loggers"].map((kind) => `${kind}_folder = "${folder}/${kind}"`),
		"debug_colors = false",
		// Sessions end with the process: nobody sends keep-alives.
		"session_timeout = 0",
		...(eventLoops === undefined ? [] : [`event_loops = ${eventLoops}`]),
		"}",
		`nat: { ice_lite = true, ice_enforce_list = "${ownAddress()}" }`,
	]);
	write("janus.transport.websockets", [
		`general: { ws = true, ws_port = ${port}, ws_ip = "127.0.0.1", wss = false }`,
		"admin: { admin_ws = false, admin_wss = false }",
	]);
	// Empty, since Janus reports a missing one as an error.
	write("janus.plugin.videoroom", []);
	return folder;
}

export class Janus {
	readonly #process: ChildProcess;
	readonly #folder: string;
	readonly #ws: WebSocket;
	#session: number | undefined;
	#transaction = 0;
	readonly #answers = new Map<string, (message: JanusMessage) => void>();
	/** By handle: its connection stands. */
	readonly #up = new Map<number, () => void>();

	private constructor(child: ChildProcess, folder: string, ws: WebSocket) {
		this.#process = child;
		this.#folder = folder;
		this.#ws = ws;
		ws.on("message", (data: Buffer) => {
			const message = JSON.parse(data.toString()) as JanusMessage;
			if (message.janus === "webrtcup") this.#up.get(message.sender ?? 0)?.();
			// What takes long is acknowledged first, and answered by an event of the same transaction.
			if (message.janus === "ack" || message.transaction === undefined) return;
			this.#answers.get(message.transaction)?.(message);
			this.#answers.delete(message.transaction);
		});
	}

	/** With a room that nobody is in. Without `eventLoops` each connection has a thread of its own: Janus's default. */
	static async start(eventLoops?: number): Promise<Janus> {
		const port = await freePort();
		const folder = configure(port, eventLoops);
		// It would outlive a bench that is killed; the others notice that their channel to it closes.
		const command = ["--pdeathsig", "TERM", "janus", "-F", folder, "-C", join(folder, "janus.jcfg")];
		const child = spawn("setpriv", command, { stdio: ["ignore", "pipe", "inherit"] });
		await new Promise<void>((resolve, reject) => {
			// Read to the end, or Janus waits for the pipe once it is full.
			createInterface(child.stdout).on("line", (line) => {
				if (line.startsWith("[FATAL]")) console.error(`janus: ${line}`);
				if (line.includes("WebSockets transport plugin initialized")) resolve();
			});
			child.once("error", reject);
			child.once("exit", (code, signal) => reject(new Error(`janus ended with ${code ?? signal} at its start`)));
		});
		const ws = new WebSocket(`ws://127.0.0.1:${port}`, "janus-protocol", { perMessageDeflate: false });
		await once(ws, "open");
		const janus = new Janus(child, folder, ws);
		const { data } = await janus.#ask({ janus: "create" });
		janus.#session = data?.id;
		// No limit of the bitrate, no key frames asked for on a timer: nothing that mediasoup does not do either.
		await janus.#message(await janus.#attach(), { request: "create", room: ROOM, bitrate: 0, fir_freq: 0 });
		return janus;
	}

	get pid(): number {
		return this.#process.pid ?? 0;
	}

	/** What a publisher offers, who takes the answer. Resolves when it can be subscribed to. */
	async publish(publisher: number, offer: string, take: (answer: string) => Promise<void>): Promise<void> {
		const handle = await this.#attach();
		// It is no feed before its connection stands at this side too.
		const up = new Promise<void>((resolve) => this.#up.set(handle, resolve));
		const body = { request: "joinandconfigure", ptype: "publisher", room: ROOM, id: publisher };
		const { jsep } = await this.#message(handle, body, { type: "offer", sdp: offer });
		if (!jsep) throw new Error("janus answered no offer");
		await Promise.all([take(jsep.sdp), up]);
	}

	/** All that a publisher sends, to a subscriber who answers the offer. */
	async subscribe(publisher: number, answer: (offer: string) => Promise<string>): Promise<void> {
		const handle = await this.#attach();
		const body = { request: "join", ptype: "subscriber", room: ROOM, streams: [{ feed: publisher }] };
		const { jsep } = await this.#message(handle, body);
		if (!jsep) throw new Error("janus made no offer");
		await this.#message(handle, { request: "start" }, { type: "answer", sdp: await answer(jsep.sdp) });
	}

	async stop(): Promise<void> {
		const gone = once(this.#process, "exit");
		this.#ws.terminate();
		this.#process.kill("SIGTERM");
		await gone;
		rmSync(this.#folder, { recursive: true });
	}

	async #attach(): Promise<number> {
		const { data } = await this.#ask({ janus: "attach", plugin: "janus.plugin.videoroom" });
		if (!data) throw new Error("janus attached no handle");
		return data.id;
	}

	#message(handle: number, body: Record<string, unknown>, jsep?: Description): Promise<JanusMessage> {
		return this.#ask({ janus: "message", handle_id: handle, body, jsep });
	}

	async #ask(request: Record<string, unknown>): Promise<JanusMessage> {
		const transaction = String(++this.#transaction);
		const answer = new Promise<JanusMessage>((resolve) => this.#answers.set(transaction, resolve));
		this.#ws.send(JSON.stringify({ ...request, session_id: this.#session, transaction }));
		const message = await answer;
		const error = message.error?.reason ?? message.plugindata?.data.error;
		if (error) throw new Error(`janus: ${error}`);
		return message;
	}
}
