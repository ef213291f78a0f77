/** The edge: what answers where, and the Durable Objects behind it. */
import { Hono } from "hono";
import { errorResponse, notFound } from "./api/errors.ts";
import { publishKeys } from "./api/keys.ts";
import { rest } from "./api/rest.ts";
import { connectClient } from "./api/sockets/client.ts";
import { connectNode } from "./api/sockets/fleet.ts";
import { connectLink } from "./api/sockets/link.ts";
import type { Env } from "./env.ts";

export { Directory } from "./directory/directory.ts";
export { Fleet } from "./fleet/fleet.ts";
export { Room } from "./room/room.ts";

const app = new Hono<{ Bindings: Env }>();
app.onError((error, c) => errorResponse(error, c));
app.notFound(notFound);

// Sockets come first: the headers of their 101 cannot be changed, so no middleware may touch it.
app.get("/v1/rooms/:room/connect", connectClient);
app.get("/v1/rooms/:room/link", connectLink);
app.get("/v1/fleet", connectNode);

app.route("/v1", rest);
app.all("/v1/*", notFound);
app.get("/.well-known/jwks.json", publishKeys);
app.get("*", (c) => c.env.ASSETS?.fetch(c.req.raw) ?? notFound(c));

export default app;
