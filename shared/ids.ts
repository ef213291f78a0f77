/** Identifiers, as they appear on every wire of the project. */
import * as z from "zod";

/** A room's name, chosen by whoever creates it. Safe in a URL path without escaping. */
export const RoomName = z
	.string()
	.regex(
		/^[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}$/,
		"1 to 128 letters, digits, or . _ ~ : -, starting with a letter or digit",
	);
export type RoomName = z.infer<typeof RoomName>;

/** A participant's identity (the token's `sub`), unique in its room. Any text without control characters. */
export const ParticipantId = z
	.string()
	.min(1)
	.max(128)
	.regex(/^[^\p{Cc}]+$/u, "must not contain control characters");
export type ParticipantId = z.infer<typeof ParticipantId>;

/** A track's id, chosen by its publisher, unique in the room. Publishing the same id again is the same track. */
export const TrackId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, _ or -");
export type TrackId = z.infer<typeof TrackId>;

/** A participant's media side on one node. A new one is made whenever its media moves; late messages name the old one. */
export const EndpointId = z.string().regex(/^e[0-9]{1,15}$/);
export type EndpointId = z.infer<typeof EndpointId>;

/** One join of a participant: 128 random bits, base64url. */
export const SessionId = z.string().regex(/^[A-Za-z0-9_-]{16,64}$/);
export type SessionId = z.infer<typeof SessionId>;

export const NodeId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "1 to 63 letters, digits, . _ or -");
export type NodeId = z.infer<typeof NodeId>;

export const Region = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "1 to 32 lower-case letters, digits or -");
export type Region = z.infer<typeof Region>;
