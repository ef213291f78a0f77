/** The edge as it is, with a bare object beside it in the same workerd, to measure against. */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../worker/env.ts";
import edge from "../worker/index.ts";

export { Directory, Fleet, Room } from "../worker/index.ts";

/** The least a room could be: a hibernating object that hands each frame to all other sockets and says so. */
export class Bare extends DurableObject<Env> {
	override fetch(): Response {
		const { 0: client, 1: server } = new WebSocketPair();
		this.ctx.acceptWebSocket(server);
		return new Response(null, { status: 101, webSocket: client });
	}
	override webSocketMessage(from: WebSocket, data: string): void {
		for (const ws of this.ctx.getWebSockets()) if (ws !== from) ws.send(data);
		from.send("ok");
	}
	override webSocketClose(ws: WebSocket): void {
		ws.close(1000);
	}
}

export default {
	fetch(request: Request, env: Env & { BARE: DurableObjectNamespace<Bare> }, ctx: ExecutionContext) {
		const { pathname } = new URL(request.url);
		const name = /^\/bare\/(.+)$/.exec(pathname)?.[1];
		return name ? env.BARE.getByName(name).fetch(request) : edge.fetch(request, env, ctx);
	},
};
