/**
 * Whether the room's media goes by nodes or directly. Members who talk directly have no endpoint; what they publish is
 * the room's as ever, on no endpoint. The room turns make before break: endpoints are opened while the direct way goes
 * on, and end when everybody has said that the direct way carries everything (docs/topology.md).
 */
import { SwitchyardError } from "../../shared/errors.ts";
import { releaseNodes } from "./assignments.ts";
import type { Core } from "./core.ts";
import { reckon } from "./demand.ts";
import { hasEffects } from "./effects.ts";
import { closeEndpoints, ensureEndpoint } from "./endpoints.ts";
import { recordsAnybody } from "./recordings.ts";
import type { Member } from "./state.ts";

/** People with media who talk directly in an `auto` room. */
const FEW = 2;
/** How long the direct way may take to carry what endpoints carry, ms. */
const DIRECT_MS = 15_000;

/** Nobody stands between two people in a mesh, so only those take part in one who may receive. */
export function canMesh({ media, rights }: Member): boolean {
	return media !== undefined && !media.mixed && rights.subscribe;
}

/** A room that is always a mesh takes those who can be in one, and not more than they can send to. */
export function checkMesh(core: Core, joining: Member): void {
	if (core.topologySetting !== "mesh" || !joining.media) return;
	if (!joining.mesh) throw new SwitchyardError("unsupported", "the room is a mesh: join with mesh, or without media");
	const others = withMedia(core).filter(({ id }) => id !== joining.id).length;
	if (others >= core.limits.maxMeshParticipants) throw new SwitchyardError("room_full");
}

/** Who joins next is likely to need a node. */
export function expectsNode(core: Core): boolean {
	if (core.topology === "sfu") return true;
	return core.topologySetting === "auto" && withMedia(core).length >= FEW;
}

/** Turns the room when it is time to. After every event, and in the middle of a join, whose member is not told. */
export function keepTopology(core: Core, joining?: Member): void {
	const { record } = core;
	if (!record || (core.topologySetting === "sfu" && core.topology === "sfu")) return;
	const now = Date.now();
	if (!fitsMesh(core)) {
		if (record.meshAt !== undefined) {
			record.meshAt = undefined;
			core.touchRoom();
		}
		if (core.topology === "mesh") turnToNodes(core, joining);
	} else if (core.topology === "sfu") {
		// People come and go; and where nothing flows yet, there is nothing to wait for.
		const idle = core.endpoints.size === 0 && core.tracks.size === 0;
		if (record.meshAt === undefined && !idle) {
			record.meshAt = now + core.limits.meshAfterMs;
			core.touchRoom();
		}
		if (idle || (record.meshAt ?? now) <= now) turnToMesh(core, joining);
	}
	if (core.topology === "mesh") endEndpoints(core, now);
}

/** The client receives everything directly. */
export function meshReady(core: Core, member: Member, endpoint: string): void {
	if (core.topology !== "mesh" || member.endpoint !== endpoint) {
		// It has missed that this one is gone.
		if (!core.endpoints.has(endpoint)) tellEnded(core, member, endpoint);
		return;
	}
	member.direct = true;
	core.members.touch(member.id);
}

/** There is no way from this client to another: it needs a node. */
export function meshFailed(core: Core, member: Member): void {
	if (core.topologySetting === "mesh" || !member.mesh) return;
	member.mesh = undefined;
	core.members.touch(member.id);
}

function withMedia(core: Core): Member[] {
	return [...core.members.values()].filter(({ media }) => media);
}

function fitsMesh(core: Core): boolean {
	if (core.topologySetting !== "auto") return core.topologySetting === "mesh";
	if (recordsAnybody(core)) return false;
	let count = 0;
	// After every event: not all of a large room is looked at.
	for (const member of core.members.values()) {
		if (member.media && (!member.mesh || hasEffects(member) || ++count > FEW)) return false;
	}
	return true;
}

function turnToNodes(core: Core, joining: Member | undefined): void {
	const { room } = core;
	room.topology = "sfu";
	room.directBy = undefined;
	core.touchRoom();
	core.emit({ type: "topologyChanged", topology: "sfu" }, { except: joining?.id });
	for (const member of core.members.values()) {
		if (member === joining) continue;
		const endpoint = core.serving(member.id);
		// It was about to end: what was published directly meanwhile is published on it, like on a new one.
		if (endpoint?.openedAt !== undefined) {
			endpoint.openedAt = Date.now();
			core.endpoints.touch(endpoint.id);
		}
		ensureEndpoint(core, member);
	}
}

function turnToMesh(core: Core, joining: Member | undefined): void {
	const { room } = core;
	room.topology = "mesh";
	room.meshAt = undefined;
	room.directBy = Date.now() + DIRECT_MS;
	core.touchRoom();
	for (const member of core.members.values()) {
		if (!member.direct) continue;
		member.direct = undefined;
		core.members.touch(member.id);
	}
	core.emit({ type: "topologyChanged", topology: "mesh" }, { except: joining?.id });
}

/** Ends all endpoints when nobody needs theirs, and lets go of the nodes. */
function endEndpoints(core: Core, now: number): void {
	const { room } = core;
	if (room.directBy !== undefined) {
		const late = withMedia(core).filter(({ id, direct }) => !direct && core.serving(id)?.state === "open");
		if (late.length > 0 && room.directBy > now) return;
		if (late.length > 0 && core.topologySetting === "auto") {
			// Their endpoints still carry everything: stay there.
			for (const member of late) meshFailed(core, member);
			turnToNodes(core, undefined);
			return;
		}
		room.directBy = undefined;
		core.touchRoom();
		for (const member of core.members.values()) endEndpoint(core, member);
		for (const [id, track] of [...core.tracks.entries()]) {
			// Asked of a node that need not answer any more; its client publishes it directly.
			if (!track.live) core.tracks.delete(id);
			else if (track.endpoint !== "") {
				track.endpoint = "";
				track.next = undefined;
				track.pipes = {};
				track.demand = {};
				core.tracks.touch(id);
				reckon(core, track);
			}
		}
	}
	if (core.assignments.size === 0 || core.endpoints.size > 0 || core.sockets.guests().length > 0) return;
	releaseNodes(core);
}

function endEndpoint(core: Core, member: Member): void {
	const { endpoint } = member;
	if (endpoint === undefined) return;
	closeEndpoints(core, member);
	member.endpoint = undefined;
	member.next = undefined;
	member.direct = undefined;
	core.members.touch(member.id);
	tellEnded(core, member, endpoint);
}

function tellEnded(core: Core, member: Member, endpoint: string): void {
	const reason = { code: "stale_endpoint", message: "the room is a mesh now" } as const;
	core.emit({ type: "endpointLost", endpoint, reason }, { to: [member.id] });
}
