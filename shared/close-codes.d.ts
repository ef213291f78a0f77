/** WebSocket close codes (RFC 6455 section 7.4: 4000–4999 are the application's own), each with what the peer should do. */
export declare const CLOSE: {
	/** The participant left, or the room closed the socket because it asked to. */
	readonly normal: 1000;
	/** The service restarts: connect again and resume. */
	readonly goingAway: 1001;
	/** A frame over the message limit. Set by the runtime too. */
	readonly tooLarge: 1009;
	/** A fault of the service: connect again and resume. */
	readonly internal: 1011;
	/** The same identity joined elsewhere. Final. */
	readonly replaced: 4001;
	/** Removed by a moderator or a back end. Final, the token too. */
	readonly removed: 4002;
	/** The room was deleted. Final. */
	readonly roomClosed: 4003;
	/** Moved to another room, named in the `moved` event. */
	readonly moved: 4004;
	/** No join within the time allowed. Connect again. */
	readonly joinTimeout: 4005;
	/** Too many refused messages in a row: rate limit or bad frames. Connect again, more slowly. */
	readonly abuse: 4006;
	/** The socket did not read what was sent. Connect again and resume. */
	readonly slowConsumer: 4007;
	/** No heartbeat for too long. Connect again and resume. */
	readonly silent: 4008;
	/** A newer socket resumed this session. The older one has nothing to do. */
	readonly resumedElsewhere: 4009;
	/** Token missing, invalid, expired, or for another room. Get a new one. */
	readonly unauthorized: 4401;
	/** Node: another process registered with this id. */
	readonly nodeReplaced: 4101;
	/** Node: the assignment was revoked, used, or overtaken by a later epoch. Drop what it granted. */
	readonly fenced: 4102;
	/** Node: the room needs no media here any more. Drop what it granted. */
	readonly released: 4103;
	/** Node: registration refused; version or capabilities do not fit this fleet. */
	readonly incompatible: 4104;
};
export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];
/** Codes after which a native client must not come back by itself. */
export declare const FINAL_CLOSE_CODES: ReadonlySet<number>;
