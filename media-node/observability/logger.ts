/** Structured logs: one JSON object a line, tokens never in it. */
import { pino } from "pino";

export const log = pino({
	level: process.env.LOG_LEVEL || "info",
	base: { node: process.env.NODE_ID },
	redact: ["token", "*.token", "headers.authorization"],
});
export type Log = typeof log;
