/** Structured logs: one JSON object a line, keys and the broker's password never in it. */
import { pino } from "pino";

/** Its level is the configuration's as soon as that is read. */
export const log = pino({ base: { bridge: process.env.CONSUMER || "rabbitmq" } });
export type Log = typeof log;
