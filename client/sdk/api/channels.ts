export interface ChannelOptions {
	ordered?: boolean;
	maxRetransmits?: number;
	/** ms */
	maxPacketLifeTime?: number;
	protocol?: string;
}

export interface ChannelEvents {
	message: [data: string | ArrayBuffer];
	open: [];
	close: [];
}

export interface DataChannel {
	readonly id: string;
	readonly label: string;
	readonly protocol: string;
	readonly state: "connecting" | "open" | "closed";
	/** False for a channel that somebody else opened: they are one way. */
	readonly writable: boolean;
	send(data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob): void;
	onmessage: ((data: string | ArrayBuffer) => void) | undefined;
	on<E extends keyof ChannelEvents>(event: E, listener: (...args: ChannelEvents[E]) => void): () => void;
	close(): void;
}
