import * as z from "zod";
import { ParticipantId, RoomName } from "../../shared/ids.ts";
import { TokenCreated } from "../../shared/rest.ts";
import { type Rights, Source } from "../../shared/tokens.ts";
import { command, JsonText, wholeNumber } from "../lib/command.ts";
import { facts, moment } from "../lib/format.ts";

const WORDS = [...Source.options, "subscribe", "send", "moderate"] as const;

/** Those that are named and no others. */
const RightsText = z.string().transform((text, context): Rights => {
	const words = text.split(",").map((word) => word.trim());
	const given = new Set(words.filter((word) => word !== "" && word !== "none"));
	const unknown = [...given].find((word) => !WORDS.some((known) => known === word));
	if (unknown) {
		context.addIssue({ code: "custom", message: `there is no right ${unknown}; there are ${WORDS.join(", ")}` });
		return z.NEVER;
	}
	return {
		publish: Source.options.filter((source) => given.has(source)),
		subscribe: given.has("subscribe"),
		send: given.has("send"),
		moderate: given.has("moderate"),
	};
});

export const token = command({
	words: ["token"],
	operands: ["room", "participant"],
	about: "Mints a participant's token. The room need not exist. Without --rights it may all but moderate.",
	options: {
		rights: { value: "LIST", about: `exactly these, by commas, or none: ${WORDS.join(", ")}` },
		name: { value: "TEXT", about: "the name others see" },
		metadata: { value: "JSON", about: "what others can read of the participant" },
		ttl: { value: "SECONDS", about: "how long it may be used to join; 600 unless given" },
	},
	input: z.object({
		room: RoomName,
		participant: ParticipantId,
		rights: RightsText.optional(),
		name: z.string().max(256).optional(),
		metadata: JsonText.optional(),
		ttl: wholeNumber(1, 86_400).optional(),
	}),
	async run({ room, participant, ...rest }, { api, out }) {
		const made = await api.post(`/v1/rooms/${room}/tokens`, { identity: participant, ...rest }, TokenCreated);
		out.result(made, () =>
			facts([
				["token", made.token],
				["connect to", made.url],
				["join until", moment(made.expiresAt)],
			]),
		);
		return 0;
	},
});
