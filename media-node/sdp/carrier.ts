/** What carries a connection: one transport, made once, and what its two ends have told of themselves. */
import type { WebRtcTransport } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import type { DtlsParameters } from "../../shared/media.ts";
import type { Description } from "../../shared/sdp.ts";
import { dtlsParametersIn } from "../rtc/convert.ts";
import type { RemoteDescription } from "./read.ts";
import { type SectionText, writeDescription } from "./write.ts";

export class Carrier {
	readonly #make: (sctp: boolean) => Promise<WebRtcTransport>;
	#transport: WebRtcTransport | undefined;
	#remote: { ice: string; fingerprints: string } | undefined;
	#setup: "active" | "passive" = "passive";
	#allowMixed = false;
	#closed = false;
	readonly #id = Math.floor(Math.random() * 2 ** 48);
	#version = 0;

	constructor(make: (sctp: boolean) => Promise<WebRtcTransport>) {
		this.#make = make;
	}

	/** The client has told its end. */
	get connected(): boolean {
		return this.#remote !== undefined;
	}

	/** The description restarts ICE. */
	isRestart({ ice }: RemoteDescription): boolean {
		return this.#remote !== undefined && this.#remote.ice !== ice;
	}

	async made(sctp: boolean): Promise<WebRtcTransport> {
		this.#transport ??= await this.#make(sctp);
		if (this.#closed) {
			this.#transport.close();
			throw new SwitchyardError("stale_endpoint");
		}
		return this.#transport;
	}

	/** Connects with the first description that has the client's certificate; it stays the same from then on. */
	async connect({ ice, dtls, allowMixed }: RemoteDescription, sctp: boolean): Promise<WebRtcTransport> {
		const transport = await this.made(sctp);
		this.#allowMixed = allowMixed;
		if (dtls.fingerprints.length === 0) return transport;
		const fingerprints = JSON.stringify(dtls.fingerprints);
		if (!this.#remote) {
			// The role is the client's; where it leaves the choice, ours is to wait (RFC 8842 section 5.2).
			const role: DtlsParameters["role"] = dtls.role === "server" ? "server" : "client";
			this.#setup = role === "server" ? "active" : "passive";
			await transport.connect({ dtlsParameters: dtlsParametersIn({ ...dtls, role }) });
		} else if (this.#remote.fingerprints !== fingerprints) {
			throw new SwitchyardError("unsupported", "sdp: another certificate needs another connection");
		}
		this.#remote = { ice, fingerprints };
		return transport;
	}

	/** A description of this end with these sections. */
	write(transport: WebRtcTransport, type: Description["type"], sections: readonly SectionText[]): string {
		const { sctpParameters } = transport;
		return writeDescription(
			{
				...{ id: this.#id, version: ++this.#version, sections },
				setup: type === "offer" ? "actpass" : this.#setup,
				allowMixed: type === "answer" ? this.#allowMixed : true,
				...(sctpParameters && {
					sctp: { port: sctpParameters.port, maxMessageSize: sctpParameters.maxReceiveMessageSize },
				}),
			},
			transport,
		);
	}

	close(): void {
		this.#closed = true;
		this.#transport?.close();
	}
}
