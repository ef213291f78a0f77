/** Reports of one turn travel in one frame, or in a few where they are many. */
import { setImmediate } from "node:timers";
import type { LinkReportInput } from "../../shared/link.ts";

/** Characters of one frame; a single report may be longer. The platform ends sockets over 1 MiB a frame on older runtimes. */
const FRAME_CHARACTERS = 500_000;

export class ReportBatch {
	readonly #send: (text: string) => void;
	#reports: LinkReportInput[] = [];

	constructor(send: (text: string) => void) {
		this.#send = send;
	}

	add(report: LinkReportInput): void {
		if (this.#reports.push(report) === 1) setImmediate(() => this.#flush());
	}

	clear(): void {
		this.#reports.length = 0;
	}

	#flush(): void {
		const reports = this.#reports;
		this.#reports = [];
		for (const frame of frames(reports)) this.#send(frame);
	}
}

/** JSON arrays of reports, in order, each within the size where that can be. */
export function* frames(reports: readonly LinkReportInput[], most = FRAME_CHARACTERS): Generator<string> {
	let texts: string[] = [];
	let length = 0;
	for (const report of reports) {
		const text = JSON.stringify(report);
		if (texts.length > 0 && length + text.length > most) {
			yield `[${texts.join(",")}]`;
			texts = [];
			length = 0;
		}
		texts.push(text);
		length += text.length;
	}
	if (texts.length > 0) yield `[${texts.join(",")}]`;
}
