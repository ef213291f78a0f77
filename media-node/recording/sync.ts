/** A file that is on its disk, whatever becomes of the machine. */
import { open } from "node:fs/promises";

export async function sync(file: string): Promise<void> {
	const handle = await open(file, "r+");
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}
