/** The routes of WHIP and WHEP as OpenAPI describes them; `streaming.ts` answers them. */
import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { ErrorCode } from "../../../shared/errors.ts";
import { ParticipantId, RoomName, SessionId } from "../../../shared/ids.ts";
import { EventType, Feed, FRAGMENT_TYPE, LayerChoice, SDP_TYPE } from "../../../shared/whip.ts";

const tags = ["Streaming"];
const security: Record<string, string[]>[] = [{ participant: [] }];
/** A session's address is its own secret where pages cannot send a header. */
const open: Record<string, string[]>[] = [];

const Problem = z
	.object({ type: z.string(), title: z.string(), status: z.number().int(), detail: z.string(), code: ErrorCode })
	.meta({ id: "Problem" });
const room = RoomName.meta({ example: "standup" });
const RoomPath = z.object({ room });
const SessionPath = z.object({ room, session: SessionId });
const StreamPath = SessionPath.extend({ stream: SessionId });

const sdp = (type: string, description: string) => ({ description, content: { [type]: { schema: z.string() } } });
const problems = (answers: Record<number, string>) =>
	Object.fromEntries(
		Object.entries(answers).map(([status, description]) => [
			status,
			{ description, content: { "application/problem+json": { schema: Problem } } },
		]),
	);
const REFUSALS = {
	400: "No session description, or one that cannot be read",
	401: "No token, or none that holds for the room",
	403: "The token lacks the right for this",
	415: "Another Content-Type",
	503: "No media node; Retry-After says when to come again",
	504: "The media node did not answer in time",
};
const GONE = { 404: "No such session; it may have ended" };
const ETAGS = { 412: "If-Match names an earlier ICE session", 428: "If-Match is missing" };

export const streamingRoutes = [
	createRoute({
		...{ method: "post", path: "/rooms/{room}/whip", tags, security, operationId: "publishStream" },
		summary: "Publish by WHIP (RFC 9725)",
		description: "One offer, one answer. `Location` is the session, `ETag` its ICE session, `Link` names ICE servers.",
		request: {
			params: RoomPath,
			query: z.object({ source: Feed.optional() }),
			body: { content: { [SDP_TYPE]: { schema: z.string() } }, required: true },
		},
		responses: {
			201: sdp(SDP_TYPE, "The answer"),
			...problems({ ...REFUSALS, 422: "A section whose codecs are unknown, or more than one of a kind" }),
		},
	}),
	createRoute({
		...{ method: "post", path: "/rooms/{room}/whep", tags, security, operationId: "watchStream" },
		summary: "Watch by WHEP (draft-ietf-wish-whep)",
		description:
			"As above; `Link` also names layer selection and events. Without a body the answer is an offer, to be answered by PATCH.",
		request: {
			params: RoomPath,
			query: z.object({ participant: ParticipantId.optional(), source: Feed.optional() }),
			body: { content: { [SDP_TYPE]: { schema: z.string() } } },
		},
		responses: {
			201: sdp(SDP_TYPE, "The answer"),
			406: sdp(SDP_TYPE, "A counter-offer, to be answered by PATCH at `Location`"),
			...problems({
				...REFUSALS,
				409: "Nobody publishes; Retry-After says when to come again",
				422: "No codec in common",
			}),
		},
	}),
	...(["whip", "whep"] as const).flatMap((protocol) => {
		const path = `/rooms/{room}/${protocol}/{session}`;
		const name = protocol === "whip" ? "Published" : "Watched";
		return [
			createRoute({
				...{ method: "patch", path, tags, security, operationId: `patch${name}Stream` },
				summary: "Candidates, or a restart of ICE",
				request: {
					params: SessionPath,
					body: { content: { [FRAGMENT_TYPE]: { schema: z.string() } }, required: true },
				},
				responses: {
					200: sdp(FRAGMENT_TYPE, "ICE was restarted; a new ETag"),
					204: { description: "Taken" },
					...problems({ ...REFUSALS, ...GONE, ...ETAGS }),
				},
			}),
			createRoute({
				...{ method: "delete", path, tags, security, operationId: `end${name}Stream` },
				summary: "End the session",
				request: { params: SessionPath },
				responses: { 200: { description: "Ended" }, ...problems({ 401: REFUSALS[401], ...GONE }) },
			}),
		];
	}),
	createRoute({
		...{ method: "post", path: "/rooms/{room}/whep/{session}/layer", tags, security: open, operationId: "chooseLayer" },
		summary: "Choose a layer of the video",
		request: {
			params: SessionPath,
			body: { content: { "application/json": { schema: LayerChoice } }, required: true },
		},
		responses: { 200: { description: "Chosen" }, ...problems({ ...GONE, 422: "No such layer" }) },
	}),
	createRoute({
		...{ method: "post", path: "/rooms/{room}/whep/{session}/sse", tags, security: open, operationId: "addEvents" },
		summary: "Ask for a stream of some events",
		request: {
			params: SessionPath,
			body: { content: { "application/json": { schema: z.array(EventType) } } },
		},
		responses: { 201: { description: "`Location` is the stream" }, ...problems(GONE) },
	}),
	createRoute({
		...{ method: "get", path: "/rooms/{room}/whep/{session}/sse/{stream}", tags, security: open },
		...{ operationId: "listenToEvents", summary: "Server-sent events" },
		request: { params: StreamPath },
		responses: { 200: sdp("text/event-stream", "For as long as the session lives"), ...problems(GONE) },
	}),
];
