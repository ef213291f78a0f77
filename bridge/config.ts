/** Settings of the bridge, from its environment. docs/events.md lists them; an invalid one stops the start and names itself. */
import * as z from "zod";
import { readEnvironment } from "../shared/environment.ts";
import { ConsumerName } from "../shared/events.ts";

const Environment = z.object({
	/** Origin of the edge, `https://…`. */
	EDGE_URL: z.url({ protocol: /^https?$/ }),
	/** One of the edge's API keys, as it is written there. */
	API_KEY: z.string().min(1),
	RABBITMQ_URL: z.url({ protocol: /^amqps?$/ }),
	RABBITMQ_EXCHANGE: z.string().min(1).default("live_events"),
	/** Of an exchange that is not there yet. */
	RABBITMQ_EXCHANGE_TYPE: z.enum(["topic", "direct", "fanout", "headers"]).default("topic"),
	/** A durable queue that gets everything, made when it is not there. */
	RABBITMQ_QUEUE: z.string().min(1).optional(),
	/** The name under which the edge keeps how far this bridge is. */
	CONSUMER: ConsumerName.default("rabbitmq"),
	/** Where a name that is new begins: with the oldest event that the edge has, or with what comes. */
	FROM: z.enum(["oldest", "now"]).default("oldest"),
	/** Health and metrics. */
	HTTP_ADDRESS: z.string().default("127.0.0.1"),
	/** 0: a free one. */
	HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(9_091),
	LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

export interface Config {
	edge: string;
	apiKey: string;
	consumer: string;
	from: "oldest" | "now";
	broker: { url: string; exchange: string; exchangeType: string; queue?: string };
	httpAddress: string;
	httpPort: number;
	logLevel: string;
}

export function readConfig(env: NodeJS.ProcessEnv): Config {
	const it = readEnvironment(Environment, env, "settings of the events bridge");
	return {
		edge: it.EDGE_URL.replace(/\/+$/, ""),
		apiKey: it.API_KEY,
		consumer: it.CONSUMER,
		from: it.FROM,
		broker: {
			url: it.RABBITMQ_URL,
			exchange: it.RABBITMQ_EXCHANGE,
			exchangeType: it.RABBITMQ_EXCHANGE_TYPE,
			queue: it.RABBITMQ_QUEUE,
		},
		httpAddress: it.HTTP_ADDRESS,
		httpPort: it.HTTP_PORT,
		logLevel: it.LOG_LEVEL,
	};
}
