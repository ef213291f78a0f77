/** A page's peer connections, whoever makes them: by which way each of them goes. */
import type { Page } from "playwright-core";

declare const window: { connections: RTCPeerConnection[] };

/** Before anything else of the page. `only`: of the URLs of its ICE servers, those that match it. */
export function watchConnections(only = ""): void {
	window.connections = [];
	const Native = globalThis.RTCPeerConnection;
	globalThis.RTCPeerConnection = class extends Native {
		constructor(configuration: RTCConfiguration = {}) {
			const iceServers = configuration.iceServers?.map((server) => ({
				...server,
				urls: [server.urls].flat().filter((url) => new RegExp(only).test(url)),
			}));
			super({ ...configuration, iceServers });
			window.connections.push(this);
		}
	};
}

export interface Way {
	/** Of this side's candidate: `host`, `relay`, … */
	type: string;
	/** Between it and a TURN server: `udp`, `tcp`, `tls`. */
	relayProtocol?: string;
	/** Addresses of the two ends. */
	local?: string;
	remote?: string;
}

/** The ways that a page's connections go which are connected. */
export function nominated(page: Page): Promise<Way[]> {
	return page.evaluate(async () => {
		const ways: Way[] = [];
		for (const connection of window.connections) {
			if (connection.connectionState !== "connected") continue;
			const stats = new Map<string, Record<string, string>>((await connection.getStats()).entries());
			const selected = [...stats.values()].find((it) => it.type === "transport")?.selectedCandidatePairId ?? "";
			const { localCandidateId = "", remoteCandidateId = "" } = stats.get(selected) ?? {};
			const [local, remote] = [stats.get(localCandidateId), stats.get(remoteCandidateId)];
			if (!local || !remote) continue;
			const { candidateType = "", relayProtocol, address } = local;
			ways.push({ type: candidateType, relayProtocol, local: address, remote: remote.address });
		}
		return ways;
	});
}
