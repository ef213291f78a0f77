/** `/v1/rooms`: create, list, read and delete rooms. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { SwitchyardError } from "../../../shared/errors.ts";
import { BitratesQuery, DeleteAllQuery, PageQuery } from "../../../shared/rest.ts";
import { listRooms } from "../../directory/listing.ts";
import type { Env } from "../../env.ts";
import { askRoom, askRoomOnce } from "../ask-room.ts";
import { refuseInvalid } from "../errors.ts";
import { checkMetadata, checkWebhooks } from "../limits.ts";
import { answer, body, Deleted, failures, Room, RoomCreate, RoomPage, RoomPath, secured } from "../schemas.ts";

const tags = ["Rooms"];

const create = createRoute({
	...{ method: "post", path: "/rooms", tags, security: secured, operationId: "createRoom" },
	summary: "Create a room",
	description: "With a name that is taken, the room that is there is returned unchanged, with 200.",
	request: { body: body(RoomCreate) },
	responses: {
		201: answer("The new room", Room),
		200: answer("The room that was there", Room),
		...failures("bad_request", "bad_json", "too_large"),
	},
});

const list = createRoute({
	...{ method: "get", path: "/rooms", tags, security: secured, operationId: "listRooms" },
	summary: "List rooms",
	description: "In a stable order. A room that is created or deleted meanwhile may appear or not.",
	request: { query: PageQuery },
	responses: { 200: answer("One page", RoomPage), ...failures("bad_request") },
});

const read = createRoute({
	...{ method: "get", path: "/rooms/{room}", tags, security: secured, operationId: "getRoom" },
	summary: "Read a room",
	request: { params: RoomPath, query: BitratesQuery },
	responses: { 200: answer("The room", Room), ...failures("bad_request", "not_found") },
});

const remove = createRoute({
	...{ method: "delete", path: "/rooms/{room}", tags, security: secured, operationId: "deleteRoom" },
	summary: "Delete a room",
	description: "Everyone in it is disconnected with close code 4003.",
	request: { params: RoomPath },
	responses: { 204: { description: "Deleted" }, ...failures("bad_request", "not_found") },
});

const removeAll = createRoute({
	...{ method: "delete", path: "/rooms", tags, security: secured, operationId: "deleteAllRooms" },
	summary: "Delete all rooms",
	description:
		"Everyone in them is disconnected with close code 4003. Up to `limit` rooms at a time: call again while `more` is true. Rooms that are made meanwhile may stay.",
	request: { query: DeleteAllQuery },
	responses: { 200: answer("How many", Deleted), ...failures("bad_request") },
});

export const rooms = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: refuseInvalid })
	.openapi(create, async (c) => {
		const { name = randomName(), metadata, settings } = c.req.valid("json");
		checkMetadata(c.env, metadata);
		checkWebhooks(c.env, settings?.webhooks);
		const { room, created } = await askRoom(c.env, name, async (stub) => ({
			ok: true,
			value: await stub.create({ name, metadata, settings }),
		}));
		if (!created) return c.json(room, 200);
		c.header("Location", `/v1/rooms/${name}`);
		return c.json(room, 201);
	})
	.openapi(list, async (c) => c.json(await listRooms(c.env, c.req.valid("query")), 200))
	.openapi(read, async (c) => {
		const bitrates = c.req.valid("query").bitrates === "true";
		return c.json(await askRoom(c.env, c.req.valid("param").room, (room) => room.describe({ bitrates })), 200);
	})
	.openapi(remove, async (c) => {
		await askRoomOnce(c.env, c.req.valid("param").room, (room) => room.destroy());
		return c.body(null, 204);
	})
	.openapi(removeAll, async (c) => {
		const { items, next } = await listRooms(c.env, { limit: c.req.valid("query").limit });
		const outcomes = await Promise.all(items.map(({ name }) => destroy(c.env, name)));
		const of = (outcome: Outcome) => outcomes.filter((it) => it === outcome).length;
		return c.json({ deleted: of("deleted"), more: next !== undefined || of("failed") > 0 }, 200);
	});

type Outcome = "deleted" | "gone" | "failed";

async function destroy(env: Env, name: string): Promise<Outcome> {
	try {
		await askRoomOnce(env, name, (room) => room.destroy());
		return "deleted";
	} catch (error) {
		if (SwitchyardError.from(error).code === "not_found") return "gone";
		console.error({ event: "room not deleted", room: name, error: String(error) });
		return "failed";
	}
}

/** 32 signs that cannot be mistaken for each other. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

/** 60 random bits. */
function randomName(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => ALPHABET[byte % 32]).join("");
}
