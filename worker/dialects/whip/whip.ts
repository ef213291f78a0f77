/** WHIP (RFC 9725, docs/whip.md): who publishes over HTTP, as a member of the room without a socket. */
import type { Core } from "../../room/core.ts";
import type { Personal } from "../dialect.ts";
import { type Question, type Reply, WHIP } from "./calls.ts";
import { mayCreate, onMediaEvent } from "./opening.ts";
import { beginPublishing, onPublisherAnswered, onPublisherEvent } from "./publish.ts";
import { failed, noSession, refused } from "./replies.ts";
import { end, onFragment, onRestartFailed } from "./requests.ts";
import { cut, find } from "./session.ts";

export const whip: Personal = {
	name: WHIP,
	resumes: false,
	heartbeats: false,
	proven: false,
	socketless: true,

	mayCreate,
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

	due(core, member) {
		cut(core, member);
	},

	async consult(core, question) {
		try {
			return await consult(core, question as Question);
		} catch (error) {
			return failed(error);
		}
	},
};

function consult(core: Core, question: Question): Reply | Promise<Reply> {
	if (question.type === "publish") return beginPublishing(core, question);
	if (question.type === "watch") return refused(400, "bad_request", "nothing is watched here");
	const member = find(core, WHIP, question);
	if (!member) return noSession();
	switch (question.type) {
		case "find":
			return { type: "done" };
		case "end":
			return end(core, member);
		case "fragment":
			return onFragment(core, member, question);
		default:
			return refused(405, "bad_request", "a publisher's session has nothing of that kind");
	}
}
