/** What a client of a protocol without authentication may do: whoever it says it is, in whatever room it names. */
import { RoomName } from "../../../shared/ids.ts";
import { Rights } from "../../../shared/tokens.ts";
import { encodeBase64url } from "../../auth/base64.ts";
import { publicOrigin } from "../../auth/origin.ts";
import type { Env } from "../../env.ts";
import { GRANT_HEADER, type Grant } from "../../room/rpc.ts";
import { placeOf } from "./place.ts";
import { withGrant } from "./upgrade.ts";

/** It says nothing of when it was made, so whoever was removed from a room stays out of it. */
export interface Named {
	dialect: string;
	identity: string;
	room: string;
	rights: Pick<Rights, "publish"> & Partial<Rights>;
}

export function openGrant(env: Env, request: Request, { dialect, identity, room, rights }: Named): Grant {
	return {
		...{ kind: "client", room, dialect },
		claims: { sub: identity, room, exp: 0, rights: Rights.parse({ send: false, ...rights }) },
		session: encodeBase64url(crypto.getRandomValues(new Uint8Array(16))),
		...{ sessionToken: "", returning: false },
		origin: publicOrigin(env, request.url),
		place: placeOf(request),
	};
}

/** Hands a socket to its room. */
export function enterRoom(env: Env, request: Request, grant: Grant): Promise<Response> {
	return env.ROOM.getByName(grant.room).fetch(withGrant(request, GRANT_HEADER, grant));
}

/** The room of an id that may be any text: of that name where it is one, else named after it. */
export async function roomNamed(id: string): Promise<string> {
	return RoomName.safeParse(id).success ? id : hashedRoom(id);
}

/** Named after an id, whatever that is. */
export async function hashedRoom(id: string): Promise<string> {
	const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id));
	return `id-${Array.from(new Uint8Array(hash, 0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
