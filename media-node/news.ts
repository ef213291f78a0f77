/** What a media node tells the process that started it, where there is a channel to it. */
export type NodeNews =
	| {
			type: "registered";
			/** Port of health and metrics. */
			http: number;
	  }
	/** It ends. */
	| { type: "failed"; reason: string };
