/** A RabbitMQ of a test's own: its port, its directory, its Erlang port mapper. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type ConsumeMessage, connect } from "amqplib";
import { freePort } from "../../scripts/lib/free-port.ts";

const SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";

export class Rabbitmq {
	readonly #directory: string;
	readonly #env: NodeJS.ProcessEnv;
	readonly url: string;
	#process: ChildProcess | undefined;
	#guard: ChildProcess | undefined;

	private constructor(port: number, epmdPort: number, distPort: number) {
		this.#directory = mkdtempSync(join(tmpdir(), "switchyard-rabbitmq-"));
		this.url = `amqp://guest:guest@127.0.0.1:${port}`;
		const at = (name: string) => join(this.#directory, name);
		mkdirSync(at("home"));
		writeFileSync(at("plugins"), "[].");
		writeFileSync(at("env"), "");
		this.#env = {
			PATH: process.env.PATH,
			// Where Erlang keeps its cookie.
			HOME: at("home"),
			ERL_EPMD_PORT: String(epmdPort),
			// It may be ended while it still counts a broker that was killed.
			ERL_EPMD_RELAXED_COMMAND_CHECK: "1",
			RABBITMQ_NODENAME: `switchyard-${port}@localhost`,
			RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
			RABBITMQ_NODE_PORT: String(port),
			RABBITMQ_DIST_PORT: String(distPort),
			RABBITMQ_MNESIA_BASE: at("mnesia"),
			RABBITMQ_LOG_BASE: at("log"),
			RABBITMQ_GENERATED_CONFIG_DIR: at("generated"),
			RABBITMQ_CONFIG_FILE: at("rabbitmq"),
			RABBITMQ_ADVANCED_CONFIG_FILE: at("advanced.config"),
			RABBITMQ_CONF_ENV_FILE: at("env"),
			RABBITMQ_ENABLED_PLUGINS_FILE: at("plugins"),
		};
	}

	static async start(): Promise<Rabbitmq> {
		const broker = new Rabbitmq(await freePort(), await freePort(), await freePort());
		await broker.start();
		return broker;
	}

	/** Again, with what was on its disk, when it does not run. */
	async start(): Promise<void> {
		if (this.#process?.exitCode === null && this.#process.signalCode === null) return;
		const child = spawn(SERVER, {
			cwd: this.#directory,
			env: this.#env,
			stdio: ["ignore", "pipe", "pipe"],
			// What is started is a script, and the broker its child: signals are for both.
			detached: true,
		});
		this.#process = child;
		// Holds this process's end of a pipe: a test run that is killed takes its broker along.
		const guard = `cat; kill -9 -${child.pid}; epmd -kill`;
		this.#guard = spawn("sh", ["-c", guard], { env: this.#env, stdio: ["pipe", "ignore", "ignore"], detached: true });
		const said: string[] = [];
		await new Promise<void>((resolve, reject) => {
			createInterface({ input: child.stdout }).on("line", (line) => {
				said.push(line);
				if (line.includes("completed with")) resolve();
			});
			createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
			child.once("exit", (code) => reject(new Error(`RabbitMQ ended with ${code}:\n${said.slice(-20).join("\n")}`)));
		});
	}

	/** SIGTERM is an orderly stop, SIGKILL a crash. */
	async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
		const child = this.#process;
		this.#process = undefined;
		this.#guard?.kill("SIGKILL");
		if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
		// Closed when nobody has its output any more, the broker either.
		const closed = once(child, "close");
		process.kill(-child.pid, signal);
		await closed;
	}

	/** Everything that a queue has, which it has no more then. */
	async drain(queue: string): Promise<ConsumeMessage[]> {
		const connection = await connect(this.url);
		const channel = await connection.createChannel();
		const { messageCount } = await channel.checkQueue(queue);
		const messages: ConsumeMessage[] = [];
		if (messageCount > 0) {
			await new Promise<void>((resolve, reject) => {
				const take = (message: ConsumeMessage | null) => {
					if (!message) return;
					messages.push(message);
					channel.ack(message);
					if (messages.length === messageCount) resolve();
				};
				channel.consume(queue, take).catch(reject);
			});
		}
		await channel.close();
		await connection.close();
		return messages;
	}

	/** With what is in it: one that is full refuses what all others would take. */
	async remove(queue: string): Promise<void> {
		const connection = await connect(this.url);
		const channel = await connection.createChannel();
		await channel.deleteQueue(queue);
		await connection.close();
	}

	async dispose(): Promise<void> {
		await this.stop("SIGKILL");
		// Started by the first of its nodes, and stays otherwise.
		spawnSync("epmd", ["-kill"], { env: this.#env });
		rmSync(this.#directory, { recursive: true, force: true });
	}
}
