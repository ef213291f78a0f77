/** What happens to a Room object: its memory goes, time goes by. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { testEnv } from "../../edge/support/client.ts";

const stubOf = (room: string) => testEnv.ROOM.getByName(room);

export async function loseMemory(room: string): Promise<void> {
	await evictDurableObject(stubOf(room), { webSockets: "hibernate" }).catch((error: unknown) => {
		if (!String(error).includes("not currently running")) throw error;
	});
}

/** Its alarm goes off now. False: it had none. */
export function alarm(room: string): Promise<boolean> {
	return runDurableObjectAlarm(stubOf(room));
}

export function alarmAt(room: string): Promise<number | null> {
	return runInDurableObject(stubOf(room), (_, state) => state.storage.getAlarm());
}

/** Of the room's storage. */
export function tables(room: string): Promise<string[]> {
	return runInDurableObject(stubOf(room), (_, { storage }) =>
		storage.sql
			.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
			.toArray()
			.map(({ name }) => name),
	);
}

/** Events that wait for somebody. */
export async function pending(room: string): Promise<number> {
	if (!(await tables(room)).includes("pending_event")) return 0;
	return runInDurableObject(
		stubOf(room),
		(_, { storage }) => storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM pending_event").one().n,
	);
}

/** The room's record, as it is stored; changed by `change` while memory is away. */
export async function record(room: string, change?: Record<string, unknown>): Promise<Record<string, unknown>> {
	const read = () =>
		runInDurableObject(stubOf(room), (_, { storage }) => {
			const { value } = storage.sql.exec<{ value: string }>("SELECT value FROM room").one();
			const now = { ...(JSON.parse(value) as Record<string, unknown>), ...change };
			if (change) storage.sql.exec("UPDATE room SET value = ?", JSON.stringify(now));
			return now;
		});
	const result = await read();
	if (change) await loseMemory(room);
	return result;
}
