/** A TURN client over UDP (RFC 8656) as far as tests ask: what a server allows, by its own error codes. */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";

const COOKIE = 0x2112a442;
const METHOD = { allocate: 0x003, refresh: 0x004, permission: 0x008, send: 0x006, data: 0x007 } as const;
const ATTRIBUTE = {
	...{ username: 0x0006, integrity: 0x0008, error: 0x0009, lifetime: 0x000d, peer: 0x0012, data: 0x0013 },
	...{ realm: 0x0014, nonce: 0x0015, relayed: 0x0016, family: 0x0017, transport: 0x0019 },
} as const;
const CLASS = { request: 0x000, indication: 0x010, success: 0x100, error: 0x110 } as const;
const ANSWER_MS = 3_000;

export interface Address {
	address: string;
	port: number;
}

type Attributes = Map<number, Buffer>;
/** An address is written with the transaction, which is not known before. */
type Wish = [attribute: number, value: Buffer | Address];

/** What the server refused, and with which code. */
export class TurnRefusal extends Error {
	readonly code: number;

	constructor(code: number, reason: string) {
		super(`${code} ${reason}`);
		this.code = code;
	}
}

export class TurnClient {
	readonly #socket: Socket;
	readonly #server: Address;
	readonly #credential: { username: string; credential: string };
	#realm = "";
	#nonce: Buffer = Buffer.alloc(0);
	/** What peers sent. */
	readonly received: { from: Address; data: string }[] = [];

	private constructor(socket: Socket, server: Address, credential: { username: string; credential: string }) {
		this.#socket = socket;
		this.#server = server;
		this.#credential = credential;
		socket.on("message", (message) => {
			if ((message.readUInt16BE(0) & 0x3eef) !== METHOD.data) return;
			const attributes = read(message);
			const [from, data] = [attributes.get(ATTRIBUTE.peer), attributes.get(ATTRIBUTE.data)];
			if (from && data) this.received.push({ from: addressOf(from, message), data: data.toString() });
		});
	}

	static async dial(server: Address, credential: { username: string; credential: string }): Promise<TurnClient> {
		const socket = createSocket(isIPv6(server.address) ? "udp6" : "udp4");
		socket.bind(0);
		await once(socket, "listening");
		return new TurnClient(socket, server, credential);
	}

	/** The address at which peers reach this client. Throws a `TurnRefusal`, as all here. */
	async allocate(family: 4 | 6 = 4): Promise<Address> {
		const wish: Wish[] = [[ATTRIBUTE.transport, Buffer.from([17, 0, 0, 0])]];
		if (family === 6) wish.push([ATTRIBUTE.family, Buffer.from([2, 0, 0, 0])]);
		const { attributes, message } = await this.#request(METHOD.allocate, wish);
		const relayed = attributes.get(ATTRIBUTE.relayed);
		if (!relayed) throw new Error("no relayed address");
		return addressOf(relayed, message);
	}

	/** Lets a peer send to this client, and this client to it. */
	async permit(address: string): Promise<void> {
		await this.#request(METHOD.permission, [[ATTRIBUTE.peer, { address, port: 0 }]]);
	}

	/** To a permitted peer. */
	send(to: Address, data: string): void {
		const message = write(METHOD.send | CLASS.indication, randomBytes(12), [
			[ATTRIBUTE.peer, to],
			[ATTRIBUTE.data, Buffer.from(data)],
		]);
		this.#socket.send(message, this.#server.port, this.#server.address);
	}

	/** Ends the allocation. */
	async close(): Promise<void> {
		await this.#request(METHOD.refresh, [[ATTRIBUTE.lifetime, Buffer.alloc(4)]]).catch(() => {});
		this.#socket.close();
	}

