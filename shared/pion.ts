/** The wire of Pion_SFU (docs/pion.md): every frame is `{event, data}`. */
import * as z from "zod";
import { ParticipantId } from "./ids.ts";
import { IceCandidateInit, MAX_SDP_BYTES } from "./sdp.ts";

/** A room is any text. */
const RoomId = z.string().max(256);
/** Of whom a client speaks. Its sample leaves both out of its answers. */
const who = { self_id: ParticipantId.nullish(), room_id: RoomId.nullish() };
const Sdp = z.string().max(MAX_SDP_BYTES);

export const JoinRoom = z.object({
	event: z.literal("joinRoom"),
	data: z.object({ self_id: ParticipantId, room_id: RoomId }),
});
export type JoinRoom = z.infer<typeof JoinRoom>;

export const LeaveRoom = z.object({
	event: z.literal("leaveRoom"),
	data: z.object(who).nullish(),
});

/** Client → server. */
export const PionFrame = z.discriminatedUnion("event", [
	JoinRoom,
	LeaveRoom,
	z.object({
		event: z.literal("offer"),
		data: z.object({ ...who, offer: z.object({ type: z.literal("offer"), sdp: Sdp }) }),
	}),
	z.object({
		event: z.literal("answer"),
		data: z.object({ ...who, answer: z.object({ type: z.literal("answer"), sdp: Sdp }) }),
	}),
	z.object({
		event: z.literal("ice-candidate"),
		/** Null is the end of them (W3C WebRTC section 4.4.1.7). */
		data: z.object({ ...who, candidate: IceCandidateInit.nullish() }),
	}),
]);
export type PionFrame = z.infer<typeof PionFrame>;
export const PION_EVENTS: ReadonlySet<string> = new Set(PionFrame.options.map(({ shape }) => shape.event.value));

/** Server → client. `data` is text; of all but `error` it is JSON once more. */
export const PionEvent = z.object({ event: z.enum(["answer", "offer", "candidate", "error"]), data: z.string() });
export type PionEvent = z.infer<typeof PionEvent>;
