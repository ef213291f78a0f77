/** Structured logs: one JSON object a line, tokens never in it. */
import { pino } from "pino";

/** Its level is the configuration's as soon as that is read. */
export const log = pino({
	base: { node: process.env.NODE_ID },
	redact: ["token", "*.token", "headers.authorization", "*.headers.authorization"],
});
export type Log = typeof log;
