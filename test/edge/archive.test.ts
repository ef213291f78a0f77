import { expect, it, vi } from "vitest";
import { MOST_BYTES } from "../../worker/archive/archive.ts";
import { archiveOf } from "../../worker/archive/locate.ts";
import { folderOf } from "../../worker/dialects/ducksoup/names.ts";
import { fetchEdge, testEnv } from "./support/client.ts";

const headers = { Authorization: `Bearer ${testEnv.AUTH_KEY}` };
const newFolder = () => folderOf({ namespace: "lab", name: crypto.randomUUID() });
const textOf = async (stream: ReadableStream<Uint8Array> | undefined) => stream && new Response(stream).text();
/** Over HTTP, as back ends read it. */
const read = (folder: string, file: string) =>
	fetchEdge(`/v1/ducksoup/${folder.replace(/^data\//, "")}/files/${file}`, { headers });

it("a full file is read whole, whatever its characters, and what is beyond is dropped and told once", async () => {
	const folder = newFolder();
	const archive = archiveOf(testEnv, folder);
	// Two bytes in memory each, and two in UTF-8.
	const text = "é".repeat(1_000_000);
	const told = vi.spyOn(console, "error").mockImplementation(() => {});
	for (let bytes = 0; bytes < MOST_BYTES + 4_000_000; bytes += 2_000_000) await archive.append("log", text);
	expect(told.mock.calls).toMatchObject([[{ event: "archived file is full", folder, file: "log" }]]);
	told.mockRestore();
	const [file] = await archive.list();
	expect(file?.bytes).toBeLessThanOrEqual(MOST_BYTES);
	expect(file?.bytes).toBeGreaterThan(MOST_BYTES - 1_000_000);
	const response = await read(folder, "log");
	expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "text/plain; charset=UTF-8"]);
	const whole = await response.text();
	expect(whole.length).toBe((file?.bytes ?? 0) / 2);
	expect(/^é*$/.test(whole)).toBe(true);
}, 60_000);

it("characters beyond the first plane are whole, wherever a piece ends", async () => {
	const archive = archiveOf(testEnv, newFolder());
	const text = `a${"😀".repeat(300_000)}`;
	await archive.write("smiles", text);
	expect((await textOf(await archive.read("smiles"))) === text).toBe(true);
	expect(await archive.list()).toMatchObject([{ name: "smiles", bytes: 1_200_001 }]);
});

it("a file of nothing is a file", async () => {
	const archive = archiveOf(testEnv, newFolder());
	await archive.write("empty", "");
	expect(await archive.list()).toMatchObject([{ name: "empty", bytes: 0 }]);
	expect(await textOf(await archive.read("empty"))).toBe("");
	expect(await archive.read("none")).toBeUndefined();
	await archive.append("empty", "more");
	expect(await textOf(await archive.read("empty"))).toBe("more");
});
