/**
 * Signatures of webhooks, as Standard Webhooks 1.0 has them: HMAC-SHA256 over `id.timestamp.body`. A receiver refuses
 * what is old by its timestamp and what it has by its id; libraries for it exist in most languages.
 */

/** One for each key, so that a receiver that knows any of them can verify while keys are rotated. */
export async function signatureHeaders(
	secrets: readonly Uint8Array<ArrayBuffer>[],
	id: string,
	body: string,
	now = Date.now(),
): Promise<Record<string, string>> {
	const timestamp = Math.floor(now / 1_000);
	const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
	const signatures = await Promise.all(secrets.map(async (secret) => `v1,${await hmac(secret, signed)}`));
	return {
		"webhook-id": id,
		"webhook-timestamp": String(timestamp),
		"webhook-signature": signatures.join(" "),
	};
}

async function hmac(secret: Uint8Array<ArrayBuffer>, text: Uint8Array): Promise<string> {
	const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
	const bytes = new Uint8Array(await crypto.subtle.sign("HMAC", key, text));
	return btoa(String.fromCharCode(...bytes));
}
