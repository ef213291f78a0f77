import type { ConnectOptions, Room } from "./api.ts";
import { MediaDevice } from "./device.ts";
import { SwitchyardError } from "./error.ts";
import { RoomImpl } from "./room.ts";
import { SignalConnection } from "./signal.ts";
import type { WebSocketConstructor } from "./socket.ts";

/** Joins a room. Resolves when this participant is in it; media follows by itself. */
export async function connect(options: ConnectOptions): Promise<Room> {
	const { signal: abort } = options;
	if (abort?.aborted) throw aborted();
	const WebSocket = (options.WebSocket ?? globalThis.WebSocket) as WebSocketConstructor | undefined;
	if (!WebSocket) throw new SwitchyardError("not_supported", "no WebSocket here: give one");
	const wantsMedia = options.media ?? typeof RTCPeerConnection !== "undefined";
	// Beside the socket's own round trip, and not before it.
	const device = wantsMedia ? MediaDevice.prepare() : undefined;
	device?.catch(() => {});

	return new Promise<Room>((resolve, reject) => {
		const onAbort = () => room.abandon(aborted());
		abort?.addEventListener("abort", onAbort, { once: true });
		const room: RoomImpl = new RoomImpl({
			options,
			device,
			signal: (handlers) =>
				new SignalConnection(
					{
						url: options.url,
						room: options.room,
						token: (name) => (typeof options.token === "function" ? options.token(name) : options.token),
						join: (welcome) => room.joinBody(welcome),
						holdsOn: () => room.mediaState === "connected",
						WebSocket,
					},
					handlers,
				),
			settled: (error) => {
				abort?.removeEventListener("abort", onAbort);
				if (error) reject(error);
				else resolve(room);
			},
		});
	});
}

function aborted(): SwitchyardError {
	return new SwitchyardError("aborted", "connecting was aborted");
}
