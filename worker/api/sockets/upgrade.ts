/** What the socket routes share. */
import { CLOSE } from "../../../shared/close-codes.ts";
import { SwitchyardError } from "../../../shared/errors.ts";
import type { Refusal } from "../../../shared/native.ts";

export function wantsSocket(request: Request): boolean {
	return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

export function requireUpgrade(request: Request): void {
	if (!wantsSocket(request)) throw new SwitchyardError("upgrade_required");
}

/** The subprotocols a client offers, in its order (RFC 6455 section 11.3.4). */
export function offeredProtocols(request: Request): string[] {
	const header = request.headers.get("sec-websocket-protocol") ?? "";
	return header.split(",").map((protocol) => protocol.trim());
}

/** Without it in the answer the client would fail the connection (RFC 6455 section 4.1). */
export function requireProtocol(request: Request, protocol: string): void {
	if (!offeredProtocols(request).includes(protocol)) {
		throw new SwitchyardError("bad_request", `this address speaks the subprotocol ${protocol}`);
	}
}

/** The request for an object, with what the Worker verified. A header that came in by that name is overwritten. */
export function withGrant(request: Request, header: string, grant: unknown): Request {
	const forwarded = new Request(request);
	forwarded.headers.set(header, encodeURIComponent(JSON.stringify(grant)));
	return forwarded;
}

/**
 * A refusal that a browser can read: a page never learns the HTTP status of a failed upgrade, so the socket is opened,
 * told why, and closed. No object is involved.
 */
export function refuseSocket(error: SwitchyardError, protocol: string | undefined): Response {
	const { 0: client, 1: server } = new WebSocketPair();
	server.accept();
	server.send(JSON.stringify({ type: "refused", error: error.toJSON() } satisfies Refusal));
	server.close(CLOSE.unauthorized, error.code);
	return new Response(null, {
		status: 101,
		webSocket: client,
		headers: protocol ? { "Sec-WebSocket-Protocol": protocol } : {},
	});
}
