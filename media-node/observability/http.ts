/** Health, readiness, metrics and a look inside, over HTTP. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import type { MediaNode } from "../node.ts";

interface Page {
	status: number;
	type?: string;
	body: string;
}

const json = (status: number, body: unknown): Page => ({ status, body: JSON.stringify(body) });

export class HttpServer {
	readonly #server: Server;

	private constructor(server: Server) {
		this.#server = server;
	}

	static async listen(node: MediaNode, registry: Registry, address: string, port: number): Promise<HttpServer> {
		const server = createServer((request, response) => {
			void answer(node, registry, request.url ?? "/")
				.catch((error: unknown) => json(500, { error: String(error) }))
				.then(({ status, type = "application/json", body }) => {
					response.writeHead(status, { "content-type": type }).end(body);
				});
		});
		server.listen(port, address);
		await once(server, "listening");
		return new HttpServer(server);
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** Resolves when its port is free. */
	async close(): Promise<void> {
		const closed = once(this.#server, "close");
		this.#server.close();
		this.#server.closeAllConnections();
		await closed;
	}
}

async function answer(node: MediaNode, registry: Registry, url: string): Promise<Page> {
	switch (url.split("?")[0]) {
		// Never on the edge: while it is away, media goes on and this node must not be restarted for it.
		case "/health":
			return json(node.workers.all.length > 0 ? 200 : 503, {
				workers: node.workers.all.length,
				registered: node.registered,
				rooms: node.links.size,
				turn: node.turn?.up,
			});
		case "/ready":
			return json(node.registered && !node.draining ? 200 : 503, {
				registered: node.registered,
				draining: node.draining,
			});
		case "/metrics":
			return { status: 200, type: registry.contentType, body: await registry.metrics() };
		case "/rooms":
			return json(
				200,
				[...node.links.values()].map(({ room, epoch, open, media }) => {
					const { endpoints, ...pipes } = media.served();
					const whose = ({ endpoint }: { endpoint: string }) => media.endpoints.get(endpoint)?.participant;
					return {
						room,
						epoch,
						link: open,
						endpoints: endpoints.map((it) => ({ ...it, participant: whose(it) })),
						...pipes,
					};
				}),
			);
		default:
			return json(404, { error: "there are /health, /ready, /metrics and /rooms" });
	}
}