	async #request(method: number, wish: Wish[]): Promise<{ attributes: Attributes; message: Buffer }> {
		for (let proven = this.#realm !== ""; ; proven = true) {
			const answer = await this.#ask(method, wish, proven);
			const attributes = read(answer);
			const error = attributes.get(ATTRIBUTE.error);
			if (!error) return { attributes, message: answer };
			const code = (error[2] ?? 0) * 100 + (error[3] ?? 0);
			// 401 asks for the proof, 438 for it with another nonce.
			const again = (code === 401 && !proven) || code === 438;
			if (!again) throw new TurnRefusal(code, error.subarray(4).toString());
			this.#realm = attributes.get(ATTRIBUTE.realm)?.toString() ?? "";
			this.#nonce = attributes.get(ATTRIBUTE.nonce) ?? Buffer.alloc(0);
		}
	}

	async #ask(method: number, wish: Wish[], proven: boolean): Promise<Buffer> {
		const transaction = randomBytes(12);
		const { username, credential } = this.#credential;
		const proof: Wish[] = [
			[ATTRIBUTE.username, Buffer.from(username)],
			[ATTRIBUTE.realm, Buffer.from(this.#realm)],
			[ATTRIBUTE.nonce, this.#nonce],
		];
		const key = createHash("md5").update(`${username}:${this.#realm}:${credential}`).digest();
		const message = write(method, transaction, proven ? [...wish, ...proof] : wish, proven ? key : undefined);
		const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
		const onMessage = (answer: Buffer, _from: RemoteInfo) => {
			if (answer.subarray(8, 20).equals(transaction)) resolve(answer);
		};
		this.#socket.on("message", onMessage);
		const timer = setTimeout(() => reject(new Error("the TURN server does not answer")), ANSWER_MS);
		this.#socket.send(message, this.#server.port, this.#server.address);
		return promise.finally(() => {
			clearTimeout(timer);
			this.#socket.off("message", onMessage);
		});
	}
}

function write(type: number, transaction: Buffer, attributes: Wish[], key?: Buffer): Buffer {
	const parts = attributes.map(([name, wish]) => {
		const value = Buffer.isBuffer(wish) ? wish : encode(wish, transaction);
		const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
		padded.writeUInt16BE(name, 0);
		padded.writeUInt16BE(value.length, 2);
		value.copy(padded, 4);
		return padded;
	});
	const body = Buffer.concat(parts);
	const header = Buffer.alloc(20);
	header.writeUInt16BE(type, 0);
	// RFC 8489 section 14.5: the length that the signature covers counts the signature.
	header.writeUInt16BE(body.length + (key ? 24 : 0), 2);
	header.writeUInt32BE(COOKIE, 4);
	transaction.copy(header, 8);
	const message = Buffer.concat([header, body]);
	if (!key) return message;
	const integrity = Buffer.concat([
		Buffer.from([0, ATTRIBUTE.integrity, 0, 20]),
		createHmac("sha1", key).update(message).digest(),
	]);
	return Buffer.concat([message, integrity]);
}

function read(message: Buffer): Attributes {
	const attributes: Attributes = new Map();
	for (let at = 20; at + 4 <= message.length; ) {
		const length = message.readUInt16BE(at + 2);
		attributes.set(message.readUInt16BE(at), message.subarray(at + 4, at + 4 + length));
		at += 4 + Math.ceil(length / 4) * 4;
	}
	return attributes;
}

/** RFC 8489 section 14.2. */
function encode({ address, port }: Address, transaction: Buffer): Buffer {
	const bytes = isIPv6(address) ? wordsOf(address) : address.split(".").map(Number);
	const mask = maskOf(transaction);
	const head = Buffer.from([0, bytes.length === 4 ? 1 : 2, 0, 0]);
	head.writeUInt16BE(port ^ (COOKIE >>> 16), 2);
	return Buffer.concat([head, Buffer.from(bytes.map((byte, i) => byte ^ (mask[i] ?? 0)))]);
}

function maskOf(transaction: Buffer): Buffer {
	const cookie = Buffer.alloc(4);
	cookie.writeUInt32BE(COOKIE);
	return Buffer.concat([cookie, transaction]);
}

/** Without an IPv4 part. */
function wordsOf(address: string): number[] {
	const [head = "", tail] = address.split("::").map((half) => (half === "" ? [] : half.split(":")));
	const zeros = tail ? Array(8 - head.length - tail.length).fill("0") : [];
	return [...head, ...zeros, ...(tail ?? [])].flatMap((word) => {
		const value = Number.parseInt(word, 16);
		return [value >>> 8, value & 0xff];
	});
}

function addressOf(value: Buffer, message: Buffer): Address {
	const port = value.readUInt16BE(2) ^ (COOKIE >>> 16);
	const mask = message.subarray(4, 20);
	const bytes = [...value.subarray(4)].map((byte, i) => byte ^ (mask[i] ?? 0));
	if (bytes.length === 4) return { address: bytes.join("."), port };
	const words = Array.from({ length: 8 }, (_, i) =>
		(((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
	);
	return { address: words.join(":"), port };
}
