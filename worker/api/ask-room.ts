/** Calls on a Room object from the REST API. */
import { SwitchyardError } from "../../shared/errors.ts";
import type { Env } from "../env.ts";
import type { Result, RoomRpc } from "../room/rpc.ts";

const TRIES = 3;
/** Before the second try; doubled then, and drawn at random below that. */
const PAUSE_MS = 100;

/** For calls that may be made twice: one that failed on the way is tried again. */
export async function askRoom<T>(env: Env, room: string, call: (room: RoomRpc) => Promise<Result<T>>): Promise<T> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await askRoomOnce(env, room, call);
		} catch (error) {
			if (attempt === TRIES || !mayRetry(error)) throw error;
			await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS * 2 ** attempt));
		}
	}
}

/** For calls whose second time would be refused. */
export async function askRoomOnce<T>(env: Env, room: string, call: (room: RoomRpc) => Promise<Result<T>>): Promise<T> {
	// A new stub each time: one that has thrown is dead. Seen through its interface, since workers-types cannot carry
	// `unknown` through an RPC.
	const result = await call(env.ROOM.getByName(room) as unknown as RoomRpc);
	if (!result.ok) throw new SwitchyardError(result.error.code, result.error.message);
	return result.value;
}

/** As the platform marks its errors: an overloaded object must not be asked more. */
function mayRetry(error: unknown): boolean {
	if (!(error instanceof Error) || error instanceof SwitchyardError) return false;
	const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
	return retryable === true && overloaded !== true;
}
