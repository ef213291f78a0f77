/** A WHIP or WHEP client as HTTP sees it, and a node that answers descriptions without any media behind. */
import type { LinkCommand } from "../../../shared/link.ts";
import type { Section, SentTrack } from "../../../shared/sdp.ts";
import type { Rights } from "../../../shared/tokens.ts";
import { fetchEdge, tokenFor } from "./client.ts";
import type { TestLink } from "./node.ts";

export interface OfferedSection {
	kind: "audio" | "video";
	direction?: "sendonly" | "recvonly" | "sendrecv" | "inactive";
	/** Payload type and name. */
	codecs?: [number, string][];
	/** Instead of 9. */
	port?: number;
}

const CODECS: Record<"audio" | "video", [number, string][]> = { audio: [[111, "opus"]], video: [[96, "VP8"]] };

/** A session description, as far as anybody but a node reads it. */
export function sdp(sections: OfferedSection[], ufrag = "EsAw"): string {
	const mids = sections.map((_, mid) => mid).join(" ");
	return [
		...["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", `a=group:BUNDLE ${mids}`, "a=ice-options:trickle"],
		...sections.flatMap(({ kind, direction = "sendonly", codecs = CODECS[kind], port = 9 }, mid) => [
			`m=${kind} ${port} UDP/TLS/RTP/SAVPF ${codecs.map(([payload]) => payload).join(" ")}`,
			...["c=IN IP4 0.0.0.0", `a=ice-ufrag:${ufrag}`, "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1"],
			...[`a=fingerprint:sha-256 ${"00:".repeat(31)}00`, "a=setup:actpass", `a=mid:${mid}`, `a=${direction}`],
			"a=rtcp-mux",
			...codecs.map(([payload, name]) => `a=rtpmap:${payload} ${name}/${kind === "audio" ? "48000/2" : "90000"}`),
		]),
		"",
	].join("\r\n");
}

export const both = sdp([{ kind: "audio" }, { kind: "video" }]);
export const toWatch = sdp([
	{ kind: "audio", direction: "recvonly" },
	{ kind: "video", direction: "recvonly" },
]);

export function nodeSdp(ufrag: string): string {
	return sdp([{ kind: "audio", direction: "recvonly" }], ufrag)
		.replace("a=ice-options:trickle", "a=ice-lite")
		.replace(
			"a=rtcp-mux",
			"a=candidate:udp 1 udp 1076558079 192.0.2.1 40000 typ host\r\na=end-of-candidates\r\na=rtcp-mux",
		);
}

export interface Call {
	token?: string;
	body?: string;
	type?: string;
	headers?: Record<string, string>;
}

export function call(method: string, path: string, { token, body, type, headers }: Call = {}): Promise<Response> {
	return fetchEdge(path, {
		method,
		body,
		headers: {
			...(token !== undefined && { Authorization: `Bearer ${token}` }),
			...(type !== undefined && { "Content-Type": type }),
			...headers,
		},
	});
}

export async function post(
	room: string,
	protocol: "whip" | "whep",
	identity: string,
	{ rights, query = "", ...more }: Call & { rights?: Partial<Rights>; query?: string } = {},
): Promise<Response> {
	const token = await tokenFor(room, identity, rights);
	const body = more.body ?? (protocol === "whip" ? both : toWatch);
	return call("POST", `/v1/rooms/${room}/${protocol}${query}`, { token, type: "application/sdp", ...more, body });
}

export function sent(kind: "audio" | "video", mid: string): SentTrack {
	const codec = kind === "audio" ? { payloadType: 111, mimeType: "audio/opus", clockRate: 48_000, channels: 2 } : VP8;
	return {
		...{ mid, kind, stream: "stream", track: `${kind}-of-client` },
		rtpParameters: { mid, codecs: [codec], encodings: [{ ssrc: 1_000 + Number(mid) }] },
	};
}
const VP8 = { payloadType: 96, mimeType: "video/VP8", clockRate: 90_000 };

/** Answers the next offer as one in which the client sends these. */
export async function answer(
	link: TestLink,
	{ ufrag = "nodeufrag", sends = [], sections }: { ufrag?: string; sends?: SentTrack[]; sections?: Section[] },
): Promise<Extract<LinkCommand, { type: "description" }>> {
	const command = await link.command("description");
	const { endpoint, connection, cause } = command;
	link.report({
		...{ type: "description", endpoint, connection, cause, sends },
		sections: sections ?? sends.map(({ mid, kind }) => ({ mid, kind, sends: true })),
		description: { type: "answer", sdp: nodeSdp(ufrag) },
	});
	return command;
}

/** Somebody publishes a microphone and a camera by HTTP, on this node. */
export async function publishBoth(
	link: () => Promise<TestLink>,
	room: string,
	identity: string,
	more: Parameters<typeof post>[3] = {},
): Promise<{ link: TestLink; response: Response; endpoint: string; tracks: string[] }> {
	const posted = post(room, "whip", identity, more);
	const node = await link();
	const { endpoint } = await node.open();
	await answer(node, { sends: [sent("audio", "0"), sent("video", "1")] });
	const tracks = [(await node.publish()).track, (await node.publish()).track];
	return { link: node, response: await posted, endpoint, tracks };
}
