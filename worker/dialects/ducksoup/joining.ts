/** Who comes into an interaction, and with what outcome. */
import type { DucksoupIceServer, JoinError, JoinedContext, JoinOptions } from "../../../shared/ducksoup.ts";
import type { IceServer } from "../../../shared/ice.ts";
import type { Core } from "../../room/core.ts";
import { ensureEndpoint } from "../../room/endpoints.ts";
import { isRevoked, join } from "../../room/members.ts";
import type { Guest } from "../../room/sockets.ts";
import { applyEffects, readEffects } from "./effects.ts";
import { eventFrame } from "./frames.ts";
import {
	connected,
	createInteraction,
	DIALECT,
	forgetInteraction,
	type Interaction,
	interactionOf,
	keepInteraction,
	stateOf,
	type User,
	userOf,
} from "./interaction.ts";
import { log } from "./log.ts";
import { sdpSettings } from "./media.ts";
import { keep, newPeer } from "./peer.ts";
import { logSettings } from "./started.ts";

/** A room outlives the longest interaction that nobody may be in any more, ms. */
const ROOM_MS = 60_000;

/** What keeps somebody out, told by the kind of the frame. */
export class Outcome extends Error {
	readonly kind: JoinError;

	constructor(kind: JoinError, why: string) {
		super(why);
		this.kind = kind;
	}
}

/** Throws an `Outcome`, or what the room refuses. */
export function enter(core: Core, ws: WebSocket, { grant }: Guest, options: JoinOptions): void {
	if (isRevoked(core, grant)) throw new Outcome("error-join", "removed from this room");
	const effects = readEffects(core.env, options);
	core.ensure(grant.room, grant.origin, undefined, { topology: "sfu" });
	const there = interactionOf(core);
	const context = admit(core, there, options);
	const interaction = there ?? begin(core, grant.page ?? "", options);
	const user = userOf(interaction, options.userId) ?? newUser(interaction, options.userId);
	user.connections++;
	user.stream = crypto.randomUUID();
	keepInteraction(core);

	const { audioOnly } = interaction;
	const altered = { audio: effects?.audio !== undefined, video: effects?.video !== undefined };
	const peer = newPeer(options, altered, user.connections, user.stream);
	try {
		const member = join(core, ws, grant, {
			...{ dialect: DIALECT, own: peer, sdp: sdpSettings(peer, audioOnly), data: false, mesh: false },
			// Before everybody is there nobody is shown to anybody.
			subscribe: stateOf(interaction) === "open" ? "none" : "all",
			mirror: interaction.size === 1 ? true : undefined,
		});
		keep(core, member);
		const iceServers = (grant.ice?.iceServers ?? []).map(asIceServer);
		core.sockets.send(ws, eventFrame("joined", { context, iceServers }));
		for (const other of connected(core)) {
			const known = other !== member && userOf(interaction, other.id);
			if (known) core.sockets.send(ws, eventFrame("other_joined", { userId: known.id, streamId: known.stream }));
		}
		log(core, "info", "peer", "join_payload_ok", { user: user.id });
		log(core, "info", "interaction", "peer_joined", { user: user.id, payload: options });
		log(core, "info", "peer", "peer_server_started", { user: user.id, cause: context });
		if (effects) applyEffects(core, member, interaction, effects);
		ensureEndpoint(core, member);
	} catch (error) {
		// As if it had not been tried.
		if (--user.connections === 0) interaction.users.splice(interaction.users.indexOf(user), 1);
		if (there) keepInteraction(core);
		else forgetInteraction(core);
		throw error;
	}
}

function admit(core: Core, interaction: Interaction | undefined, { userId, audioOnly }: JoinOptions): JoinedContext {
	if (!interaction) return "new_interaction";
	// It goes in a moment, and then another one can have its name.
	if (stateOf(interaction) === "ended") throw new Outcome("error-full", "the interaction has ended");
	if (audioOnly !== interaction.audioOnly) throw new Outcome("error-join", "audioOnly: not as in the interaction");
	if (core.members.has(userId)) throw new Outcome("error-duplicate", "connected already");
	if (userOf(interaction, userId)) return "reconnection";
	if (interaction.users.length >= interaction.size) throw new Outcome("error-full", "everybody has been there");
	return "existing-interaction";
}

function begin(core: Core, page: string, options: JoinOptions): Interaction {
	const { room } = core;
	const least = options.duration * 1_000 + ROOM_MS;
	room.settings.emptyRoomMs = Math.max(room.settings.emptyRoomMs ?? core.limits.emptyRoomMs, least);
	const interaction = createInteraction(core, page, options);
	log(core, "info", "interaction", "logger_created");
	log(core, "info", "interaction", "interaction_created", { origin: page });
	logSettings(core);
	return interaction;
}

function newUser({ users }: Interaction, id: string): User {
	const user: User = { id, connections: 0, stream: "", recordings: [] };
	users.push(user);
	return user;
}

/** Browsers ignore the type, which the original names. */
function asIceServer(server: IceServer): DucksoupIceServer {
	return { ...server, credentialType: "password" };
}
