/** `/v1/rooms/{room}/participants/{participant}/effects`: read, set and control what is done to what they send. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { readEffects, widenedBy } from "../../../shared/effects.ts";
import type { Env } from "../../env.ts";
import { askRoom } from "../ask-room.ts";
import { refuseInvalid } from "../errors.ts";
import {
	answer,
	body,
	EffectControlBody,
	EffectsBody,
	failures,
	ParticipantEffects,
	ParticipantPath,
	secured,
} from "../schemas.ts";

const tags = ["Effects"];
const path = "/rooms/{room}/participants/{participant}/effects";

const read = createRoute({
	...{ method: "get", path, tags, security: secured, operationId: "getEffects" },
	summary: "Read a participant's effects",
	description: "What was asked for, what controls have set since (`controlled`), and what has come of it (`state`).",
	request: { params: ParticipantPath },
	responses: { 200: answer("The effects", ParticipantEffects), ...failures("bad_request", "not_found") },
});

const set = createRoute({
	...{ method: "put", path, tags, security: secured, operationId: "setEffects" },
	summary: "Set a participant's effects",
	description: "In the place of those there are, as text; without `audio` and `video` there are none any more.",
	request: { params: ParticipantPath, body: body(EffectsBody, true) },
	responses: {
		200: answer("The effects", ParticipantEffects),
		...failures("bad_request", "bad_json", "not_found", "unsupported"),
	},
});

const control = createRoute({
	...{ method: "post", path: `${path}/control`, tags, security: secured, operationId: "controlEffect" },
	summary: "Set a property of an effect",
	description: "At once, or in steps over `duration` ms, 5,000 at most. What cannot be set is left as it is.",
	request: { params: ParticipantPath, body: body(EffectControlBody, true) },
	responses: { 204: { description: "Told to the node" }, ...failures("bad_request", "bad_json", "not_found") },
});

export const effects = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: refuseInvalid })
	.openapi(read, async (c) => {
		const { room, participant } = c.req.valid("param");
		return c.json(await askRoom(c.env, room, (stub) => stub.getEffects(participant)), 200);
	})
	.openapi(set, async (c) => {
		const { room, participant } = c.req.valid("param");
		const wish = readEffects(c.req.valid("json"), widenedBy(c.env.EFFECTS_ALLOWED));
		return c.json(await askRoom(c.env, room, (stub) => stub.setEffects(participant, wish)), 200);
	})
	.openapi(control, async (c) => {
		const { room, participant } = c.req.valid("param");
		const wanted = c.req.valid("json");
		await askRoom(c.env, room, (stub) => stub.controlEffect(participant, wanted));
		return c.body(null, 204);
	});
