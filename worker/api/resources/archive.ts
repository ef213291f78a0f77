/** `/v1/ducksoup`: logs and plots of interactions, and results of microphone checks. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { TypedResponse } from "hono";
import * as z from "zod";
import { SwitchyardError } from "../../../shared/errors.ts";
import { archiveOf } from "../../archive/locate.ts";
import { folderOf } from "../../dialects/ducksoup/names.ts";
import type { Env } from "../../env.ts";
import { refuseInvalid } from "../errors.ts";
import { ArchiveFileList, ArchiveFilePath, ArchivePath, answer, failures, secured } from "../schemas.ts";

const tags = ["DuckSoup"];
const ONE = "/ducksoup/{namespace}/{interaction}/files/{file}";

const list = createRoute({
	...{ method: "get", path: "/ducksoup/{namespace}/{interaction}/files", tags, security: secured },
	operationId: "listInteractionFiles",
	summary: "List an interaction's logs, plots and checks",
	description: "Of all runs under these names. Recordings are with their room's.",
	request: { params: ArchivePath },
	responses: { 200: answer("All of them", ArchiveFileList), ...failures("bad_request") },
});

const read = createRoute({
	...{ method: "get", path: ONE, tags, security: secured, operationId: "readInteractionFile" },
	summary: "Read one of them",
	description: "A `/` in its name is `%2F` in the path.",
	request: { params: ArchiveFilePath },
	responses: {
		200: {
			description: "Its text, or picture",
			content: { "text/plain": { schema: z.string() }, "image/svg+xml": { schema: z.string() } },
		},
		...failures("bad_request", "not_found"),
	},
});

const remove = createRoute({
	...{ method: "delete", path: ONE, tags, security: secured, operationId: "deleteInteractionFile" },
	summary: "Delete one of them",
	request: { params: ArchiveFilePath },
	responses: { 204: { description: "Deleted" }, ...failures("bad_request", "not_found") },
});

export const archive = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: refuseInvalid })
	.openapi(list, async (c) => c.json({ items: await folder(c.env, c.req.valid("param")).list() }, 200))
	.openapi(read, async (c) => {
		const path = c.req.valid("param");
		const text = await folder(c.env, path).read(path.file);
		if (text === undefined) throw new SwitchyardError("not_found", `no file ${path.file} there`);
		const response = c.body(text, 200, { "Content-Type": typeOf(path.file) });
		// A text by what it is described as, which comes as a stream.
		return response as unknown as TypedResponse<string, 200, "text">;
	})
	.openapi(remove, async (c) => {
		const path = c.req.valid("param");
		if (!(await folder(c.env, path).remove(path.file))) {
			throw new SwitchyardError("not_found", `no file ${path.file} there`);
		}
		return c.body(null, 204);
	});

function typeOf(file: string): string {
	return file.endsWith(".svg") ? "image/svg+xml" : "text/plain; charset=UTF-8";
}

function folder(env: Env, { namespace, interaction }: { namespace: string; interaction: string }) {
	return archiveOf(env, folderOf({ namespace, name: interaction }));
}
