/** An HTTP server of the operator's: one signed POST an event, the next when it has said 2xx. */
import type { EventRecord } from "../../../shared/events.ts";
import type { Limits } from "../../../shared/limits.ts";
import { type EventSettings, hostOf } from "../settings.ts";
import { signatureHeaders } from "../signature.ts";
import { RetryLater, type Sink } from "./sink.ts";

/** The longest wait that a receiver may ask for, ms. */
const RETRY_AFTER_MOST_MS = 3_600_000;

/** `own`: only the room's settings name it. */
export function webhook(url: string, own: boolean, settings: EventSettings, limits: Limits): Sink {
	return {
		name: own ? `room webhook ${url}` : `webhook ${url}`,
		label: `webhook ${hostOf(url)}`,
		...(own && { url }),
		most: 1,
		mostBytes: 0,
		giveUpMs: limits.webhookGiveUpMs,
		async deliver(events) {
			for (const event of events) if ((await post(event)) === "gone") return "gone";
			return "delivered";
		},
	};

	async function post(event: EventRecord): Promise<"delivered" | "gone"> {
		const body = JSON.stringify(event);
		const headers = await signatureHeaders(settings.secrets, event.id, body);
		const over = new AbortController();
		// Not `AbortSignal.timeout`, whose timer would go on after the answer and keep the room from sleeping.
		const timer = setTimeout(
			() => over.abort(new Error(`no answer in ${limits.webhookTimeoutMs} ms`)),
			limits.webhookTimeoutMs,
		);
		try {
			return await judge(await fetch(url, request(headers, body, over.signal)));
		} finally {
			clearTimeout(timer);
		}
	}
}

function request(headers: Record<string, string>, body: string, signal: AbortSignal): RequestInit {
	return {
		method: "POST",
		headers: { "content-type": "application/json", "user-agent": "Switchyard-Webhooks/1", ...headers },
		body,
		// Where a redirect leads was checked by nobody.
		redirect: "manual",
		signal,
	};
}

async function judge(response: Response): Promise<"delivered" | "gone"> {
	// What it says is not read, and must not hold the connection.
	await response.body?.cancel();
	if (response.ok) return "delivered";
	if (response.status === 410) return "gone";
	const afterMs = retryAfter(response.headers.get("retry-after"));
	const failure = `HTTP ${response.status}`;
	throw afterMs === undefined ? new Error(failure) : new RetryLater(failure, afterMs);
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(text: string | null): number | undefined {
	if (text === null) return undefined;
	const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
	return ms > 0 ? Math.min(ms, RETRY_AFTER_MOST_MS) : undefined;
}
