/** Coming into a room, and coming back to it on another socket. */
import { type DataOf, type Joined, type Reconnected, ROOM_SIZE } from "../../../shared/tribe.ts";
import type { Core } from "../../room/core.ts";
import { comeBack, inTime, isRevoked, join } from "../../room/members.ts";
import type { Grant } from "../../room/rpc.ts";
import type { Member } from "../../room/state.ts";
import { detailsOf } from "./broker.ts";
import { mediaConfiguration } from "./configuration.ts";
import { Refusal } from "./errors.ts";
import { succeed, success, tell } from "./frames.ts";
import { offerAgain, receive } from "./media.ts";
import { tellMode } from "./modes.ts";
import { sessionOf } from "./names.ts";
import { orientationOf } from "./orientation.ts";
import { DIALECT, sessionFor, type TribeSession } from "./session.ts";

/** `grant` was proven by the edge, and names the user. */
export function onJoin(core: Core, ws: WebSocket, grant: Grant, { bearer: _, ...data }: DataOf<"join">): void {
	const { name: userId = "" } = grant.claims;
	if (grant.returning) throw new Refusal("system");
	if (!core.record && core.env.AUTO_CREATE === "false") throw new Refusal("notJoinable");
	if (isRevoked(core, { ...grant, claims: { ...grant.claims, sub: userId } })) throw new Refusal("authFailed");
	if (core.members.size >= (core.record?.settings.maxParticipants ?? ROOM_SIZE)) throw new Refusal("roomFull");

	const others = [...core.members.values()];
	const { orientation, camera, platform, appVersion } = data;
	const peers = others.filter((other) => other.dialect === DIALECT);
	const own: TribeSession = {
		...{ ...data, userId, address: grant.address ?? "0.0.0.0" },
		peers: Object.fromEntries(peers.map((peer) => [peer.id, sessionFor(peer).userId])),
		...{ modes: {}, up: [] },
	};
	const member = join(core, ws, grant, {
		...{ dialect: DIALECT, identity: userId, own, name: userId, details: detailsOf(core.env, own) },
		...{ data: false, mesh: false, subscribe: "all" },
		presence: { orientation, camera },
		client: `${DIALECT} ${platform} ${appVersion}`.trim(),
	});
	succeed(core, member, "join", {
		...sessionOf(member),
		roomSize: core.members.size,
		userMediaConfiguration: mediaConfiguration(others.length),
		sessions: others.map(sessionOf),
	} satisfies Joined);
	for (const peer of peers) tell(core, member, "eventOrientationChange", orientationOf(peer));
	const publishing = others.filter(({ id }) => core.tracksOf(id).some(({ live }) => live));
	for (const { id } of publishing) {
		if (core.tracksOf(id).some(({ live, info }) => live && info.muted)) tellMode(core, member, id);
	}
	if (publishing.length > 0) receive(core, member);
}

/** The `socketId` is all that the protocol asks for, and the edge has asked for more where it is set so. */
export function onReconnect(core: Core, ws: WebSocket, grant: Grant, { socketId }: DataOf<"reconnect">): void {
	const member = core.members.get(socketId);
	if (!mayTake(grant, socketId, member) || !inTime(core, member)) throw new Refusal("socketGone");
	const mail = comeBack(core, ws, member);
	core.sockets.send(ws, success("reconnect", { roomSize: core.members.size } satisfies Reconnected));
	for (const it of mail) if (it.type === "frame") core.sockets.send(ws, it.text);
	offerAgain(core, member);
}

function mayTake(grant: Grant, socketId: string, member: Member | undefined): member is Member {
	if (member?.dialect !== DIALECT || !grant.returning || grant.claims.sub !== socketId) return false;
	const { name } = grant.claims;
	return name === undefined || name === sessionFor(member).userId;
}
