/** The socket to one room: the room's commands in, reports of its media out. Media outlives the socket. */
import { setImmediate } from "node:timers";
import { CLOSE } from "../../shared/close-codes.ts";
import { LINK_SUBPROTOCOL, LinkCommands, type LinkReport } from "../../shared/link.ts";
import type { AssignmentClaims } from "../../shared/tokens.ts";
import { type Log, log } from "../observability/logger.ts";
import type { EndpointLimits } from "../rtc/endpoint.ts";
import { RoomMedia } from "../rtc/room-media.ts";
import type { Workers } from "../rtc/workers.ts";
import { EdgeSocket } from "./socket.ts";

const HEARTBEAT_MS = 5_000;
/** With the edge away and nobody's media flowing, a room is given up after this long, ms. */
const ORPHAN_MS = 600_000;

export class RoomLink {
	readonly room: string;
	readonly epoch: number;
	readonly media: RoomMedia;
	readonly #socket: EdgeSocket;
	readonly #log: Log;
	readonly #onGone: () => void;
	/** The assignment first; the room gives another to come back with. */
	#token: string;
	#reports: LinkReport[] = [];
	#orphan: NodeJS.Timeout | undefined;
	#gone = false;

	constructor(claims: AssignmentClaims, token: string, workers: Workers, limits: EndpointLimits, onGone: () => void) {
		this.room = claims.sub;
		this.epoch = claims.epoch;
		this.#token = token;
		this.#onGone = onGone;
		this.#log = log.child({ part: "link", room: this.room, epoch: this.epoch });
		this.media = new RoomMedia(this.room, workers, limits, (report) => this.#report(report));
		this.media.prepare();
		const url = `${claims.edge.replace(/^http/, "ws").replace(/\/+$/, "")}/v1/rooms/${encodeURIComponent(this.room)}/link`;
		this.#socket = new EdgeSocket({
			target: () => ({ url, token: this.#token }),
			subprotocol: LINK_SUBPROTOCOL,
			heartbeatMs: HEARTBEAT_MS,
			onOpen: () => clearTimeout(this.#orphan),
			onText: (text) => this.#receive(text),
			onDown: ({ code, status, reason }) => {
				const over = code === CLOSE.fenced || code === CLOSE.released || (status !== undefined && status < 500);
				this.#log.info({ code, status, reason, over }, "link down");
				if (over) this.drop();
				else this.#watchOrphan();
				return !over;
			},
		});
	}

	get open(): boolean {
		return this.#socket.open;
	}

	/** Ends the room's media here and the link. */
	drop(code: number = CLOSE.normal): void {
		if (this.#gone) return;
		this.#gone = true;
		clearTimeout(this.#orphan);
		this.#socket.stop(code);
		this.media.close();
		this.#onGone();
	}

	#receive(text: string): void {
		let frame: unknown;
		try {
			frame = JSON.parse(text);
		} catch {
			frame = undefined;
		}
		const parsed = LinkCommands.safeParse(frame);
		if (!parsed.success) {
			this.#log.error(
				{ problem: parsed.error.issues[0] },
				"a command that cannot be read; is the edge newer than this node?",
			);
			return;
		}
		for (const command of parsed.data) {
			if (command.type === "attach") {
				this.#token = command.token;
				// Whatever was on its way when the socket broke is told by the whole state.
				this.#reports = [];
				this.#report({ type: "attached", endpoints: this.media.served() });
				for (const endpoint of this.media.endpoints.keys()) this.media.execute({ type: "describe", endpoint });
			} else this.media.execute(command);
		}
	}

	/** Reports of one turn travel in one frame. */
	#report(report: LinkReport): void {
		if (this.#reports.push(report) > 1) return;
		setImmediate(() => {
			const reports = this.#reports;
			this.#reports = [];
			if (reports.length > 0) this.#socket.send(reports);
		});
	}

	#watchOrphan(): void {
		clearTimeout(this.#orphan);
		this.#orphan = setTimeout(() => {
			if (this.media.inUse) this.#watchOrphan();
			else {
				this.#log.warn("given up: no edge, and nobody's media");
				this.drop();
			}
		}, ORPHAN_MS);
	}
}
