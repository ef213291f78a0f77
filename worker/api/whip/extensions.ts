/**
 * What a viewer's session offers beside its media: choosing a layer, and a stream of events. Browsers' EventSource
 * sends no header of one's own, so the session's address, which nobody can guess, is all that these ask for.
 */
import { streamSSE } from "hono/streaming";
import { CLOSE } from "../../../shared/close-codes.ts";
import { SwitchyardError } from "../../../shared/errors.ts";
import { EventType, EventTypes, LayerChoice, StreamedEvent } from "../../../shared/whip.ts";
import { newSessionId } from "../../auth/tokens.ts";
import { askSession, type Question, type Reply, WHEP } from "../../dialects/whip/calls.ts";
import { GRANT_HEADER, type Grant } from "../../room/rpc.ts";
import { withGrant } from "../sockets/upgrade.ts";
import { type HttpContext, roomOf, sessionOf } from "./caller.ts";
import { requireType } from "./endpoint.ts";
import { Problem } from "./problem.ts";

/** Something is sent this often, ms, so that nobody between takes the stream for dead. */
const ALIVE_MS = 15_000;
/** What a browser waits before it opens a stream again that broke off, ms. */
const AGAIN_MS = 2_000;

async function ask(c: HttpContext, question: Question): Promise<Exclude<Reply, { type: "failed" }>> {
	const reply = await askSession(c.env, roomOf(c), WHEP, question);
	if (reply.type === "failed") throw new Problem(reply);
	return reply;
}

/** `POST …/layer`; `DELETE` is the same as a choice of nothing. */
export async function chooseLayer(c: HttpContext): Promise<Response> {
	let choice: LayerChoice = {};
	if (c.req.method === "POST") {
		requireType(c, "application/json");
		const parsed = LayerChoice.safeParse(await json(c));
		if (!parsed.success) throw SwitchyardError.fromZod(parsed.error);
		choice = parsed.data;
	}
	await ask(c, { type: "choose", session: sessionOf(c), choice });
	return c.body(null, 200);
}

/** `POST …/sse`: a stream of some of the events. */
export async function addStream(c: HttpContext): Promise<Response> {
	const session = sessionOf(c);
	let events: EventType[] = [...EventType.options];
	const body = await c.req.text();
	if (body !== "") {
		requireType(c, "application/json");
		const parsed = EventTypes.safeParse(parse(body));
		if (!parsed.success) throw SwitchyardError.fromZod(parsed.error);
		events = parsed.data;
	}
	const stream = newSessionId();
	await ask(c, { type: "addStream", session, stream, events });
	return c.body(null, 201, { Location: `/v1/rooms/${roomOf(c)}/whep/${session}/sse/${stream}` });
}

export async function endStream(c: HttpContext): Promise<Response> {
	await ask(c, { type: "endStream", session: sessionOf(c), stream: sessionOf(c, "stream") });
	return c.body(null, 200);
}

/** `GET …/sse/{stream}`, or `GET …/sse` for all events: what the room tells, for as long as somebody listens. */
export async function listen(c: HttpContext): Promise<Response> {
	const session = sessionOf(c);
	const stream = c.req.param("stream") === undefined ? undefined : sessionOf(c, "stream");
	const reply = await ask(c, { type: "stream", session, stream });
	const wanted = new Set<EventType>(reply.type === "stream" ? reply.events : []);
	const socket = await openSocket(c, session, stream);
	c.header("Cache-Control", "no-store");
	return streamSSE(c, async (sse) => {
		const ended = new Promise<void>((resolve) => {
			// Somebody else listens to the same stream now. This one ends when its client goes, and is silent until then:
			// one that is told of its end comes back, and the two would end each other for ever.
			let replaced = false;
			socket.addEventListener("close", ({ code }) => {
				replaced = code === CLOSE.resumedElsewhere;
				if (replaced) socket.close(CLOSE.normal);
				else resolve();
			});
			socket.addEventListener("error", () => {
				if (!replaced) resolve();
			});
			sse.onAbort(resolve);
		});
		const send = (message: Parameters<typeof sse.writeSSE>[0]) => void sse.writeSSE(message).catch(() => sse.abort());
		socket.addEventListener("message", ({ data }) => {
			const parsed = StreamedEvent.safeParse(parse(String(data)));
			if (!parsed.success || !wanted.has(parsed.data.event)) return;
			send({ event: parsed.data.event, data: JSON.stringify(parsed.data.data) });
		});
		socket.accept();
		await sse.write(`retry: ${AGAIN_MS}\n\n`);
		const alive = setInterval(() => void sse.write(": \n\n").catch(() => sse.abort()), ALIVE_MS);
		await ended;
		clearInterval(alive);
		socket.close(1000);
	});
}

/** To the room, which may sleep behind it while it has nothing to tell. */
async function openSocket(c: HttpContext, session: string, stream: string | undefined): Promise<WebSocket> {
	const room = roomOf(c);
	const nobody = { sub: "", room, exp: 0, rights: { publish: [], subscribe: false, send: false, moderate: false } };
	const grant: Grant = {
		...{ kind: "client", room, dialect: WHEP, claims: nobody, session, sessionToken: "", returning: false },
		...{ origin: "", place: {}, stream },
	};
	const request = new Request(c.req.url, { headers: { Upgrade: "websocket" } });
	const { webSocket } = await c.env.ROOM.getByName(room).fetch(withGrant(request, GRANT_HEADER, grant));
	if (!webSocket) throw new SwitchyardError("internal");
	return webSocket;
}

async function json(c: HttpContext): Promise<unknown> {
	return parse(await c.req.text());
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw new SwitchyardError("bad_json");
	}
}
