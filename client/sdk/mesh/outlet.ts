import type { DataChannel } from "../api.ts";

type Data = Parameters<DataChannel["send"]>[0];

/** One data channel to one participant, which keeps what is sent before it is open. */
export class Outlet {
	readonly channel: RTCDataChannel;
	#waiting: Data[];

	constructor(channel: RTCDataChannel, waiting: readonly Data[]) {
		this.channel = channel;
		this.#waiting = [...waiting];
		channel.addEventListener("open", () => {
			for (const data of this.#waiting.splice(0)) put(channel, data);
		});
	}

	get open(): boolean {
		return this.channel.readyState === "open";
	}

	send(data: Data): void {
		if (this.open) put(this.channel, data);
		else if (this.channel.readyState === "connecting") this.#waiting.push(data);
	}
}

/** Its types name each kind of data on its own. */
function put(channel: RTCDataChannel, data: Data): void {
	channel.send(data as string);
}
