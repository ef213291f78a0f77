import * as z from "zod";
import { ParticipantId, RoomName, TrackId } from "../../shared/ids.ts";
import type { TrackInfo } from "../../shared/media.ts";
import { Participant } from "../../shared/rest.ts";
import { command } from "../lib/command.ts";
import { count, moment, table } from "../lib/format.ts";

const one = { room: RoomName, participant: ParticipantId };
const operands = ["room", "participant"];

const list = command({
	words: ["room", "participants"],
	operands: ["room"],
	about: "Lists who is in a room, in the order they joined.",
	input: z.object({ room: RoomName }),
	async run({ room }, { api, out }) {
		const all = await api.list(`/v1/rooms/${room}/participants`, Participant);
		out.result(all, () => (all.length === 0 ? `nobody is in ${room}` : tableOf(all)));
		return 0;
	},
});

const mute = command({
	words: ["room", "mute"],
	operands,
	about: "Mutes a participant: all audio and video, or the tracks named. Only the participant can unmute.",
	options: { track: { value: "ID", multiple: true, about: "only this one; may be given several times" } },
	input: z.object({ ...one, track: z.array(TrackId).max(100).optional() }),
	async run({ room, participant, track }, { api, out }) {
		const muted = await api.post(`${pathOf(room, participant)}/mute`, { muted: true, tracks: track }, Participant);
		const many = muted.tracks.filter(({ muted }) => muted).length;
		out.result(muted, () => `${participant} has ${count(many, "track")} muted now`);
		return 0;
	},
});

const remove = command({
	words: ["room", "remove"],
	operands,
	about: "Removes a participant from a room.",
	options: { reason: { value: "TEXT", about: "what the participant is told" } },
	input: z.object({ ...one, reason: z.string().max(256).optional() }),
	async run({ room, participant, reason }, { api, out }) {
		const query = reason === undefined ? "" : `?${new URLSearchParams({ reason })}`;
		await api.delete(`${pathOf(room, participant)}${query}`);
		out.result({ removed: participant, room }, () => `removed ${participant} from ${room}`);
		return 0;
	},
});

const move = command({
	words: ["room", "move"],
	operands: [...operands, "to"],
	about: "Sends a participant to another room, with its present rights.",
	input: z.object({ ...one, to: RoomName }),
	async run({ room, participant, to }, { api, out }) {
		await api.post(`${pathOf(room, participant)}/move`, { room: to }, z.unknown());
		out.result({ moved: participant, from: room, to }, () => `told ${participant} to go from ${room} to ${to}`);
		return 0;
	},
});

export const participants = [list, mute, remove, move];

const pathOf = (room: string, participant: string) =>
	`/v1/rooms/${room}/participants/${encodeURIComponent(participant)}`;

function tableOf(all: readonly Participant[]): string {
	const rows = all.map(({ id, name, state, joinedAt, node, tracks }) => {
		return [id, name ?? "", state, node ?? "–", tracks.map(describeTrack).join(", ") || "–", moment(joinedAt)];
	});
	return table(["ID", "NAME", "STATE", "NODE", "TRACKS", "JOINED"], rows);
}

const describeTrack = ({ source, muted }: TrackInfo) => (muted ? `${source} (muted)` : source);
