/** WHEP (draft-ietf-wish-whep, docs/whip.md): who watches over HTTP, as a member of the room without a socket. */
import { CLOSE } from "../../../shared/close-codes.ts";
import { readDescription } from "../../../shared/whip.ts";
import type { Core } from "../../room/core.ts";
import { listen } from "../../room/members.ts";
import type { Personal } from "../dialect.ts";
import { type Question, type Reply, WHEP } from "./calls.ts";
import { recount, tellAll, tellToLeave } from "./events.ts";
import { chooseLayer } from "./layers.ts";
import { onMediaEvent } from "./opening.ts";
import { noSession, refused } from "./replies.ts";
import { onAccept, onRestartFailed } from "./requests.ts";
import { find, sessionOf } from "./session.ts";
import { answerEither, answering, isToEither, sessions } from "./sessions.ts";
import { addStream, endAllStreams, endStream, eventsOf } from "./streams.ts";
import { beginWatching, onViewerAnswered, onViewerEvent } from "./watch.ts";

export const whep: Personal = {
	name: WHEP,
	...sessions,

	/** The edge's, for a stream of events. */
	greet(core, ws, { session, stream }) {
		const member = find(core, WHEP, { session });
		if (!member) {
			core.sockets.close(ws, CLOSE.roomClosed);
			return;
		}
		listen(core, ws, member, stream);
		tellAll(core, member, ws);
	},
	receive: () => {},

	hear(core, member, event) {
		onMediaEvent(core, member, event);
		onViewerEvent(core, member, event);
		if (event.type === "participantJoined" || event.type === "participantLeft") recount(core);
	},

	answered(core, member, request, answer) {
		onRestartFailed(core, member, request, answer);
		onViewerAnswered(core, member, request, answer);
	},

	stranded: tellToLeave,

	gone: endAllStreams,

	consult: answering(consult),
};

function consult(core: Core, question: Question): Reply | Promise<Reply> {
	if (question.type === "watch") return beginWatching(core, question);
	if (question.type === "publish") return refused(400, "bad_request", "nothing is published here");
	const member = find(core, WHEP, question);
	if (!member || sessionOf(member).state === "opening") return noSession();
	if (isToEither(question)) return answerEither(core, member, question);
	switch (question.type) {
		case "accept":
			return onAccept(core, member, readDescription(question.answer).ufrag, question);
		case "choose":
			chooseLayer(core, member, question.choice);
			return { type: "done" };
		case "addStream":
			return addStream(core, member, question.stream, question.events);
		case "endStream":
			return endStream(core, member, question.stream);
		case "stream":
			return eventsOf(member, question.stream);
	}
}
