/** The socket to one room: the room's commands in, reports of its media out. Media outlives the socket. */
import { CLOSE } from "../../shared/close-codes.ts";
import { LINK_SUBPROTOCOL, type LinkCommand, type LinkReportInput } from "../../shared/link.ts";
import type { AssignmentClaims } from "../../shared/tokens.ts";
import { type Log, log } from "../observability/logger.ts";
import type { Recordings } from "../recording/recordings.ts";
import { type RoomLimits, RoomMedia } from "../rtc/room-media.ts";
import type { Workers } from "../rtc/workers.ts";
import { readCommands } from "./commands.ts";
import { ReportBatch } from "./report-batch.ts";
import { type Down, EdgeSocket } from "./socket.ts";
import { Unconfirmed } from "./unconfirmed.ts";

const HEARTBEAT_MS = 5_000;
/** With the edge away and nobody's media flowing, a room is given up after this long, ms. */
const ORPHAN_MS = 600_000;
/** How long a room that was asked to end may take to let go of this node, ms. */
const END_MS = 5_000;

export class RoomLink {
	readonly room: string;
	readonly epoch: number;
	readonly media: RoomMedia;
	readonly #socket: EdgeSocket;
	readonly #log: Log;
	readonly #onGone: () => void;
	readonly #batch = new ReportBatch((text) => this.#socket.sendText(text));
	readonly #unconfirmed = new Unconfirmed();
	/** The assignment first; the room gives another to come back with. */
	#token: string;
	/** Between a new socket and its `attach`, nothing is reported: that tells the whole state. */
	#attached = false;
	#accepting = true;
	#orphan: NodeJS.Timeout | undefined;
	/** Asked to end, and when that is waited for no longer. */
	#ending: NodeJS.Timeout | undefined;
	#gone = false;
	readonly #over = Promise.withResolvers<void>();

	constructor(
		claims: AssignmentClaims,
		token: string,
		workers: Workers,
		limits: RoomLimits,
		recordings: Recordings | undefined,
		onGone: () => void,
	) {
		this.room = claims.sub;
		this.epoch = claims.epoch;
		this.#token = token;
		this.#onGone = onGone;
		this.#log = log.child({ part: "link", room: this.room, epoch: this.epoch });
		this.media = new RoomMedia(this.room, workers, limits, (report) => this.#report(report), recordings);
		this.media.prepare();
		const edge = claims.edge.replace(/^http/, "ws").replace(/\/+$/, "");
		const url = `${edge}/v1/rooms/${encodeURIComponent(this.room)}/link`;
		this.#socket = new EdgeSocket({
			target: () => ({ url, token: this.#token }),
			subprotocol: LINK_SUBPROTOCOL,
			heartbeatMs: HEARTBEAT_MS,
			heartbeatsMissed: 2,
			onOpen: () => clearTimeout(this.#orphan),
			onText: (text) => this.#receive(text),
			onDown: (how) => this.#onDown(how),
		});
	}

	/** The room is told of everything now. */
	get open(): boolean {
		return this.#attached;
	}

	/** The node takes more people, or does not; told to the room when it changes. */
	set accepting(accepting: boolean) {
		if (this.#accepting === accepting) return;
		this.#accepting = accepting;
		this.#report({ type: "capacity", accepting });
	}

	/**
	 * Asks the room to end, which tells everybody in it that it is over and lets go of this node. Without an answer, or
	 * without an edge to ask, what is here ends alone. Resolves when nothing of the room is left here.
	 */
	end(): Promise<void> {
		if (!this.#attached) this.drop();
		else if (this.#ending === undefined) {
			this.#ending = setTimeout(() => this.drop(), END_MS);
			this.#report({ type: "endRoom" });
		}
		return this.#over.promise;
	}

	/** Ends the room's media here and the link. */
	drop(code: number = CLOSE.normal): void {
		if (this.#gone) return;
		this.#gone = true;
		this.#attached = false;
		clearTimeout(this.#orphan);
		clearTimeout(this.#ending);
		this.#socket.stop(code);
		this.media.close();
		this.#onGone();
		this.#over.resolve();
	}

	#onDown({ code, status, reason }: Down): boolean {
		this.#attached = false;
		this.#unconfirmed.down();
		const fenced = code === CLOSE.fenced || code === CLOSE.released;
		const over = fenced || status === 401 || status === 403 || status === 404;
		this.#log.info({ code, status, reason, over }, "link down");
		if (over) this.drop();
		else this.#watchOrphan();
		return !over;
	}

	#receive(text: string): void {
		if (this.#gone) return;
		const { commands, refusals, problems } = readCommands(text);
		if (problems.length > 0) {
			this.#log.error({ problems }, "commands that cannot be read; is the edge newer than this node?");
		}
		for (const command of commands) {
			try {
				if (command.type === "attach") this.#attach(command);
				else this.media.execute(command);
			} catch (error) {
				this.#log.error({ err: error, command: command.type }, "a command failed");
			}
		}
		for (const refusal of refusals) this.#report(refusal);
	}

	#attach({ room, epoch, token }: Extract<LinkCommand, { type: "attach" }>): void {
		if (room !== this.room || epoch !== this.epoch) {
			this.#log.error({ room, epoch }, "attached to something else; ignored");
			return;
		}
		this.#token = token;
		this.#attached = true;
		this.#batch.clear();
		const { answers, endpoints } = this.#unconfirmed.up();
		this.#report({ type: "attached", ...this.media.served() });
		if (this.#ending !== undefined) this.#report({ type: "endRoom" });
		if (!this.#accepting) this.#report({ type: "capacity", accepting: false });
		for (const answer of answers) this.#batch.add(answer);
		this.media.describe(endpoints);
	}

	#report(report: LinkReportInput): void {
		this.#unconfirmed.note(report);
		if (this.#attached) this.#batch.add(report);
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
