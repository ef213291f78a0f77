/**
 * What a room may not have heard: reports that were on their way when the socket broke, or came while it was down, and
 * that no state tells. They are said again on the next socket; the room takes them twice without harm.
 */
import type { LinkReportInput } from "../../shared/link.ts";

/** A half-open socket is noticed within this, ms. */
const LOST_MS = 15_000;
const MOST = 2_000;

export class Unconfirmed {
	/** By what they are about, oldest first: of each, the last counts. */
	readonly #reports = new Map<string, { at: number; report: LinkReportInput }>();
	#downAt: number | undefined;

	note(report: LinkReportInput, now = Date.now()): void {
		const about = subject(report);
		if (about === undefined) return;
		this.#reports.delete(about);
		this.#reports.set(about, { at: now, report });
		this.#prune(now);
	}

	/** The socket is down: what was lost with it is kept for as long as that lasts. */
	down(now = Date.now()): void {
		this.#downAt ??= now;
	}

	/** A new socket is there: answers to repeat, in order, and endpoints whose subscriptions to describe again. */
	up(now = Date.now()): { answers: LinkReportInput[]; endpoints: string[] } {
		this.#prune(now);
		this.#downAt = undefined;
		const reports = [...this.#reports.values()].map(({ report }) => report);
		return {
			answers: reports.filter(({ type }) => type !== "subscribed"),
			endpoints: reports.flatMap((report) => (report.type === "subscribed" ? [report.endpoint] : [])),
		};
	}

	#prune(now: number): void {
		const oldest = (this.#downAt ?? now) - LOST_MS;
		for (const [about, { at }] of this.#reports) {
			if (at >= oldest && this.#reports.size <= MOST) break;
			this.#reports.delete(about);
		}
	}
}

function subject(report: LinkReportInput): string | undefined {
	if (report.type === "subscribed") return `subscriptions ${report.endpoint}`;
	if (!("cause" in report) || !report.cause) return undefined;
	if ("track" in report && report.track !== undefined) return `track ${report.endpoint} ${report.track}`;
	return `request ${report.cause.participant} ${report.cause.request}`;
}
