/**
 * A network of namespaces for one run: the edge and the clients in one, each media node in one of its own, and between
 * them a router, in another, where links are cut, slowed and made lossy. So a fault is of the path: neither side's own
 * stack knows of it, and what is cut is told apart by addresses alone:
 *
 *     clients 10.76.0.2 ┐                    ┌ 10.77.1.2 first node (10.77.1.9: its HTTP, for the run's own look)
 *     edge    10.76.0.3 ┴─────── router ─────┼ 10.77.2.2 second node
 *                                            └ …
 *
 * Rules are those of `ip rule`, which every kernel that routes has. Nothing is made in the machine's own namespace, and
 * all names begin with `sw` and the process id of whoever made them, which removes them, or the next run does.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";

const CLIENTS = "10.76.0.2";
const EDGE = "10.76.0.3";
const NODES = "10.77.0.0/16";
/** Priorities of rules: cuts come before detours. */
const CUT = 100;
const BACK = 200;
const DETOUR = 201;

/** What a node is reached by. */
export interface Site {
	name: string;
	/** Of media and pipes; what it dials the edge from. */
	address: string;
	/** Of its HTTP: no fault is for this one. */
	operator: string;
	/** Begins a command line that is to run there. */
	command: string[];
}

export interface LinkQuality {
	delayMs?: number;
	jitterMs?: number;
	/** Percent. */
	loss?: number;
}

/** How packets are refused: silently, or as a firewall does that says so. */
export type Refusal = "drop" | "reject";

type Undo = () => void;

/** Why namespaces cannot be made here, with what to do about it. */
export function whyNoNetwork(): string | undefined {
	if (process.platform !== "linux") return "network namespaces are of Linux";
	if (process.getuid?.() !== 0) return "network namespaces need root: sudo npm test -- chaos, or sudo npm run chaos";
	for (const [tool, of] of [
		["ip", "iproute2"],
		["tc", "iproute2"],
		["nsenter", "util-linux"],
	] as const) {
		if (!runs(tool, ["-V"])) return `no ${tool} here: apt-get install ${of}`;
	}
	try {
		makeCore(process.pid);
		return undefined;
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		return `namespaces cannot be made; a container needs --privileged: ${reason.trim()}`;
	} finally {
		removeAllOf(process.pid);
	}
}

/** Runs a command line in the clients' namespace of a network made for it and taken away after it. */
export async function inNetwork(command: string[], onMessage: (message: unknown) => void = () => {}): Promise<number> {
	const owner = process.pid;
	sweep();
	const remove = () => removeAllOf(owner);
	const end = () => process.exit(130);
	process.once("exit", remove);
	process.once("SIGINT", end);
	process.once("SIGTERM", end);
	try {
		makeCore(owner);
		const [file = "", ...args] = [...inside(nameOf(owner, "clients")), ...command];
		const child = spawn(file, args, {
			stdio: ["ignore", "inherit", "inherit", "ipc"],
			env: { ...process.env, [OWNER]: String(owner) },
		});
		child.on("message", onMessage);
		const [code] = (await once(child, "exit")) as [number | null];
		return code ?? 1;
	} finally {
		process.off("exit", remove);
		process.off("SIGINT", end);
		process.off("SIGTERM", end);
		remove();
	}
}

/** Set where `inNetwork` runs something: whose network it is in. */
const OWNER = "CHAOS_NETWORK";

export class Network {
	readonly edgeAddress = EDGE;
	readonly #owner: number;
	readonly #sites = new Map<string, Site & { index: number }>();
	#count = 0;
	#cuts = 0;
	#moves = 0;

	private constructor(owner: number) {
		this.#owner = owner;
	}

	/** The network this process is in, when it was started by `inNetwork`. */
	static here(): Network | undefined {
		const owner = process.env[OWNER];
		return owner === undefined ? undefined : new Network(Number(owner));
	}

