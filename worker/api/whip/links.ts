/** `Link` headers (RFC 8288): ICE servers as RFC 9725 section 4.6 has them, and what a session offers beside its media. */
import type { IceServer } from "../../../shared/ice.ts";
import { EventType, REL } from "../../../shared/whip.ts";

export function iceLinks(servers: readonly IceServer[]): string[] {
	return servers.flatMap(({ urls, username, credential }) =>
		urls.map((url) => {
			const secret =
				username === undefined || credential === undefined
					? ""
					: `; username=${quoted(username)}; credential=${quoted(credential)}; credential-type="password"`;
			return `<${url}>; rel="${REL.iceServer}"${secret}`;
		}),
	);
}

export function extensionLinks(session: string): string[] {
	return [
		`<${session}/layer>; rel="${REL.layer}"`,
		`<${session}/sse>; rel="${REL.events}"; events="${EventType.options.join(",")}"`,
	];
}

/** RFC 9110 section 5.6.4. */
function quoted(text: string): string {
	return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
