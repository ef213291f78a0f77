/** What a process has cost so far, and where it may run (Linux). */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"]).toString());

/** CPU time of a process, user and system, ms. */
export function cpuMs(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	// The second field is a name in parentheses, which may hold spaces.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}

export function childrenOf(pid: number): { pid: number; name: string }[] {
	return execFileSync("ps", ["-o", "pid=,comm=", "--ppid", String(pid)])
		.toString()
		.trim()
		.split("\n")
		.map((line) => {
			const [id, name = ""] = line.trim().split(/\s+/);
			return { pid: Number(id), name };
		});
}

/** Keeps a process, with all its threads, on one core. */
export function pin(pid: number, core: number): void {
	execFileSync("taskset", ["-a", "-cp", String(core), String(pid)], { stdio: "ignore" });
}
