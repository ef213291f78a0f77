/** Token claims, one audience per use. See docs/tokens.md. */
import * as z from "zod";
import { NodeId, ParticipantId, Region, RoomName, SessionId } from "./ids.ts";
import { Json } from "./json.ts";

/** One audience per use: a token of one kind is never accepted as another. */
export const AUDIENCE = {
	/** HS256, made by back ends or `POST /v1/rooms/{room}/tokens`: lets one identity into one room. */
	participant: "switchyard:participant",
	/** HS256, made by the edge at each connection: lets the same session come back. */
	session: "switchyard:session",
	/** HS256, made by back ends that prefer a short-lived token over sending their API key. */
	api: "switchyard:api",
	/** HS256, made by the operator: lets one process register as one node. */
	node: "switchyard:node",
	/** Ed25519, made by the edge: lets one node serve one room. Its `aud` is the node's id, so this is its `typ` header. */
	assignment: "switchyard-assignment+jwt",
	/** HS256, made by a room for a node that serves it: lets the node link to the room again after its socket dropped. */
	link: "switchyard:link",
} as const;

/** Of protocols whose tokens name no audience and may be signed with the same key: none of those above. */
export const ForeignAudience = z
	.unknown()
	.optional()
	.refine((aud) => !JSON.stringify(aud ?? "").includes("switchyard"), "a token for another use");

/** What a track shows or sounds; rights are given per source. */
export const Source = z.enum(["audio", "camera", "screen", "screenAudio", "data"]);
export type Source = z.infer<typeof Source>;

export const Rights = z.object({
	/** Sources that may be published. `screen` implies `screenAudio`. */
	publish: z.array(Source).default(["audio", "camera", "screen", "screenAudio", "data"]),
	/** May receive others' tracks. */
	subscribe: z.boolean().default(true),
	/** May send data messages and signals through the room. */
	send: z.boolean().default(true),
	/** May have what it sends altered by effects, which costs its node CPU. Who moderates may, for anybody. */
	effects: z.boolean().optional(),
	/** May record whoever is in the room, itself and the whole. Who moderates may as well. */
	record: z.boolean().optional(),
	/** May mute, remove and move others, and change the room's metadata. */
	moderate: z.boolean().default(false),
});
export type Rights = z.infer<typeof Rights>;

const seconds = z.number().int().nonnegative();
const registered = {
	iat: seconds.optional(),
	nbf: seconds.optional(),
	exp: seconds,
	jti: z.string().max(128).optional(),
};

export const ParticipantClaims = z.object({
	...registered,
	sub: ParticipantId,
	room: RoomName,
	name: z.string().max(256).optional(),
	metadata: Json.optional(),
	/** Where the participant's media is to be served, instead of near them. */
	region: Region.optional(),
	rights: Rights.prefault({}),
});
export type ParticipantClaims = z.infer<typeof ParticipantClaims>;

export const SessionClaims = ParticipantClaims.extend({ session: SessionId });
export type SessionClaims = z.infer<typeof SessionClaims>;

export const NodeClaims = z.object({ ...registered, exp: seconds.optional(), sub: NodeId, region: Region.optional() });
export type NodeClaims = z.infer<typeof NodeClaims>;

/** `aud` is the node, `sub` the room. */
export const AssignmentClaims = z.object({
	iat: seconds,
	exp: seconds,
	jti: z.string().min(16).max(64),
	aud: NodeId,
	sub: RoomName,
	/** Grows with every assignment of the room; a node with an older one than the room remembers is refused. */
	epoch: z.number().int().positive(),
	/** Where the node dials the room: the edge's own origin. */
	edge: z.url(),
});
export type AssignmentClaims = z.infer<typeof AssignmentClaims>;

/** `sub` is the room. */
export const LinkClaims = z.object({
	...registered,
	sub: RoomName,
	node: NodeId,
	epoch: z.number().int().positive(),
});
export type LinkClaims = z.infer<typeof LinkClaims>;

export const ApiClaims = z.object(registered);
export type ApiClaims = z.infer<typeof ApiClaims>;
