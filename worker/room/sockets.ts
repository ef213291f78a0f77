/** The room's hibernating sockets: who each is, sending with a bound on what is unread, closing well. */
import { CLOSE } from "../../shared/close-codes.ts";
import type { Grant } from "./rpc.ts";

/** A client that has not joined. */
export interface Guest {
	kind: "guest";
	dialect: string;
	openedAt: number;
	grant: Grant;
	/** Opened ahead of its join. */
	endpoint?: string;
}

/** What outlives memory with the socket itself (at most 16,384 bytes). */
export type Attachment =
	| Guest
	/** A joined client's socket. Presence rides here since it is never stored. */
	| { kind: "member"; dialect: string; participant: string; session: string; since: number; presence?: unknown }
	| { kind: "link"; node: string; epoch: number; since: number }
	/** Closing: nothing it sends is read any more. */
	| { kind: "done" };

const OPEN = 1;
/** Over this many times the limit a socket is cut even though it may have read: no signaling needs so much at once. */
const BURST = 8;

/** What was sent to a socket since it last gave a sign. */
interface Unproven {
	bytes: number;
	since: number;
}

export class Sockets {
	readonly #ctx: DurableObjectState;
	readonly #maxBuffered: number;
	/** A peer that reads gives a sign in this time, ms: its heartbeat is answered behind what waits for it. */
	readonly #patience: number;
	readonly #unproven = new WeakMap<WebSocket, Unproven>();
	readonly #heard = new WeakMap<WebSocket, number>();
	readonly #known = new WeakMap<WebSocket, Attachment>();
	readonly #members = new Map<string, WebSocket>();
	readonly #links = new Map<number, WebSocket>();
	readonly #guests = new Set<WebSocket>();
	/** The code that a socket of a dialect closes with. */
	closeCode: (dialect: string, code: number) => number = (_, code) => code;
	/** Clients of a dialect give signs of life by themselves. */
	heartbeats: (dialect: string) => boolean = () => true;
	/** A guest came or went. */
	onGuests: () => void = () => {};
	/** Called for a guest whose socket closes, by either side: nobody joins on it any more. */
	onGuestGone: (guest: Guest) => void = () => {};
	/** Called once for a socket that is cut because it does not read. */
	onSlow: (ws: WebSocket) => void = () => {};

	constructor(ctx: DurableObjectState, limits: { maxBufferedBytes: number; heartbeatMs: number }) {
		this.#ctx = ctx;
		this.#maxBuffered = limits.maxBufferedBytes;
		this.#patience = 1.5 * limits.heartbeatMs;
		for (const ws of ctx.getWebSockets()) {
			if (ws.readyState === OPEN) this.#index(ws, this.of(ws));
		}
	}

	accept(ws: WebSocket, attachment: Attachment): void {
		this.#ctx.acceptWebSocket(ws);
		this.attach(ws, attachment);
	}

	/** Says anew who a socket is. */
	attach(ws: WebSocket, attachment: Attachment): void {
		this.#unindex(ws);
		ws.serializeAttachment(attachment);
		this.#known.set(ws, attachment);
		this.#index(ws, attachment);
	}

	of(ws: WebSocket): Attachment {
		let attachment = this.#known.get(ws);
		if (!attachment) {
			attachment = (ws.deserializeAttachment() as Attachment | null) ?? { kind: "done" };
			this.#known.set(ws, attachment);
		}
		return attachment;
	}

