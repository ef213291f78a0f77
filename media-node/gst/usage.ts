/** CPU that the pipelines of this node use, as Linux tells it; elsewhere nothing is known of it. */
import { readFile } from "node:fs/promises";

/** Linux counts in these for whoever reads /proc, ms. */
const TICK_MS = 10;

/** By process, what it had used when it was looked at last, ms. */
const seen = new Map<number, number>();

/** Returns what ends it. */
export function watchUsage(pid: number | undefined): () => void {
	if (pid === undefined) return () => {};
	seen.set(pid, 0);
	return () => seen.delete(pid);
}

/** Of all together since the last look, ms. What one used between the last look at it and its end is not seen. */
export async function pipelinesUsed(): Promise<number> {
	const used = await Promise.all(
		[...seen].map(async ([pid, before]) => {
			const now = await cpuMs(pid).catch(() => before);
			if (seen.has(pid)) seen.set(pid, now);
			return now - before;
		}),
	);
	return used.reduce((a, b) => a + b, 0);
}

async function cpuMs(pid: number): Promise<number> {
	const stat = await readFile(`/proc/${pid}/stat`, "utf8");
	// The second field is a name in parentheses, which may hold spaces (proc_pid_stat(5)).
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
