import * as z from "zod";
import { RoomName } from "../../shared/ids.ts";
import { Room, type RoomSettings, RoomSummary } from "../../shared/rest.ts";
import { command, JsonText, wholeNumber } from "../lib/command.ts";
import { facts, moment, table } from "../lib/format.ts";

const list = command({
	words: ["room", "list"],
	about: "Lists rooms.",
	options: { limit: { value: "N", about: "at most so many; all unless given" } },
	input: z.object({ limit: wholeNumber(1, 1_000_000).optional() }),
	async run({ limit }, { api, out }) {
		const rooms = await api.list("/v1/rooms", RoomSummary, limit);
		out.result(rooms, () =>
			rooms.length === 0
				? "no rooms"
				: table(
						["ROOM", "CREATED"],
						rooms.map(({ name, createdAt }) => [name, moment(createdAt)]),
					),
		);
		return 0;
	},
});

const show = command({
	words: ["room", "show"],
	operands: ["room"],
	about: "Shows a room: settings, counts, and the nodes that carry it.",
	input: z.object({ room: RoomName }),
	async run({ room }, { api, out }) {
		const found = await api.get(`/v1/rooms/${room}`, Room);
		out.result(found, () => describe(found));
		return 0;
	},
});

const create = command({
	words: ["room", "create"],
	operands: ["room?"],
	about: "Creates a room. With a name that is taken, shows the room that is there, unchanged; without one, makes one.",
	options: {
		metadata: { value: "JSON", about: "what everybody in it can read" },
		"max-participants": { value: "N", about: "most that may be in it" },
		"max-tracks": { value: "N", about: "most tracks in it" },
		"empty-ms": { value: "MS", about: "deleted after being empty for so long" },
		"grace-ms": { value: "MS", about: "how long a lost participant may come back" },
	},
	input: z.object({
		room: RoomName.optional(),
		metadata: JsonText.optional(),
		"max-participants": wholeNumber(1, 10_000).optional(),
		"max-tracks": wholeNumber(1, 20_000).optional(),
		"empty-ms": wholeNumber(1_000, 604_800_000).optional(),
		"grace-ms": wholeNumber(0, 600_000).optional(),
	}),
	async run({ room, metadata, ...given }, { api, out }) {
		const settings: RoomSettings = {
			maxParticipants: given["max-participants"],
			maxTracks: given["max-tracks"],
			emptyRoomMs: given["empty-ms"],
			resumeGraceMs: given["grace-ms"],
		};
		const made = await api.post("/v1/rooms", { name: room, metadata, settings }, Room);
		out.result(made, () => describe(made));
		return 0;
	},
});

const remove = command({
	words: ["room", "delete"],
	operands: ["room"],
	about: "Deletes a room; everyone in it is disconnected.",
	input: z.object({ room: RoomName }),
	async run({ room }, { api, out }) {
		await api.delete(`/v1/rooms/${room}`);
		out.result({ deleted: room }, () => `deleted ${room}`);
		return 0;
	},
});

export const rooms = [list, show, create, remove];

function describe(room: Room): string {
	const nodes = room.nodes.map(({ id, region }) => `${id} (${region})`);
	const settings = Object.entries(room.settings).map(([name, value]) => [name, String(value)] as const);
	return facts([
		["room", room.name],
		["created", moment(room.createdAt)],
		["participants", String(room.participants)],
		["tracks", String(room.tracks)],
		["nodes", nodes.join(", ") || "none"],
		...(room.metadata === undefined ? [] : [["metadata", JSON.stringify(room.metadata)] as const]),
		...settings,
	]);
}