	member(session: string): WebSocket | undefined {
		return this.#members.get(session);
	}
	link(epoch: number): WebSocket | undefined {
		return this.#links.get(epoch);
	}
	all(): WebSocket[] {
		return this.#ctx.getWebSockets().filter((ws) => ws.readyState === OPEN);
	}
	guests(): { ws: WebSocket; guest: Guest }[] {
		return [...this.#guests].flatMap((ws) => {
			const attachment = this.of(ws);
			return attachment.kind === "guest" ? [{ ws, guest: attachment }] : [];
		});
	}

	/** Sends when the socket is open; false when it is not, or had to be cut. */
	send(ws: WebSocket, text: string): boolean {
		if (ws.readyState !== OPEN) return false;
		if (this.#isSlow(ws, text.length)) {
			this.onSlow(ws);
			return false;
		}
		try {
			ws.send(text);
			return true;
		} catch {
			// It closed between the check and the call; its close event tells the rest.
			return false;
		}
	}

	/** Closes, and forgets who it was: its close event then changes nothing. */
	close(ws: WebSocket, code: number, reason = ""): void {
		const was = this.of(ws);
		const own = "dialect" in was ? this.closeCode(was.dialect, code) : code;
		// A dialect with codes of its own has its own way to say why.
		this.closeAs(ws, own, own === code ? reason.slice(0, 40) : "");
	}

	/** With a code that is the dialect's own already. */
	closeAs(ws: WebSocket, code: number, reason = ""): void {
		const was = this.of(ws);
		this.attach(ws, { kind: "done" });
		if (was.kind === "guest") this.onGuestGone(was);
		try {
			ws.close(code, reason);
		} catch {
			// Closed already.
		}
	}

	/**
	 * Answers the peer's Close (RFC 6455 section 5.5.1): the hibernation API does not, and the peer would end with
	 * 1006. Codes that must not appear on the wire become 1000.
	 */
	closed(ws: WebSocket, code: number): Attachment {
		const was = this.of(ws);
		this.#unindex(ws);
		this.#known.set(ws, { kind: "done" });
		if (was.kind === "guest") this.onGuestGone(was);
		try {
			ws.close(code === 1005 || code === 1006 || code === 1015 ? CLOSE.normal : code);
		} catch {
			// The handshake is complete.
		}
		return was;
	}

	/** A message came from it. */
	heard(ws: WebSocket): void {
		this.#heard.set(ws, Date.now());
	}

	/** When a member's or node's socket last gave a sign: a heartbeat, a message as far as memory goes, or its beginning. */
	lastSign(ws: WebSocket): number | undefined {
		const who = this.of(ws);
		if (who.kind !== "member" && who.kind !== "link") return undefined;
		const heartbeat = this.#ctx.getWebSocketAutoResponseTimestamp(ws)?.getTime() ?? 0;
		return Math.max(heartbeat, this.#heard.get(ws) ?? 0, who.since);
	}

	/** workerd tells nothing of what is unread, so it is reckoned from what was sent since the peer's last sign. */
	#isSlow(ws: WebSocket, bytes: number): boolean {
		const now = Date.now();
		let unproven = this.#unproven.get(ws);
		if (!unproven) {
			unproven = { bytes: 0, since: now };
			this.#unproven.set(ws, unproven);
		}
		unproven.bytes += bytes;
		if (unproven.bytes <= this.#maxBuffered) return false;
		const who = this.of(ws);
		const isLate = now - unproven.since > this.#patience;
		// Who says nothing by itself may read all the same: it is only what comes in a short time that tells.
		const mayBeSilent = "dialect" in who && !this.heartbeats(who.dialect);
		if ((this.lastSign(ws) ?? 0) > unproven.since || (mayBeSilent && isLate)) {
			this.#unproven.set(ws, { bytes, since: now });
			return false;
		}
		return isLate || unproven.bytes > BURST * this.#maxBuffered;
	}

	#index(ws: WebSocket, attachment: Attachment): void {
		if (attachment.kind === "member") this.#members.set(attachment.session, ws);
		else if (attachment.kind === "link") this.#links.set(attachment.epoch, ws);
		else if (attachment.kind === "guest") {
			this.#guests.add(ws);
			this.onGuests();
		}
	}

	#unindex(ws: WebSocket): void {
		if (this.#guests.delete(ws)) this.onGuests();
		const was = this.#known.get(ws);
		if (was?.kind === "member" && this.#members.get(was.session) === ws) this.#members.delete(was.session);
		else if (was?.kind === "link" && this.#links.get(was.epoch) === ws) this.#links.delete(was.epoch);
	}
}
