/** Which pages may use this edge, and by which origin others reach it. */

export interface OriginVariables {
	readonly ALLOWED_ORIGINS?: string;
	readonly PUBLIC_URL?: string;
}

/** Where clients and nodes are told to dial. */
export function publicOrigin(env: OriginVariables, requestUrl: string): string {
	return new URL(env.PUBLIC_URL || requestUrl).origin;
}

/**
 * RFC 6455 section 10.2. The edge's own pages always may; others if listed. Hosts are compared for its own, since
 * TLS may end in front of it. No Origin header means no browser, and nothing to protect.
 */
export function originAllowed(env: OriginVariables, requestUrl: string, origin: string | null | undefined): boolean {
	if (!origin) return true;
	const listed = (env.ALLOWED_ORIGINS ?? "").split(",").map((entry) => entry.trim().replace(/\/$/, ""));
	if (listed.includes("*") || listed.includes(origin)) return true;
	if (!URL.canParse(origin)) return false;
	const { host } = new URL(origin);
	return host === new URL(requestUrl).host || host === new URL(publicOrigin(env, requestUrl)).host;
}
