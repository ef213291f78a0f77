/** Messages and signals between members: carried, not read. */
import { SwitchyardError } from "../../shared/errors.ts";
import type { RequestOf } from "../../shared/native.ts";
import type { Core } from "./core.ts";
import type { Member } from "./state.ts";

function mustSend(member: Member): void {
	if (!member.rights.send) throw new SwitchyardError("forbidden", "needs the right to send");
}

/** To those named, or to all others. One recipient that is not here refuses the whole: half a delivery tells nothing. */
export function sendMessage(
	core: Core,
	from: Member,
	request: number,
	message: Omit<RequestOf<"message">, "type">,
): void {
	mustSend(from);
	const missing = message.to?.find((id) => !core.members.has(id));
	if (missing !== undefined) throw new SwitchyardError("not_found", `no participant ${JSON.stringify(missing)} here`);
	const { to, topic, payload } = message;
	core.emit(
		{ type: "message", from: from.id, join: from.join, id: request, topic, payload },
		to ? { to: [...new Set(to)] } : { except: from.id },
	);
}

/** SDP at once; candidates with the next few. Answered when it is on its way. */
export function sendSignal(
	core: Core,
	from: Member,
	request: number,
	{ to, signal }: Omit<RequestOf<"signal">, "type">,
): void {
	const peer = core.members.get(to);
	// What a mesh is made with is not a message, and needs no right of its own.
	if (core.topologySetting === "sfu" || !from.mesh || !peer?.mesh) mustSend(from);
	if (!peer) throw new SwitchyardError("not_found", `no participant ${JSON.stringify(to)} here`);
	core.gather.signal(from, to, request, signal);
}
