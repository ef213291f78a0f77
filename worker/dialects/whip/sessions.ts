/** What the two dialects are alike in: their members have no socket, and their sessions are asked over HTTP. */
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import type { Question, Reply } from "./calls.ts";
import { mayCreate } from "./opening.ts";
import { failed } from "./replies.ts";
import { end, onFragment } from "./requests.ts";
import { cut } from "./session.ts";

export const sessions = {
	...{ resumes: false, heartbeats: false, proven: false, socketless: true as const },
	mayCreate,
	due: cut,
};

/** A dialect's `consult`: what goes wrong is an answer too, since a thrown error does not survive an RPC. */
export function answering(answer: (core: Core, question: Question) => Reply | Promise<Reply>) {
	return async (core: Core, question: unknown): Promise<Reply> => {
		try {
			// Both ends are this code: what crosses is what its types say.
			return await answer(core, question as Question);
		} catch (error) {
			return failed(error);
		}
	};
}

/** Questions to a session of either. */
type ToEither = Extract<Question, { type: "find" | "end" | "fragment" }>;

export function isToEither(question: Question): question is ToEither {
	return question.type === "find" || question.type === "end" || question.type === "fragment";
}

export function answerEither(core: Core, member: Member, question: ToEither): Reply | Promise<Reply> {
	switch (question.type) {
		case "find":
			return { type: "done" };
		case "end":
			return end(core, member);
		case "fragment":
			return onFragment(core, member, question);
	}
}
