import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Nobody has this UDP and TCP port. coturn would not say: it shares the port with another of its kind, and each gets some of
 * the other's clients.
 */
export async function isPortFree(port: number, address: string): Promise<boolean> {
	const tcp = createServer();
	const udp = createSocket(address.includes(":") ? "udp6" : "udp4");
	try {
		tcp.listen({ port, host: address, exclusive: true });
		await once(tcp, "listening");
		udp.bind({ port, address, exclusive: true });
		await once(udp, "listening");
		return true;
	} catch {
		return false;
	} finally {
		tcp.close();
		udp.close();
	}
}