	/** A place for a node; it goes with `remove`, or the whole network. */
	add(name: string): Site {
		const index = ++this.#count;
		const namespace = nameOf(this.#owner, `n${index}`);
		const net = `10.77.${index}`;
		join(this.#owner, namespace, `n${index}`, net, ["2", "9"]);
		const site = { name, index, address: `${net}.2`, operator: `${net}.9`, command: inside(namespace) };
		this.#sites.set(name, site);
		return site;
	}

	/** Its node is gone. */
	remove(name: string): void {
		const site = this.#sites.get(name);
		this.#sites.delete(name);
		if (site) ip("netns", "del", nameOf(this.#owner, `n${site.index}`));
	}

	/** It is somewhere else from now on: its address is gone, with all that came from it, and it has this one instead. */
	readdress(name: string): string {
		const { index, command } = this.#site(name);
		const net = `10.77.${index}`;
		const address = `${net}.${100 + this.#moves++}`;
		run([...command, "ip", "address", "flush", "dev", "eth0"]);
		run([...command, "ip", "address", "add", `${address}/24`, "dev", "eth0"]);
		run([...command, "ip", "route", "add", "default", "via", `${net}.1`]);
		return address;
	}

	/** Nothing between a node and the edge. What is refused ends sockets at once; what is dropped leaves them hanging. */
	cutFromEdge(name: string, how: Refusal): Undo {
		const { address, command } = this.#site(name);
		const undo = this.#cut(address, EDGE, how);
		if (how === "reject") {
			run([...command, "ss", "-K", "dst", EDGE]);
			run([...inside(nameOf(this.#owner, "clients")), "ss", "-K", "src", EDGE, "dst", address]);
		}
		return undo;
	}

	/** No media between a node and any client. */
	cutFromClients(name: string): Undo {
		return this.#cut(this.#site(name).address, CLIENTS, "drop");
	}

	/** No pipes between a node and the others. */
	cutFromNodes(name: string): Undo {
		return this.#cut(this.#site(name).address, NODES, "drop");
	}

	/** All that a node sends and gets, but for its HTTP: by netem, or by a wire of our own where the kernel has none. */
	async impair(name: string, quality: LinkQuality): Promise<() => Promise<void>> {
		const { index, address, command } = this.#site(name);
		const hub = inside(nameOf(this.#owner, "hub"));
		if (!this.#hasNetem()) return this.#wire(index, address, quality);
		const { delayMs = 0, jitterMs = 0, loss = 0 } = quality;
		const netem = ["netem", "delay", `${delayMs}ms`, `${jitterMs}ms`, "loss", `${loss}%`, "limit", "10000"];
		const ends = [
			[...hub, "tc", "qdisc", "replace", "dev", `n${index}`, "root"],
			[...command, "tc", "qdisc", "replace", "dev", "eth0", "root"],
		];
		for (const end of ends) run([...end, ...netem]);
		return async () => {
			for (const end of ends) run(end.map((word) => (word === "replace" ? "del" : word)));
		};
	}

	#hasNetem(): boolean {
		const [file = "", ...args] = [...inside(nameOf(this.#owner, "hub")), "tc", "qdisc"];
		if (!runs(file, [...args, "add", "dev", "lo", "root", "netem", "delay", "1ms"])) return false;
		run([file, ...args, "del", "dev", "lo", "root"]);
		return true;
	}

	/** A detour through a device whose packets a process of ours holds back. */
	async #wire(index: number, address: string, quality: LinkQuality): Promise<() => Promise<void>> {
		const hub = inside(nameOf(this.#owner, "hub"));
		const device = `wire${index}`;
		const table = String(1_000 + index);
		const { delayMs = 0, jitterMs = 0, loss = 0 } = quality;
		const script = new URL("wire.pl", import.meta.url).pathname;
		const [file = "", ...args] = [...hub, "perl", script, device, ...[delayMs, jitterMs, loss].map(String)];
		const wire: ChildProcess = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
		const exited = once(wire, "exit");
		// Its only word: the device is there.
		await Promise.race([
			once(wire.stdout as NodeJS.ReadableStream, "data"),
			exited.then(() => Promise.reject(new Error("a slow link needs netem in the kernel, or perl and /dev/net/tun"))),
		]);
		run([...hub, "ip", "link", "set", device, "up"]);
		run([...hub, "ip", "route", "add", "default", "dev", device, "table", table]);
		const rules = [
			["pref", String(BACK), "iif", device, "lookup", "main"],
			["pref", String(DETOUR), "from", address, "lookup", table],
			["pref", String(DETOUR), "to", address, "lookup", table],
		];
		for (const rule of rules) run([...hub, "ip", "rule", "add", ...rule]);
		return async () => {
			for (const rule of rules) run([...hub, "ip", "rule", "del", ...rule]);
			// The device and its routes go with it.
			wire.stdin?.end();
			await exited;
		};
	}

	#cut(one: string, other: string, how: Refusal): Undo {
		const hub = inside(nameOf(this.#owner, "hub"));
		// Priorities of their own: a rule is removed by what it says, and two cuts may say the same.
		const pref = String(CUT + (this.#cuts++ % (BACK - CUT)));
		const action = how === "drop" ? "blackhole" : "prohibit";
		const ways = [
			["from", one, "to", other],
			["from", other, "to", one],
		];
		for (const way of ways) run([...hub, "ip", "rule", "add", "pref", pref, ...way, action]);
		return () => {
			for (const way of ways) run([...hub, "ip", "rule", "del", "pref", pref, ...way, action]);
		};
	}

	#site(name: string): Site & { index: number } {
		const site = this.#sites.get(name);
		if (!site) throw new Error(`no node ${name} in this network`);
		return site;
	}
}

/** The router, and the side of edge and clients. */
function makeCore(owner: number): void {
	const hub = nameOf(owner, "hub");
	const clients = nameOf(owner, "clients");
	ip("netns", "add", hub);
	for (const setting of ["ip_forward=1", "conf.all.rp_filter=0", "conf.default.rp_filter=0"]) {
		const [name = "", value = ""] = setting.split("=");
		const file = `/proc/sys/net/ipv4/${name.replaceAll(".", "/")}`;
		run([...inside(hub), "sh", "-c", `echo ${value} > ${file}`]);
	}
	join(owner, clients, "clients", "10.76.0", ["2", "3"]);
}

/** A namespace with a link to the router. */
function join(owner: number, namespace: string, link: string, net: string, hosts: string[]): void {
	const hub = nameOf(owner, "hub");
	ip("netns", "add", namespace);
	ip("-n", hub, "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace);
	ip("-n", hub, "address", "add", `${net}.1/24`, "dev", link);
	ip("-n", hub, "link", "set", link, "up");
	ip("-n", namespace, "link", "set", "lo", "up");
	// The first is what its packets come from.
	for (const host of hosts) ip("-n", namespace, "address", "add", `${net}.${host}/24`, "dev", "eth0");
	ip("-n", namespace, "link", "set", "eth0", "up");
	ip("-n", namespace, "route", "add", "default", "via", `${net}.1`);
}

/** What runs of processes that are gone have left. */
function sweep(): void {
	const owners = new Set(namespaces().flatMap((name) => /^sw(\d+)-/.exec(name)?.[1] ?? []));
	for (const owner of owners) {
		try {
			process.kill(Number(owner), 0);
		} catch {
			removeAllOf(Number(owner));
		}
	}
}

/** All namespaces of an owner, and what still runs in them; their links go with them. */
function removeAllOf(owner: number): void {
	const own = () => namespaces().filter((name) => name.startsWith(`sw${owner}-`));
	// Again, for what was being made at that moment by those that are ended here.
	for (let names = own(); names.length > 0; names = own()) {
		for (const name of names) {
			for (const pid of ip("netns", "pids", name).split("\n").filter(Boolean)) {
				try {
					process.kill(Number(pid), "SIGKILL");
				} catch {
					// Gone by itself meanwhile.
				}
			}
		}
		for (const name of names) ip("netns", "del", name);
	}
}

function namespaces(): string[] {
	return ip("netns", "list")
		.split("\n")
		.flatMap((line) => line.split(" ")[0] || []);
}

function nameOf(owner: number, part: string): string {
	return `sw${owner}-${part}`;
}

/** Other than `ip netns exec`, it leaves the mounts alone, so that namespaces can be made from within. */
function inside(namespace: string): string[] {
	return ["nsenter", `--net=/run/netns/${namespace}`];
}

function ip(...args: string[]): string {
	return run(["ip", ...args]);
}

function run([file = "", ...args]: string[]): string {
	return execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function runs(file: string, args: string[]): boolean {
	try {
		run([file, ...args]);
		return true;
	} catch {
		return false;
	}
}
