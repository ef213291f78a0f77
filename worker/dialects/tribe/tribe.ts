/** The protocol of tribe's webrtcsignaling (docs/tribe.md): its calls and events in terms of the room's rules. */
import { CLOSE } from "../../../shared/close-codes.ts";
import { SwitchyardError } from "../../../shared/errors.ts";
import type { Core } from "../../room/core.ts";
import { byteLength } from "../../room/sizes.ts";
import type { Personal } from "../dialect.ts";
import { Rates } from "../rates.ts";
import { cutSocket, memberOn } from "../socket.ts";
import { reportPing } from "./broker.ts";
import { codeOf, Refusal } from "./errors.ts";
import { onEvent } from "./events.ts";
import { fail, failure, succeed } from "./frames.ts";
import { onJoin, onReconnect } from "./joining.ts";
import { giveUpOffer, isSilent, REQUEST, refused } from "./media.ts";
import { readAction, readRequest } from "./reading.ts";
import { carryOut } from "./requests.ts";
import { DIALECT, sessionFor } from "./session.ts";
import { Question, stateOf } from "./state.ts";

const rates = new Rates();
const NO_ACTION = "general";

export const tribe: Personal = {
	name: DIALECT,
	resumes: true,
	heartbeats: false,
	proven: false,

	mayCreate: (core) => core.env.AUTO_CREATE !== "false",
	greet: () => {},

	receive(core, ws, data) {
		const { limits } = core;
		let action = NO_ACTION;
		try {
			const allowed = rates.take(ws, limits.maxMessagesPerSecond);
			const text = typeof data === "string" ? data : new TextDecoder().decode(data);
			if (byteLength(text, limits.maxMessageBytes) > limits.maxMessageBytes) {
				cutSocket(core, ws, CLOSE.tooLarge);
				return;
			}
			const request = readRequest(text);
			action = request.a;
			if (!allowed) throw new SwitchyardError("rate_limited");
			const who = core.sockets.of(ws);
			if (who.kind === "guest") enter(core, ws, request);
			else {
				const member = memberOn(core, ws);
				if (member) carryOut(core, member, request);
			}
			rates.accepted(ws);
		} catch (error) {
			refuse(core, ws, action, error);
		}
	},

	hear: onEvent,

	answered(core, member, request, answer) {
		if (answer.ok && request === REQUEST.candidate) succeed(core, member, "exchangeCandidate");
		else if (answer.ok && request === REQUEST.relayed) succeed(core, member, "exchangeSdp");
		else if (!answer.ok) refused(core, member, request, answer.error);
	},

	due(core, member, now) {
		const { offerBy = now + 1, lookAt = now + 1 } = sessionFor(member);
		if (offerBy <= now) giveUpOffer(core, member, now);
		const ws = core.socket(member);
		if (lookAt <= now && isSilent(core, member, now) && ws) cutSocket(core, ws, CLOSE.silent);
	},

	live: reportPing,

	consult(core, question) {
		Question.parse(question);
		return stateOf(core);
	},
};

function enter(core: Core, ws: WebSocket, request: ReturnType<typeof readRequest>): void {
	const who = core.sockets.of(ws);
	if (who.kind !== "guest") return;
	if (request.a === "join") onJoin(core, ws, who.grant, readAction("join", request.d));
	else if (request.a === "reconnect") onReconnect(core, ws, who.grant, readAction("reconnect", request.d));
	else throw new Refusal("notAuthenticated");
}

function refuse(core: Core, ws: WebSocket, action: string, error: unknown): void {
	const code = codeOf(error);
	if (!(error instanceof Refusal) && SwitchyardError.from(error).code === "internal") {
		console.error({ event: "request failed", error: String(error), stack: (error as Error).stack });
	}
	const member = memberOn(core, ws);
	if (member) fail(core, member, action, code);
	else core.sockets.send(ws, failure(action, code));
	if (rates.refused(ws) > core.limits.maxRefusals) cutSocket(core, ws, CLOSE.abuse);
	// A client that did not get in may try another room.
	else if (!member) core.sockets.close(ws, CLOSE.normal);
}
