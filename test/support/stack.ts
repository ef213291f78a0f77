/** A whole Switchyard for one test file: a real edge (workerd) and real media nodes, on free ports and in memory. */
import { randomBytes } from "node:crypto";
import { type Edge, startEdge } from "../../scripts/lib/edge.ts";
import { type MediaNodeOptions, MediaNodeProcess } from "../../scripts/lib/media-node.ts";
import { Rights } from "../../shared/tokens.ts";
import { mintParticipantToken } from "../../worker/auth/tokens.ts";

export interface StackOptions {
	/** How many media nodes; 1 unless given. */
	nodes?: number;
	/** Variables of the edge. */
	vars?: Record<string, string>;
	/** Environment of the nodes. */
	nodeEnv?: Record<string, string>;
	/** Of the edge; 127.0.0.1 unless given. */
	host?: string;
	/** Stands for everything outside that the edge fetches. */
	outside?: (request: Request) => Response | Promise<Response>;
	/** Keeps the objects' storage over `edge.restart()`. */
	dataDir?: string;
}

export class Stack {
	readonly edge: Edge;
	readonly authKey: string;
	readonly nodes: MediaNodeProcess[] = [];
	readonly #nodeEnv: Record<string, string>;

	private constructor(edge: Edge, authKey: string, nodeEnv: Record<string, string>) {
		this.edge = edge;
		this.authKey = authKey;
		this.#nodeEnv = nodeEnv;
	}

	/** With every node registered. */
	static async start({ nodes = 1, vars, nodeEnv = {}, host, dataDir, outside }: StackOptions = {}): Promise<Stack> {
		const authKey = randomBytes(32).toString("base64");
		const edge = await startEdge({
			port: 0,
			host,
			dataDir,
			outside,
			vars: { DEMO: "true", ...vars, AUTH_KEY: authKey },
		});
		const stack = new Stack(edge, authKey, nodeEnv);
		try {
			await Promise.all(Array.from({ length: nodes }, (_, i) => stack.addNode(`node-${i + 1}`)));
		} catch (error) {
			await stack.stop();
			throw error;
		}
		return stack;
	}

	get url(): string {
		return this.edge.url;
	}

	/** Resolves when its fleet knows it. */
	async addNode(
		id: string,
		env: Record<string, string> = {},
		region?: string,
		command?: string[],
	): Promise<MediaNodeProcess> {
		const options = {
			...{ edge: this.url, authKey: this.authKey, id, region, command },
			env: { ANNOUNCED_ADDRESS: "127.0.0.1", WORKERS: "1", ...this.#nodeEnv, ...env },
		};
		try {
			return await this.#start(options);
		} catch (error) {
			// Hooks are not tried again as tests are. The report has what it died of.
			console.error(error);
			return await this.#start(options);
		}
	}

	async #start(options: MediaNodeOptions): Promise<MediaNodeProcess> {
		const node = await MediaNodeProcess.start(options);
		this.nodes.push(node);
		try {
			await node.registered;
		} catch (error) {
			this.nodes.splice(this.nodes.indexOf(node), 1);
			throw error;
		}
		return node;
	}

	/** A participant's token, as a back end makes it. */
	async tokenFor(room: string, identity: string, rights: Partial<Rights> = {}, region?: string): Promise<string> {
		const grant = { room, identity, rights: Rights.parse(rights), region, ttl: 600 };
		const { token } = await mintParticipantToken({ AUTH_KEY: this.authKey }, grant);
		return token;
	}

	/** REST, with the API key; `path` begins with `/v1`. */
	rest(path: string, init: RequestInit = {}): Promise<Response> {
		const headers = { authorization: `Bearer ${this.authKey}`, "content-type": "application/json", ...init.headers };
		return fetch(`${this.url}${path}`, { ...init, headers });
	}

	async stop(): Promise<void> {
		await Promise.all(this.nodes.map((node) => node.stop()));
		await this.edge.dispose();
	}
}
