/** `/v1/rooms/{room}/participants`: list, read, mute, move and remove. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { SwitchyardError } from "../../../shared/errors.ts";
import { BitratesQuery, PageQuery, RemoveQuery } from "../../../shared/rest.ts";
import { mintParticipantToken } from "../../auth/tokens.ts";
import type { Env } from "../../env.ts";
import { askRoom, askRoomOnce } from "../ask-room.ts";
import { refuseInvalid } from "../errors.ts";
import {
	answer,
	body,
	failures,
	MoveBody,
	MuteBody,
	Participant,
	ParticipantPage,
	ParticipantPath,
	RoomPath,
	secured,
} from "../schemas.ts";

const tags = ["Participants"];
const one = "/rooms/{room}/participants/{participant}";
/** For the socket that is told to move; a client that takes longer asks its back end. */
const MOVE_TOKEN_S = 600;

const list = createRoute({
	...{ method: "get", path: "/rooms/{room}/participants", tags, security: secured, operationId: "listParticipants" },
	summary: "List participants",
	description: "In the order in which they joined.",
	request: { params: RoomPath, query: PageQuery.extend(BitratesQuery.shape) },
	responses: { 200: answer("One page", ParticipantPage), ...failures("bad_request", "not_found") },
});

const read = createRoute({
	...{ method: "get", path: one, tags, security: secured, operationId: "getParticipant" },
	summary: "Read a participant",
	request: { params: ParticipantPath, query: BitratesQuery },
	responses: { 200: answer("The participant", Participant), ...failures("bad_request", "not_found") },
});

const mute = createRoute({
	...{ method: "post", path: `${one}/mute`, tags, security: secured, operationId: "muteParticipant" },
	summary: "Mute tracks",
	description: "All audio and video tracks, or those named. Only the participant can unmute.",
	request: { params: ParticipantPath, body: body(MuteBody) },
	responses: { 200: answer("The participant", Participant), ...failures("bad_request", "bad_json", "not_found") },
});

const move = createRoute({
	...{ method: "post", path: `${one}/move`, tags, security: secured, operationId: "moveParticipant" },
	summary: "Move to another room",
	description: "The participant is given a token for the other room, with the rights it has in this one.",
	request: { params: ParticipantPath, body: body(MoveBody, true) },
	responses: { 204: { description: "Told to move" }, ...failures("bad_request", "bad_json", "not_found", "conflict") },
});

const remove = createRoute({
	...{ method: "delete", path: one, tags, security: secured, operationId: "removeParticipant" },
	summary: "Remove from the room",
	description: "It is disconnected with close code 4002.",
	request: { params: ParticipantPath, query: RemoveQuery },
	responses: { 204: { description: "Removed" }, ...failures("bad_request", "not_found") },
});

export const participants = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: refuseInvalid })
	.openapi(list, async (c) => {
		const { bitrates, ...page } = c.req.valid("query");
		const asked = { ...page, bitrates: bitrates === "true" };
		return c.json(await askRoom(c.env, c.req.valid("param").room, (room) => room.listParticipants(asked)), 200);
	})
	.openapi(read, async (c) => {
		const { room, participant } = c.req.valid("param");
		const bitrates = c.req.valid("query").bitrates === "true";
		return c.json(await askRoom(c.env, room, (stub) => stub.getParticipant(participant, { bitrates })), 200);
	})
	.openapi(mute, async (c) => {
		const { room, participant } = c.req.valid("param");
		const { tracks } = c.req.valid("json");
		return c.json(await askRoom(c.env, room, (stub) => stub.muteParticipant(participant, tracks)), 200);
	})
	.openapi(move, async (c) => {
		const { room, participant } = c.req.valid("param");
		const target = c.req.valid("json").room;
		if (target === room) throw new SwitchyardError("conflict", "the participant is in that room");
		const [{ id: identity, name, metadata, rights, region }] = await Promise.all([
			askRoom(c.env, room, (stub) => stub.getParticipant(participant)),
			c.env.AUTO_CREATE === "false" ? askRoom(c.env, target, (stub) => stub.describe()) : undefined,
		]);
		const grant = { room: target, identity, name, metadata, rights, region, ttl: MOVE_TOKEN_S };
		const { token } = await mintParticipantToken(c.env, grant);
		await askRoomOnce(c.env, room, (stub) => stub.moveParticipant(participant, { room: target, token }));
		return c.body(null, 204);
	})
	.openapi(remove, async (c) => {
		const { room, participant } = c.req.valid("param");
		const { reason } = c.req.valid("query");
		await askRoomOnce(c.env, room, (stub) => stub.removeParticipant(participant, reason));
		return c.body(null, 204);
	});
