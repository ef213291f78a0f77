/** Sockets at the bare origin and at paths that are no protocol's own: the first frame tells what they speak. */
import type { Context } from "hono";
import type { Env } from "../../env.ts";
import { odooReader } from "../odoo/socket.ts";
import { looksLikePion, pionReader } from "../pion/socket.ts";
import { acceptSocket, type Frame, type Reader } from "./splice.ts";

export function connectAnywhere(c: Context<{ Bindings: Env }>): Response {
	const { env } = c;
	const request = c.req.raw;
	// Whose frames are unlike those of any other is Odoo's.
	let reader = odooReader(env, request);
	let known = false;
	const recognize = (frame: Frame): Reader => {
		if (!known && env.PION === "true" && looksLikePion(frame)) reader = pionReader(env, request);
		known = true;
		return reader;
	};
	return acceptSocket({
		read: (socket, frame) => recognize(frame).read(socket, frame),
		get patienceMs() {
			return reader.patienceMs;
		},
		get lateCode() {
			return reader.lateCode;
		},
	});
}
