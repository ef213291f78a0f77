import { toast } from "../demo/toast.ts";

/** Does something that may be refused, and says how it went. */
export async function act(work: () => Promise<unknown>, done: string, failed: string): Promise<void> {
	try {
		await work();
		toast(done);
	} catch (error) {
		toast(`${failed}: ${(error as Error).message}`);
	}
}
