/** Clients of protocols without authentication, who name their room in any words: which one they get. */
import { DUCKSOUP_ROOM_PREFIX } from "../../../shared/ducksoup.ts";
import { SwitchyardError } from "../../../shared/errors.ts";
import type { ParticipantClaims, Rights } from "../../../shared/tokens.ts";
import { verifyClientToken } from "../../auth/tokens.ts";
import type { Env } from "../../env.ts";
import type { Grant } from "../../room/rpc.ts";
import { isOurs } from "../odoo/uuid.ts";
import { hashedRoom, openGrant, roomNamed } from "./open-grant.ts";

export interface Visitor {
	dialect: string;
	/** The room, as it calls it. */
	id: string;
	/** Who it says that it is, where its protocol lets it. */
	identity?: string;
	publish: Rights["publish"];
}

/**
 * The grant of a client whose protocol knows no proof. A participant token in its address (`?token=`) is one: it is
 * let in as the participant that the token is for, with its rights, also where `openRoom` lets nobody in.
 */
export async function visitorGrant(env: Env, request: Request, visitor: Visitor): Promise<Grant> {
	const { dialect, id, identity, publish } = visitor;
	const claims = await provenIn(env, request, id);
	if (!claims) {
		const room = await openRoom(env, id);
		return openGrant(env, request, { dialect, identity: identity ?? crypto.randomUUID(), room, rights: { publish } });
	}
	const { sub, room, rights } = claims;
	if (identity !== undefined && identity !== sub) throw new SwitchyardError("unauthorized", "a token of somebody else");
	const narrowed = { ...rights, publish: rights.publish.filter((source) => publish.includes(source)) };
	const open = openGrant(env, request, { dialect, identity: sub, room, rights: narrowed });
	return { ...open, claims: { ...claims, rights: narrowed } };
}

/** The room that a caller may ask about who names it so. */
export async function visitedRoom(env: Env, request: Request, id: string): Promise<string> {
	return (await provenIn(env, request, id))?.room ?? openRoom(env, id);
}

/** Throws when there is a token which does not hold there. */
async function provenIn(env: Env, request: Request, id: string): Promise<ParticipantClaims | undefined> {
	const token = new URL(request.url).searchParams.get("token");
	return token === null ? undefined : (await verifyClientToken(env, token, id)).claims;
}

/**
 * The room of an id for those who have proved nothing. Rooms that another protocol guards are not theirs, though their
 * names are no secrets: the same id is that of another room then.
 */
export async function openRoom(env: Env, id: string): Promise<string> {
	return id.startsWith(DUCKSOUP_ROOM_PREFIX) || (await isOurs(env, id)) ? hashedRoom(id) : roomNamed(id);
}
