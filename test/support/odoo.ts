/** What Odoo's back end does with an SFU: makes a channel, signs tokens for its people, kicks. */
import { createHmac } from "node:crypto";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Signed as Odoo signs: unpadded base64url, HS256. `key` is base64 text, or the text of a UUID. */
export function signOdoo(claims: object, key: string): string {
	const input = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
	return `${input}.${createHmac("sha256", Buffer.from(key, "base64url")).update(input).digest("base64url")}`;
}

export interface OdooChannel {
	uuid: string;
	url: string;
	/** A participant's token. */
	tokenFor(session: number): string;
}

/** The channel of an issuer. With a key of its own, its people's tokens are signed with that. */
export async function odooChannel(edge: string, authKey: string, iss: string, key?: string): Promise<OdooChannel> {
	const authorization = `jwt ${signOdoo({ iss, key, exp: Math.floor(Date.now() / 1000) + 30 }, authKey)}`;
	const response = await fetch(`${edge}/v1/channel`, { headers: { authorization } });
	if (!response.ok) throw new Error(`no channel: ${response.status}`);
	const { uuid, url } = (await response.json()) as { uuid: string; url: string };
	return {
		uuid,
		url,
		tokenFor: (session) =>
			signOdoo({ session_id: session, exp: Math.floor(Date.now() / 1000) + 3_600 }, key ?? authKey),
	};
}
