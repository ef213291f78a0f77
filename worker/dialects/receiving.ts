/** How frames are taken by protocols that carry SDP, and answer what they refuse with an error of their own. */
import { CLOSE } from "../../shared/close-codes.ts";
import { SwitchyardError } from "../../shared/errors.ts";
import { MAX_SDP_BYTES } from "../../shared/sdp.ts";
import type { Core } from "../room/core.ts";
import { byteLength } from "../room/sizes.ts";
import { Rates } from "./rates.ts";
import { cutSocket } from "./socket.ts";

/** Its escapes make a description longer. */
const FRAME_BYTES = MAX_SDP_BYTES + 65_536;

interface Protocol<Frame> {
	/** Throws what the client is told. */
	read(text: string): Frame;
	carryOut(core: Core, ws: WebSocket, frame: Frame): void;
	errorFrame(message: string): string;
}

/** A dialect's `receive`. A client lives on that is refused something, until it has been too often in a row. */
export function receiver<Frame>({ read, carryOut, errorFrame }: Protocol<Frame>) {
	const rates = new Rates();
	return (core: Core, ws: WebSocket, data: string | ArrayBuffer): void => {
		const { limits } = core;
		try {
			const allowed = rates.take(ws, limits.maxMessagesPerSecond);
			const text = typeof data === "string" ? data : new TextDecoder().decode(data);
			const most = Math.max(limits.maxMessageBytes, FRAME_BYTES);
			if (byteLength(text, most) > most) throw new SwitchyardError("too_large");
			const frame = read(text);
			if (!allowed) throw new SwitchyardError("rate_limited");
			carryOut(core, ws, frame);
			rates.accepted(ws);
		} catch (error) {
			const known = SwitchyardError.from(error);
			if (known.code === "internal") console.error({ event: "request failed", error: String(error) });
			core.sockets.send(ws, errorFrame(known.message));
			if (rates.refused(ws) > limits.maxRefusals) cutSocket(core, ws, CLOSE.abuse);
		}
	};
}
