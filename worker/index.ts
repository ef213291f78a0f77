/** The edge: what answers where, and the Durable Objects behind it. */
import { type Context, Hono } from "hono";
import { serveDucksoup } from "./api/ducksoup/routes.ts";
import { errorResponse, notFound } from "./api/errors.ts";
import { publishKeys } from "./api/keys.ts";
import { CALLS, callOdoo } from "./api/odoo/rest.ts";
import { connectChannel } from "./api/odoo/socket.ts";
import { connectPion } from "./api/pion/socket.ts";
import { recordingFiles } from "./api/recordings/files.ts";
import { rest } from "./api/rest.ts";
import { connectClient } from "./api/sockets/client.ts";
import { connectConsumer } from "./api/sockets/events.ts";
import { connectNode } from "./api/sockets/fleet.ts";
import { connectLink } from "./api/sockets/link.ts";
import { connectAnywhere } from "./api/sockets/root.ts";
import { wantsSocket } from "./api/sockets/upgrade.ts";
import { connectTalksy, createRoom, showPage, tellStats } from "./api/talksy/routes.ts";
import { connectTribe } from "./api/tribe/socket.ts";
import { tellGlobals, tellMemory, tellState } from "./api/tribe/state.ts";
import { streaming } from "./api/whip/streaming.ts";
import type { Env } from "./env.ts";

export { Archive } from "./archive/archive.ts";
export { Directory } from "./directory/directory.ts";
export { Feed } from "./events/feed/feed.ts";
export { Fleet } from "./fleet/fleet.ts";
export { Room } from "./room/room.ts";

const app = new Hono<{ Bindings: Env }>();
app.onError((error, c) => errorResponse(error, c));
app.notFound(notFound);

// Sockets come first: the headers of their 101 cannot be changed, so no middleware may touch it.
app.get("/v1/rooms/:room/connect", connectClient);
app.get("/v1/rooms/:room/link", connectLink);
app.get("/v1/fleet", connectNode);
app.get("/v1/events/connect", connectConsumer);

// Odoo's API: its url is the origin, or carries the room.
for (const call of CALLS) {
	app.all(`/v1/${call}`, callOdoo(call));
	app.all(`/odoo/:channel/v1/${call}`, callOdoo(call));
}
app.get("/odoo/:channel", (c) => (wantsSocket(c.req.raw) ? connectChannel(c) : notFound(c)));

app.all("*", serveDucksoup);

// Protocols without authentication, each where its setting is on.
app.get("/pion", connectPion);
app.get("/ws", connectTalksy);
app.get("/wss", connectTalksy);
app.get("/create_room", createRoom);
app.get("/stats", tellStats);
app.get("/", showPage);

// tribe's: a socket, and what its server told of itself.
app.get("/api", connectTribe);
app.get("/state", tellState);
app.get("/memstats", tellMemory);
app.get("/globals", tellGlobals);

app.route("/v1", streaming);
// Files are larger than what the rest takes.
app.route("/v1", recordingFiles);
app.route("/v1", rest);
app.all("/v1/*", notFound);
app.get("/.well-known/jwks.json", publishKeys);
// Clients that name their room in a frame dial the bare origin, or any path.
app.get("*", (c, next) => (wantsSocket(c.req.raw) ? Promise.resolve(connectAnywhere(c)) : next()));
app.get("*", serveAsset);

/** Where there is no page at the origin, it says that it is there. */
async function serveAsset(c: Context<{ Bindings: Env }>): Promise<Response> {
	const asset = await c.env.ASSETS?.fetch(c.req.raw);
	const none = !asset || asset.status === 404;
	if (none && c.req.path === "/") return c.text("Switchyard is up.\n");
	return asset ?? notFound(c);
}

export default app;
