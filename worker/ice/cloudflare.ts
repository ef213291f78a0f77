/** Credentials of Cloudflare's TURN service: `generate-ice-servers`, developers.cloudflare.com/realtime/turn. */
import * as z from "zod";
import { type IceServer, IceServerInput, type IceServers } from "../../shared/ice.ts";

const API = "https://rtc.live.cloudflare.com/v1/turn/keys";
/** Nobody's join waits for it, but what else is known does. */
const PATIENCE_MS = 3_000;
/** After a failure it is not asked again for so long. */
const RETRY_MS = 30_000;

const Answer = z.object({ iceServers: z.array(IceServerInput) });

export interface CloudflareKey {
	id: string;
	token: string;
}

export class CloudflareTurn {
	#issued: Required<IceServers> | undefined;
	#retryAt = 0;
	#asking: Promise<void> | undefined;

	/**
	 * Credentials with at least half of their life before them, else what is left of the former; undefined when there are
	 * none. Everybody gets the same: the service knows them by the TURN key only. Shared by what one object does: its
	 * promises are not for other objects.
	 */
	async current(key: CloudflareKey, lifeSeconds: number): Promise<Required<IceServers> | undefined> {
		const now = Date.now();
		const left = (this.#issued?.expiresAt ?? 0) - now;
		if (left < lifeSeconds * 500 && now >= this.#retryAt) {
			this.#asking ??= this.#ask(key, lifeSeconds).finally(() => {
				this.#asking = undefined;
			});
			await this.#asking;
		}
		return this.#issued && this.#issued.expiresAt > Date.now() ? this.#issued : undefined;
	}

	async #ask(key: CloudflareKey, lifeSeconds: number): Promise<void> {
		try {
			this.#issued = await generate(key, lifeSeconds);
		} catch (error) {
			this.#retryAt = Date.now() + RETRY_MS;
			console.error({ event: "no TURN credentials of Cloudflare", error: String(error) });
		}
	}
}

async function generate({ id, token }: CloudflareKey, ttl: number): Promise<Required<IceServers>> {
	const expiresAt = Date.now() + ttl * 1_000;
	const response = await fetch(`${API}/${encodeURIComponent(id)}/credentials/generate-ice-servers`, {
		method: "POST",
		headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
		body: JSON.stringify({ ttl }),
		signal: AbortSignal.timeout(PATIENCE_MS),
	});
	if (!response.ok) {
		await response.body?.cancel();
		throw new Error(`HTTP ${response.status}`);
	}
	const { iceServers } = Answer.parse(await response.json());
	return { iceServers: iceServers.flatMap(forBrowsers), expiresAt };
}

/** Browsers block port 53 (fetch.spec.whatwg.org, port blocking): gathering would wait for it in vain. */
function forBrowsers({ urls, ...server }: IceServer): IceServer[] {
	const allowed = urls.filter((url) => !/:53(\?|$)/.test(url));
	return allowed.length > 0 ? [{ urls: allowed, ...server }] : [];
}
