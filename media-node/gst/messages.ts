/** What a pipeline's process and the node tell each other. */
import * as z from "zod";

/** What a process that waits has behind its name, for whoever looks at processes; it takes it off when it is used. */
export const WAITING = "waiting";

/** A property of a named element. Numbers are clamped to the range that the element declares. */
export const Scalar = z.union([z.string(), z.number(), z.boolean()]);
export type Scalar = z.infer<typeof Scalar>;

export const Setting = z.object({
	/** Name of the element within its pipeline. */
	element: z.string(),
	property: z.string(),
	value: Scalar,
});
export type Setting = z.infer<typeof Setting>;

export const StartSetting = Setting.extend({
	/** What cannot be set is told of as `refused`, by the rules of what plays, and fails nothing. */
	optional: z.boolean().optional(),
});
export type StartSetting = z.infer<typeof StartSetting>;

export const ToChild = z.discriminatedUnion("type", [
	/** Which of these elements there are; answered by `elements`. */
	z.object({ type: z.literal("probe"), elements: z.array(z.string()) }),
	/** Loads these elements, of those that there are, for a pipeline that is to come; answered by `ready`. */
	z.object({ type: z.literal("prepare"), elements: z.array(z.string()) }),
	/** Answered by `started`, once sockets are bound and files are open; a pipeline that cannot be is a `failed`. */
	z.object({
		type: z.literal("start"),
		text: z.string(),
		settings: z.array(StartSetting),
		/** A udpsink sends from the port that a udpsrc listens on. */
		latencyMs: z.number().optional(),
		sockets: z.array(z.object({ of: z.string(), also: z.string() })),
	}),
	/** At once, or in steps over some time, ms. */
	z.object({ type: z.literal("set"), ...Setting.shape, duration: z.number().optional() }),
	z.object({ type: z.literal("get"), id: z.number(), element: z.string(), property: z.string() }),
	/** Have an encoder make a key frame. */
	z.object({ type: z.literal("keyUnit"), element: z.string() }),
	/** End of the stream: what is on its way is written, then the process ends. */
	z.object({ type: z.literal("finish") }),
]);
export type ToChild = z.infer<typeof ToChild>;

export const FromChild = z.discriminatedUnion("type", [
	z.object({ type: z.literal("elements"), version: z.string(), there: z.array(z.string()) }),
	z.object({ type: z.literal("ready") }),
	z.object({ type: z.literal("started") }),
	/** The whole pipeline plays, which those that wait for data do only when that flows. */
	z.object({ type: z.literal("playing") }),
	/** Undefined: no such element or property, or not a plain value. */
	z.object({ type: z.literal("value"), id: z.number(), value: Scalar.optional() }),
	/** A set came to nothing. */
	z.object({ type: z.literal("refused"), element: z.string(), property: z.string(), reason: z.string() }),
	/** An element tells something of its own, such as a splitter of a new file. */
	z.object({ type: z.literal("message"), element: z.string(), name: z.string(), text: z.string() }),
	z.object({ type: z.literal("warning"), element: z.string(), message: z.string() }),
	/** The process ends after it. */
	z.object({ type: z.literal("failed"), element: z.string().optional(), message: z.string() }),
	/** All is written; the process ends after it. */
	z.object({ type: z.literal("finished") }),
]);
export type FromChild = z.infer<typeof FromChild>;
