/** Descriptions as a node and a browser make them, as far as the edge looks into them; and a node's part in them. */
import type { LinkCommand } from "../../../shared/link.ts";
import type { RtpParameters } from "../../../shared/media.ts";
import type { SentTrack } from "../../../shared/sdp.ts";
import type { TestLink } from "./node.ts";

type DescriptionCommand = Extract<LinkCommand, { type: "description" }>;

/** All of a node's candidates are in its first section. */
export function nodeSdp(ufrag = "node", sections: readonly string[] = ["0", "1"]): string {
	const session = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=ice-lite"];
	const media = sections.flatMap((mid, index) => [
		...["m=audio 7 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 127.0.0.1", `a=mid:${mid}`],
		...[`a=ice-ufrag:${ufrag}`, "a=ice-pwd:0123456789"],
		...(index === 0 ? CANDIDATES.map((line) => `a=${line}`) : []),
		"a=end-of-candidates",
	]);
	return `${[...session, ...media].join("\r\n")}\r\n`;
}

export const CANDIDATES = [
	"candidate:udpcandidate 1 udp 1076558079 127.0.0.1 40000 typ host",
	"candidate:tcpcandidate 1 tcp 1076302079 127.0.0.1 40000 typ host tcptype passive",
];

export const clientSdp = "v=0\r\no=- 2 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";

const codec: Record<"audio" | "video", RtpParameters["codecs"][number]> = {
	audio: { mimeType: "audio/opus", payloadType: 111, clockRate: 48_000, channels: 2 },
	video: { mimeType: "video/VP8", payloadType: 96, clockRate: 90_000 },
};

/** A track that a client sends. With rids, it is simulcast. */
export function sent(kind: "audio" | "video", mid: string, ids: { stream: string; track: string }, rids?: string[]) {
	const encodings = rids ? rids.map((rid) => ({ rid })) : [{ ssrc: 1_000 + Number(mid) }];
	return { mid, kind, ...ids, rtpParameters: { codecs: [codec[kind]], encodings } } satisfies SentTrack;
}

function sectionsOf(sends: readonly SentTrack[]) {
	return sends.map(({ mid, kind }) => ({ mid, kind, sends: true }));
}

/** Answers the next offer of a client. */
export async function answer(link: TestLink, sends: SentTrack[] = [], ufrag?: string): Promise<DescriptionCommand> {
	const offered = await link.command("description");
	const { endpoint, connection, cause } = offered;
	const description = { type: "answer" as const, sdp: nodeSdp(ufrag) };
	link.report({ type: "description", endpoint, connection, description, sections: sectionsOf(sends), sends, cause });
	return offered;
}

/** Offers to a client, as when a track it is to get has come. */
export function offer(link: TestLink, endpoint: string, sdp = nodeSdp(), sends?: SentTrack[]): void {
	const description = { type: "offer" as const, sdp };
	link.report({ type: "description", endpoint, connection: "", description, sections: [], sends });
}

/** Takes the client's next answer. */
export async function agree(link: TestLink, sends?: SentTrack[]): Promise<DescriptionCommand> {
	const answered = await link.command("description");
	const { endpoint, connection, cause } = answered;
	link.report({ type: "agreed", endpoint, connection, sections: [], sends, cause });
	return answered;
}

/** Cannot use the client's next description. */
export async function refuse(link: TestLink, message: string): Promise<DescriptionCommand> {
	const described = await link.command("description");
	const { endpoint, cause } = described;
	link.report({ type: "failed", endpoint, cause, error: { code: "bad_request", message } });
	return described;
}
