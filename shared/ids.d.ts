/** Identifiers, as they appear on every wire of the project. */
import * as z from "zod";
/** A room's name, chosen by whoever creates it. Safe in a URL path without escaping. */
export declare const RoomName: z.ZodString;
export type RoomName = z.infer<typeof RoomName>;
/** A participant's identity (the token's `sub`), unique in its room. Any text without control characters. */
export declare const ParticipantId: z.ZodString;
export type ParticipantId = z.infer<typeof ParticipantId>;
/** A track's id, chosen by its publisher, unique in the room. Publishing the same id again is the same track. */
export declare const TrackId: z.ZodString;
export type TrackId = z.infer<typeof TrackId>;
/** A participant's media side on one node. A new one is made whenever its media moves; late messages name the old one. */
export declare const EndpointId: z.ZodString;
export type EndpointId = z.infer<typeof EndpointId>;
/** One join of a participant: 128 random bits, base64url. */
export declare const SessionId: z.ZodString;
export type SessionId = z.infer<typeof SessionId>;
export declare const NodeId: z.ZodString;
export type NodeId = z.infer<typeof NodeId>;
export declare const Region: z.ZodString;
export type Region = z.infer<typeof Region>;
