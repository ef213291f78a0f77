import * as z from "zod";
/**
 * Any JSON value, as it came from a parser: present, and not looked into. zod's own `z.json()` walks the whole value
 * again, which made a message of 1 kB fifty times dearer to check.
 */
export declare const Json: z.ZodUnknown;
