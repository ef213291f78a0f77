/** UDP datagrams in and out, of this machine or container as a whole: mediasoup counts bytes only. */
import { readFile } from "node:fs/promises";

/** Since the network came up; undefined where the system does not tell (Linux does). */
export async function datagrams(): Promise<number | undefined> {
	const text = await readFile("/proc/net/snmp", "utf8").catch(() => "");
	return countDatagrams(text);
}

/** Of two `Udp:` lines, the names and then the values. */
export function countDatagrams(snmp: string): number | undefined {
	const [names, values] = snmp
		.split("\n")
		.filter((line) => line.startsWith("Udp: "))
		.map((line) => line.split(/\s+/));
	const value = (name: string) => Number(values?.[names?.indexOf(name) ?? -1]);
	const sum = value("InDatagrams") + value("OutDatagrams");
	return Number.isFinite(sum) ? sum : undefined;
}
