/** What tests of TURN servers share. */
import { networkInterfaces } from "node:os";
import { expect, vi } from "vitest";
import { freePort } from "../../scripts/lib/free-port.ts";
import type { IceServers } from "../../shared/ice.ts";
import type { Node } from "../../shared/rest.ts";
import type { Stack } from "./stack.ts";
import type { Address } from "./turn-client.ts";

/** An address of this machine that is not loopback: coturn never relays to that. */
export function ownAddress(): string {
	const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	return (
		all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? expect.fail("only loopback here")
	);
}

/** Environment of a node with a TURN server that relays to this machine, which may well be a private address. */
export async function turnEnv(env: Record<string, string> = {}): Promise<Record<string, string>> {
	const address = ownAddress();
	return {
		...{ TURN_ENABLED: "true", TURN_PORT: String(await freePort()), ANNOUNCED_ADDRESS: address },
		...{ TURN_ALLOWED_PEERS: address, ...env },
	};
}

/** Fleet knows that so many nodes' TURN servers answer. */
export async function turnKnown(stack: Stack, count = 1): Promise<void> {
	await vi.waitFor(
		async () => {
			const { items } = (await (await stack.rest("/v1/nodes")).json()) as { items: Node[] };
			expect(items.filter(({ load }) => load.turn)).toHaveLength(count);
		},
		{ timeout: 20_000, interval: 100 },
	);
}

export async function iceServers(stack: Stack, token: string = stack.authKey): Promise<IceServers> {
	const response = await fetch(`${stack.url}/v1/ice-servers`, { headers: { authorization: `Bearer ${token}` } });
	expect(response.status).toBe(200);
	return (await response.json()) as IceServers;
}

/** The first server among them that relays. */
export function turnOf({ iceServers }: IceServers): { server: Address; username: string; credential: string } {
	for (const { urls, username = "", credential = "" } of iceServers) {
		const [, address, port] = /^turn:([^:]+):(\d+)/.exec(urls[0] ?? "") ?? [];
		if (address && port) return { server: { address, port: Number(port) }, username, credential };
	}
	return expect.fail(`no TURN server among ${JSON.stringify(iceServers)}`);
}
