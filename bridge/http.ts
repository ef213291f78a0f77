/** Health and metrics of the bridge, over HTTP. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Bridge } from "./bridge.ts";

/** Resolves to its port. */
export async function listen(bridge: Bridge, address: string, port: number): Promise<number> {
	const server = createServer((request, response) => {
		void answer(bridge, request.url ?? "/").then(({ status, type, body }) => {
			response.writeHead(status, { "content-type": type }).end(body);
		});
	});
	server.listen(port, address);
	await once(server, "listening");
	return (server.address() as AddressInfo).port;
}

async function answer(bridge: Bridge, url: string): Promise<{ status: number; type: string; body: string }> {
	if (url === "/metrics") {
		return { status: 200, type: bridge.registry.contentType, body: await bridge.registry.metrics() };
	}
	const health = bridge.health();
	const known = url === "/health";
	return {
		status: !known ? 404 : health.broker && health.edge ? 200 : 503,
		type: "application/json",
		body: JSON.stringify(known ? health : { error: "there are /health and /metrics" }),
	};
}
