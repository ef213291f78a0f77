/**
 * What `ASSETS` is on Cloudflare, over workerd's disk service, which serves files and nothing else: it has no content
 * types, no index pages, and lists its directories.
 */
const TYPES = {
	css: "text/css; charset=utf-8",
	html: "text/html; charset=utf-8",
	ico: "image/x-icon",
	js: "text/javascript; charset=utf-8",
	json: "application/json",
	map: "application/json",
	png: "image/png",
	svg: "image/svg+xml",
	txt: "text/plain; charset=utf-8",
	webmanifest: "application/manifest+json",
	webp: "image/webp",
	woff2: "font/woff2",
};

export default {
	async fetch(request, env) {
		if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405 });
		const { pathname, search } = new URL(request.url);
		const read = (path) => readFile(env.FILES, path, request);

		if (pathname.endsWith("/")) return (await read(`${pathname}index.html`)) ?? notFound();
		const found = (await read(pathname)) ?? (await read(`${pathname}.html`));
		if (found) return found;
		const index = await read(`${pathname}/index.html`);
		await index?.body?.cancel();
		return index ? Response.redirect(new URL(`${pathname}/${search}`, request.url).href, 307) : notFound();
	},
};

/** Only what has a type above is a file; so a directory is none. */
async function readFile(files, path, { method, headers }) {
	const type = TYPES[/\.([a-z0-9]+)$/.exec(path)?.[1]];
	if (!type) return undefined;
	const file = await files.fetch(new URL(path, "http://files/"), { method });
	if (!file.ok) {
		await file.body?.cancel();
		return undefined;
	}
	// The time a file was last changed names its version; to the second, which is as good as the disk service has it.
	const etag = `"${Date.parse(file.headers.get("last-modified") ?? "").toString(36)}"`;
	const known = { etag, "cache-control": "public, max-age=0, must-revalidate" };
	if (headers.get("if-none-match") === etag) {
		await file.body?.cancel();
		return new Response(null, { status: 304, headers: known });
	}
	const length = file.headers.get("content-length");
	return new Response(file.body, {
		headers: { ...known, "content-type": type, ...(length && { "content-length": length }) },
	});
}

function notFound() {
	return new Response("not found", { status: 404 });
}
