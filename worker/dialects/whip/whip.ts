/** WHIP (RFC 9725, docs/whip.md): who publishes over HTTP, as a member of the room without a socket. */
import type { Core } from "../../room/core.ts";
import type { Personal } from "../dialect.ts";
import { type Question, type Reply, WHIP } from "./calls.ts";
import { onMediaEvent } from "./opening.ts";
import { beginPublishing, onPublisherAnswered, onPublisherEvent } from "./publish.ts";
import { noSession, refused } from "./replies.ts";
import { onRestartFailed } from "./requests.ts";
import { find } from "./session.ts";
import { answerEither, answering, isToEither, sessions } from "./sessions.ts";

export const whip: Personal = {
	name: WHIP,
	...sessions,

	// No socket ever speaks this: nothing routes one here.
	greet: () => {},
	receive: () => {},

	hear(core, member, event) {
		onMediaEvent(core, member, event);
		onPublisherEvent(core, member, event);
	},

	answered(core, member, request, answer) {
		onRestartFailed(core, member, request, answer);
		onPublisherAnswered(core, member, request, answer);
	},

	consult: answering(consult),
};

function consult(core: Core, question: Question): Reply | Promise<Reply> {
	if (question.type === "publish") return beginPublishing(core, question);
	if (question.type === "watch") return refused(400, "bad_request", "nothing is watched here");
	const member = find(core, WHIP, question);
	if (!member) return noSession();
	if (isToEither(question)) return answerEither(core, member, question);
	return refused(405, "bad_request", "a publisher's session has nothing of that kind");
}
