/** An Odoo SFU's caller and client as its wire describes them, and nothing more. */
import type { LinkCommand } from "../../../shared/link.ts";
import { fetchEdge, newRoom, testEnv } from "./client.ts";
import { capabilities, type TestLink } from "./node.ts";

type Alphabet = "url" | "standard";

function encode(bytes: Uint8Array, alphabet: Alphabet): string {
	const text = btoa(String.fromCharCode(...bytes));
	return alphabet === "standard" ? text : text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export interface Signing {
	key?: Uint8Array<ArrayBuffer>;
	alphabet?: Alphabet;
	alg?: string;
}

export const globalKey = Uint8Array.from(atob(testEnv.AUTH_KEY), (c) => c.charCodeAt(0));

export async function sign(claims: object, { key = globalKey, alphabet = "url", alg = "HS256" }: Signing = {}) {
	const text = (value: object) => encode(new TextEncoder().encode(JSON.stringify(value)), alphabet);
	const signed = `${text({ alg, typ: "JWT" })}.${text(claims)}`;
	const format = { name: "HMAC", hash: "SHA-256" };
	const hmac = await crypto.subtle.importKey("raw", key, format, false, ["sign"]);
	const signature = await crypto.subtle.sign("HMAC", hmac, new TextEncoder().encode(signed));
	return `${signed}.${encode(new Uint8Array(signature), alphabet)}`;
}

export interface Made {
	uuid: string;
	url: string;
}

export async function makeChannel(
	claims: { iss?: unknown; key?: string } = {},
	query = "",
	headers: Record<string, string> = {},
): Promise<Made> {
	const jwt = await sign({ iss: newRoom(), ...claims });
	const response = await fetchEdge(`/v1/channel${query}`, { headers: { Authorization: `jwt ${jwt}`, ...headers } });
	if (response.status !== 200) throw new Error(`no channel: ${response.status}`);
	return response.json();
}

export interface Envelope {
	message?: { name?: string; payload?: unknown };
	needResponse?: string;
	responseTo?: string;
}

/** One socket. Envelopes are taken in order of arrival, whatever the batches they came in. */
export class OdooClient {
	readonly #ws: WebSocket;
	readonly #envelopes: Envelope[] = [];
	readonly #waiting: { test: (envelope: Envelope) => boolean; resolve: (envelope: Envelope) => void }[] = [];
	#requests = 0;
	/** Every envelope that came, with when. */
	readonly log: { at: number; envelope: Envelope }[] = [];
	readonly authenticated: Promise<void>;
	/** The close code. */
	readonly closed: Promise<number>;

	private constructor(ws: WebSocket) {
		this.#ws = ws;
		this.closed = new Promise((resolve) => ws.addEventListener("close", ({ code }) => resolve(code)));
		let authenticated: () => void;
		this.authenticated = new Promise((resolve) => {
			authenticated = resolve;
		});
		ws.addEventListener("message", ({ data }) => {
			if (data === "") authenticated();
			else for (const envelope of JSON.parse(data as string) as Envelope[]) this.#take(envelope);
		});
		ws.accept();
	}

	static async dial(path: string, fetchFrom = fetchEdge): Promise<OdooClient> {
		const response = await fetchFrom(path, { headers: { Upgrade: "websocket" } });
		if (!response.webSocket) throw new Error(`not upgraded: ${response.status}`);
		return new OdooClient(response.webSocket);
	}

	/** Authenticated, and whatever follows that is still to come. */
	static async enter(uuid: string, session: unknown, signing: Signing = {}, path = `/odoo/${uuid}`) {
		const client = await OdooClient.dial(path);
		client.raw(JSON.stringify({ channelUUID: uuid, jwt: await sign({ session_id: session }, signing) }));
		await client.authenticated;
		return client;
	}

	/** Connected with media, on a node that opens what it is asked to. */
	static async join(uuid: string, session: unknown, link: () => Promise<TestLink>): Promise<OdooClient> {
		const client = await OdooClient.enter(uuid, session);
		const node = await link();
		await node.open();
		await client.connect();
		await node.command("equip");
		return client;
	}

	/** Answers INIT_TRANSPORTS; its payload. */
	async connect(message: unknown = capabilities): Promise<unknown> {
		const init = await this.named("INIT_TRANSPORTS");
		this.respond(init, message);
		return init.message?.payload;
	}

	raw(data: string | ArrayBuffer): void {
		this.#ws.send(data);
	}
	send(...envelopes: object[]): void {
		this.raw(JSON.stringify(envelopes));
	}
	tell(name: string, payload?: unknown): void {
		this.send({ message: { name, payload } });
	}
	respond({ needResponse }: Envelope, message?: unknown): void {
		this.send({ message, responseTo: needResponse });
	}
	/** A request's answer. */
	ask(name: string, payload?: unknown): Promise<Envelope> {
		const id = `c_0_${this.#requests++}`;
		this.send({ message: { name, payload }, needResponse: id });
		return this.take(({ responseTo }) => responseTo === id);
	}
	close(code = 1000): void {
		this.#ws.close(code);
	}

	take(test: (envelope: Envelope) => boolean): Promise<Envelope> {
		const at = this.#envelopes.findIndex(test);
		const there = at >= 0 ? this.#envelopes.splice(at, 1)[0] : undefined;
		if (there) return Promise.resolve(there);
		return new Promise((resolve) => this.#waiting.push({ test, resolve }));
	}
	named(name: string): Promise<Envelope> {
		return this.take(({ message }) => message?.name === name);
	}
	async payload(name: string): Promise<unknown> {
		return (await this.named(name)).message?.payload;
	}
	/** Names of what came and was not taken. */
	get untaken(): (string | undefined)[] {
		return this.#envelopes.map(({ message, responseTo }) => message?.name ?? responseTo);
	}

	#take(envelope: Envelope): void {
		this.log.push({ at: Date.now(), envelope });
		const at = this.#waiting.findIndex(({ test }) => test(envelope));
		if (at >= 0) this.#waiting.splice(at, 1)[0]?.resolve(envelope);
		else this.#envelopes.push(envelope);
	}
}

export type Command<T extends LinkCommand["type"]> = Extract<LinkCommand, { type: T }>;
