/** The REST schemas under the names they have in OpenAPI, and how routes are described. */
import * as z from "zod";
import * as effects from "../../shared/effects.ts";
import { ERRORS, ErrorBody, type ErrorCode } from "../../shared/errors.ts";
import { ConsumerName, EventRecord } from "../../shared/events.ts";
import * as ice from "../../shared/ice.ts";
import { NodeId, ParticipantId, Region, RoomName } from "../../shared/ids.ts";
import * as recordings from "../../shared/recordings.ts";
import * as rest from "../../shared/rest.ts";

export const Room = rest.Room.meta({ id: "Room" });
export const RoomCreate = rest.RoomCreate.meta({
	id: "RoomCreate",
	example: { name: "standup", metadata: { team: "blue" }, settings: { maxParticipants: 20 } },
});
export const RoomPage = rest.page(rest.RoomSummary.meta({ id: "RoomSummary" })).meta({ id: "RoomPage" });
export const Deleted = rest.Deleted.meta({ id: "Deleted" });
export const Participant = rest.Participant.meta({ id: "Participant" });
export const ParticipantPage = rest.page(Participant).meta({ id: "ParticipantPage" });
export const ParticipantEffects = rest.ParticipantEffects.meta({ id: "ParticipantEffects" });
export const EffectsBody = effects.EffectsRequest.meta({
	id: "Effects",
	example: { audio: "pitch pitch=1.2 name=voice", video: "coloreffects preset=xpro" },
});
export const EffectControlBody = effects.EffectControl.meta({
	id: "EffectControl",
	example: { name: "voice", property: "pitch", value: 0.8, duration: 500 },
});
export const MuteBody = rest.MuteBody.meta({ id: "Mute", example: { muted: true } });
export const MoveBody = rest.MoveBody.meta({ id: "Move", example: { room: "lobby" } });
export const TokenCreate = rest.TokenCreate.meta({
	id: "TokenCreate",
	example: { identity: "alice", name: "Alice", rights: { publish: ["audio", "camera"] }, ttl: 600 },
});
export const TokenCreated = rest.TokenCreated.meta({ id: "TokenCreated" });
export const Node = rest.Node.meta({ id: "Node" });
export const NodePage = rest.page(Node).meta({ id: "NodePage" });
export const IceServers = ice.IceServers.extend({
	iceServers: z.array(ice.IceServer.meta({ id: "IceServer" })),
}).meta({
	id: "IceServers",
	example: {
		iceServers: [{ urls: ["turn:203.0.113.7:3478?transport=udp"], username: "1797000000:4c1d…", credential: "Lq3…" }],
		expiresAt: 1_797_000_000_000,
	},
});
export const NodeDrain = rest.NodeDrain.meta({ id: "NodeDrain", example: { deadlineSeconds: 600, exit: true } });
export const EventPage = z
	.object({ items: z.array(EventRecord.meta({ id: "Event" })), cursor: z.string() })
	.meta({ id: "EventPage" });
export const EventConsumerList = z
	.object({ items: z.array(rest.EventConsumer.meta({ id: "EventConsumer" })) })
	.meta({ id: "EventConsumerList" });
export const Recording = recordings.Recording.extend({
	files: z.array(recordings.RecordedFile.meta({ id: "RecordedFile" })),
}).meta({ id: "Recording" });
export const RecordingPage = rest.page(Recording).meta({ id: "RecordingPage" });
export const RecordingCreate = recordings.RecordingCreate.meta({
	id: "RecordingCreate",
	example: { participant: "alice", sources: ["audio", "camera"], container: "mp4" },
});
const Failure = z.object({ error: ErrorBody }).meta({ id: "Error" });

export const DemoTokenCreate = z
	.object({ room: RoomName, identity: ParticipantId, name: z.string().max(256).optional() })
	.meta({ id: "DemoTokenCreate", example: { room: "standup", identity: "alice", name: "Alice" } });

export const NodeTokenCreate = z
	.object({
		/** The only region that the node may register for; absent: any. */
		region: Region.optional(),
		/** Seconds; absent: until AUTH_KEY changes. */
		ttl: z.number().int().min(1).max(315_360_000).optional(),
	})
	.meta({ id: "NodeTokenCreate", example: { region: "eu-west", ttl: 31_536_000 } });
export const NodeTokenCreated = z
	.object({ token: z.string(), expiresAt: z.number().int().optional() })
	.meta({ id: "NodeTokenCreated" });

const room = RoomName.meta({ example: "standup" });
export const RoomPath = z.object({ room });
export const ParticipantPath = z.object({ room, participant: ParticipantId.meta({ example: "alice" }) });
const recording = recordings.RecordingId.meta({ example: "morning" });
export const RecordingPath = z.object({ room, recording });
export const RecordingFilePath = z.object({
	room,
	recording,
	file: z.coerce.number().int().min(0).meta({ example: 0 }),
});
export const ConsumerPath = z.object({ consumer: ConsumerName.meta({ example: "rabbitmq" }) });
const cleaned = z.string().regex(/^[A-Za-z0-9_-]{1,50}$/, "1 to 50 letters, digits, _ or -");
export const ArchivePath = z.object({
	namespace: cleaned.meta({ example: "default" }),
	interaction: cleaned.meta({ example: "hall" }),
});
export const ArchiveFilePath = ArchivePath.extend({
	file: z.string().min(1).max(200).meta({ example: "audio_test_results.json" }),
});
export const ArchiveFileList = z
	.object({
		items: z.array(z.object({ name: z.string(), bytes: z.number().int(), changedAt: z.number().int() })),
	})
	.meta({ id: "InteractionFileList" });
export const NodePath = z.object({ node: NodeId.meta({ example: "eu-west-1" }) });

/** A JSON body of a request; by default it may be left out. */
export function body<T extends z.ZodType>(schema: T, required = false) {
	return { content: { "application/json": { schema } }, required };
}

/** A JSON answer. */
export function answer<T extends z.ZodType>(description: string, schema: T) {
	return { description, content: { "application/json": { schema } } };
}

/** The refusals of a route by HTTP status, and those that every route with a key has. */
export function failures(...codes: ErrorCode[]) {
	return publicFailures("unauthorized", ...codes);
}

export function publicFailures(...codes: ErrorCode[]) {
	const byStatus = new Map<number, string[]>();
	for (const code of [...codes, "internal"] as const) {
		const lines = byStatus.get(ERRORS[code].http) ?? [];
		byStatus.set(ERRORS[code].http, [...lines, `\`${code}\`: ${ERRORS[code].meaning}`]);
	}
	const answers = [...byStatus].map(([status, lines]) => [status, answer(lines.join("; "), Failure)] as const);
	return Object.fromEntries(answers);
}

/** Every route but the public ones. */
export const secured = [{ apiKey: [] }];
/** Those that clients may call too. */
export const securedEither: Record<string, string[]>[] = [{ apiKey: [] }, { participant: [] }];
