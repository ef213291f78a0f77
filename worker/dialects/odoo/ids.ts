/**
 * Session ids are numbers or texts, and 5 is not "5"; participants of a room are known by texts. A number is its
 * decimal text, and a text that could be taken for one is in quotes, so that an id alone tells what it was: it must
 * when its session is gone.
 */
import type { SessionRef } from "../../../shared/odoo.ts";

export function idOf(session: SessionRef): string {
	if (typeof session === "number") return String(session);
	return isNumber(session) || session.startsWith('"') ? JSON.stringify(session) : session;
}

/** Of any participant: native ones have ids of their own making. */
export function sessionOf(id: string): SessionRef {
	if (isNumber(id)) return Number(id);
	if (!id.startsWith('"')) return id;
	try {
		return String(JSON.parse(id));
	} catch {
		return id;
	}
}

function isNumber(text: string): boolean {
	return Number.isFinite(Number(text)) && String(Number(text)) === text;
}
