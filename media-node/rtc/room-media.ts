/**
 * A room's media on this node: one router, the endpoints of its participants here, their tracks. It carries out the
 * room's commands and reports what comes of them; every command is the same when it comes twice.
 */
import type { Producer, Router } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import type { Cause, LinkCommand, LinkReport, Subscription } from "../../shared/link.ts";
import type { Layer } from "../../shared/media.ts";
import { type Log, log } from "../observability/logger.ts";
import { Endpoint, type EndpointLimits } from "./endpoint.ts";
import { errorBody } from "./errors.ts";
import { qualityOf } from "./quality.ts";
import { SpeakerObserver } from "./speakers.ts";
import { SubscribedTrack } from "./subscriptions.ts";
import { isData, PublishedTrack } from "./tracks.ts";
import type { MediaWorker, Workers } from "./workers.ts";

/** Quality is looked at no more often than this, ms. */
const QUALITY_MS = 2_000;

type Command<T extends LinkCommand["type"]> = Extract<LinkCommand, { type: T }>;

interface Home {
	media: MediaWorker;
	router: Router;
	speakers: SpeakerObserver;
}

export class RoomMedia {
	readonly room: string;
	readonly endpoints = new Map<string, Endpoint>();
	readonly #tracks = new Map<string, PublishedTrack>();
	readonly #workers: Workers;
	readonly #limits: EndpointLimits;
	readonly #report: (report: LinkReport) => void;
	readonly #log: Log;
	#home: Promise<Home> | undefined;
	readonly #quality = new Map<string, number>();
	#qualityTimer: NodeJS.Timeout | undefined;
	#closed = false;

	constructor(room: string, workers: Workers, limits: EndpointLimits, report: (report: LinkReport) => void) {
		this.room = room;
		this.#workers = workers;
		this.#limits = limits;
		this.#report = (it) => this.#closed || report(it);
		this.#log = log.child({ part: "media", room });
	}

	/** Gets the router ready before the first endpoint asks for it. */
	prepare(): void {
		this.#getHome().catch(() => {});
	}

	get consumers(): number {
		let count = 0;
		for (const endpoint of this.endpoints.values()) count += endpoint.subscriptions.size;
		return count;
	}

	get producers(): number {
		return this.#tracks.size;
	}

	/** A client still sends or receives here. */
	get inUse(): boolean {
		return [...this.endpoints.values()].some(({ connected }) => connected);
	}

	/** What is served now, for a room that lost sight of it. */
	served(): Extract<LinkReport, { type: "attached" }>["endpoints"] {
		return [...this.endpoints.values()].map(({ id, tracks, subscriptions }) => ({
			endpoint: id,
			tracks: [...tracks.keys()],
			subscriptions: [...subscriptions.keys()],
		}));
	}

	execute(command: LinkCommand): void {
		switch (command.type) {
			case "attach":
				return;
			case "open":
				return this.#open(command);
			case "close":
				return this.#close(command.endpoint);
		}
		const endpoint = this.endpoints.get(command.endpoint);
		switch (command.type) {
			case "connect":
				return this.#answer(command, endpoint, async (it) => {
					await it.connect(command.direction, command.dtlsParameters);
					const { direction, cause } = command;
					return { type: "connected", endpoint: it.id, direction, cause };
				});
			case "restartIce":
				return this.#answer(command, endpoint, async (it) => {
					const iceParameters = await it.restartIce(command.direction);
					const { direction, cause } = command;
					return { type: "ice", endpoint: it.id, direction, iceParameters, cause };
				});
			case "publish":
				return this.#publish(command, endpoint);
			case "unpublish":
				return this.#unpublish(endpoint, command.track);
			case "mute":
				return endpoint?.tracks.get(command.track)?.setMuted(command.muted);
			case "subscribe":
				return this.#subscribe(command, endpoint);
			case "unsubscribe":
				for (const track of command.tracks) {
					endpoint?.subscriptions.get(track)?.close();
					endpoint?.subscriptions.delete(track);
				}
				return;
			case "tune":
				for (const { track, ...settings } of command.tracks) endpoint?.subscriptions.get(track)?.tune(settings);
				return;
			case "keyFrame":
				endpoint?.subscriptions
					.get(command.track)
					?.requestKeyFrame()
					.catch((error: unknown) => this.#log.warn({ err: error }, "no key frame"));
				return;
			case "describe":
				if (endpoint) void this.#describe(endpoint, [...endpoint.subscriptions.values()]);
				return;
			default:
				command satisfies never;
		}
	}

	/** Ends everything, and reports nothing of it. */
	close(): void {
		this.#closed = true;
		clearTimeout(this.#qualityTimer);
		for (const endpoint of this.endpoints.values()) endpoint.close();
		this.endpoints.clear();
		this.#tracks.clear();
		void this.#home?.then(({ router }) => router.close()).catch(() => {});
		this.#home = undefined;
	}

	// ------------------------------------------------------------ endpoints

	#getHome(): Promise<Home> {
		if (!this.#home) {
			const home = this.#makeHome();
			this.#home = home;
			home
				.then(({ router }) => {
					// Its worker died: what was on it is gone, and the next endpoint gets another.
					router.observer.once("close", () => this.#lose(home));
				})
				.catch(() => {
					if (this.#home === home) this.#home = undefined;
				});
		}
		return this.#home;
	}

	async #makeHome(): Promise<Home> {
		const { media, router } = await this.#workers.createRouter();
		if (this.#closed) {
			router.close();
			throw new SwitchyardError("stale_endpoint", "the room was dropped meanwhile");
		}
		const speakers = await SpeakerObserver.on(router, (news) => this.#report({ type: "speakers", ...news }));
		return { media, router, speakers };
	}

	#lose(home: Promise<Home>): void {
		if (this.#closed || this.#home !== home) return;
		this.#home = undefined;
		const error = { code: "node_failed", message: "the media worker died" } as const;
		for (const endpoint of [...this.endpoints.values()]) {
			this.#close(endpoint.id);
			this.#report({ type: "closed", endpoint: endpoint.id, error });
		}
	}

	#open(command: Command<"open">): void {
		const there = this.endpoints.get(command.endpoint);
		if (there) {
			there.opened.then(this.#report).catch(() => {});
			return;
		}
		// The map has it at once, so that what follows in the same frame finds it.
		const endpoint = new Endpoint(command, this.#getHome(), this.#limits);
		this.endpoints.set(endpoint.id, endpoint);
		endpoint.onMediaState = (state) => this.#report({ type: "media", endpoint: endpoint.id, state });
		endpoint.opened.then(this.#report).catch((error: unknown) => {
			if (this.endpoints.get(endpoint.id) !== endpoint) return;
			this.#close(endpoint.id);
			this.#report({ type: "closed", endpoint: endpoint.id, error: errorBody(error) });
		});
	}

	#close(id: string): void {
		const endpoint = this.endpoints.get(id);
		if (!endpoint) return;
		this.endpoints.delete(id);
		this.#quality.delete(endpoint.participant);
		for (const track of endpoint.tracks.values()) {
			if (this.#tracks.get(track.id) === track) this.#tracks.delete(track.id);
		}
		endpoint.close();
	}

	/** Runs a client's request and reports its outcome with its cause. */
	#answer(
		command: { endpoint: string; cause: Cause },
		endpoint: Endpoint | undefined,
		work: (endpoint: Endpoint) => Promise<LinkReport>,
	): void {
		const { cause } = command;
		const done = endpoint ? work(endpoint) : Promise.reject(new SwitchyardError("stale_endpoint"));
		done.then(this.#report).catch((error: unknown) => {
			this.#report({ type: "failed", endpoint: command.endpoint, cause, error: errorBody(error) });
		});
	}

	// ------------------------------------------------------------ tracks

	#publish(command: Command<"publish">, endpoint: Endpoint | undefined): void {
		const { track: id, source, media, layers = [], muted, cause } = command;
		const fail = (error: unknown) =>
			this.#report({ type: "failed", endpoint: command.endpoint, track: id, cause, error: errorBody(error) });
		if (!endpoint) return fail(new SwitchyardError("stale_endpoint"));
		let track = endpoint.tracks.get(id);
		if (!track) {
			// Published anew on another endpoint before the old one was closed: the newest counts.
			this.#tracks.get(id)?.close();
			const wish = { id, participant: endpoint.participant, source, media, layers, muted };
			track = new PublishedTrack(wish, endpoint.transport("send"));
			this.#adopt(endpoint, track);
		}
		track.ready.then(() => this.#report({ type: "published", endpoint: endpoint.id, track: id, cause })).catch(fail);
	}

	#adopt(endpoint: Endpoint, track: PublishedTrack): void {
		const { id } = track;
		endpoint.tracks.set(id, track);
		this.#tracks.set(id, track);
		const forget = () => {
			if (endpoint.tracks.get(id) === track) endpoint.tracks.delete(id);
			if (this.#tracks.get(id) === track) this.#tracks.delete(id);
		};
		track.onLost = () => {
			if (endpoint.closed || endpoint.tracks.get(id) !== track) return;
			forget();
			this.#report({ type: "trackEnded", endpoint: endpoint.id, track: id });
		};
		track.ready
			.then((producer) => {
				if (isData(producer)) return;
				producer.on("score", () => this.#checkQuality());
				if (track.source === "audio") void this.#listenTo(producer);
			})
			.catch(forget);
	}

	async #listenTo(producer: Producer): Promise<void> {
		try {
			await (await this.#getHome()).speakers.add(producer);
		} catch (error) {
			if (!producer.closed) this.#log.warn({ err: error }, "a track without audio levels");
		}
	}

	#unpublish(endpoint: Endpoint | undefined, id: string): void {
		const track = endpoint?.tracks.get(id);
		if (!track) return;
		endpoint?.tracks.delete(id);
		if (this.#tracks.get(id) === track) this.#tracks.delete(id);
		track.close();
	}

	// ------------------------------------------------------------ subscriptions

	#subscribe(command: Command<"subscribe">, endpoint: Endpoint | undefined): void {
		if (!endpoint) return;
		const subscriptions = command.tracks.flatMap((wish) => this.#subscription(endpoint, wish) ?? []);
		void this.#describe(endpoint, subscriptions);
	}

	#subscription(endpoint: Endpoint, { track: id, ...settings }: Subscription): SubscribedTrack | undefined {
		const there = endpoint.subscriptions.get(id);
		const published = this.#tracks.get(id);
		if (there && published) {
			there.tune(settings);
			return there;
		}
		if (!published) {
			const error = new SwitchyardError("not_found", `no track ${id} on this node`).toJSON();
			this.#report({ type: "subscriptionFailed", endpoint: endpoint.id, track: id, error });
			return undefined;
		}
		const subscription = new SubscribedTrack(published, endpoint.receiver(), settings);
		endpoint.subscriptions.set(id, subscription);
		const forget = () => endpoint.subscriptions.get(id) === subscription && endpoint.subscriptions.delete(id);
		subscription.onEnded = () => {
			if (forget() && !endpoint.closed) this.#report({ type: "unsubscribed", endpoint: endpoint.id, tracks: [id] });
		};
		subscription.onLayers = (layer: Layer | null) =>
			this.#report({ type: "layers", endpoint: endpoint.id, layers: { [id]: layer } });
		subscription.onScore = () => this.#checkQuality();
		subscription.ready.catch((error: unknown) => {
			// Closed meanwhile is what was wanted; a track that failed is told of as such.
			if (!forget() || endpoint.closed || !this.#tracks.has(id)) return;
			this.#report({ type: "subscriptionFailed", endpoint: endpoint.id, track: id, error: errorBody(error) });
		});
		return subscription;
	}

	/** Reports subscriptions in one batch, so that the client negotiates once. */
	async #describe(endpoint: Endpoint, subscriptions: readonly SubscribedTrack[]): Promise<void> {
		const outcomes = await Promise.allSettled(subscriptions.map(({ ready }) => ready));
		const consumers = outcomes.flatMap((outcome, i) => {
			const subscription = subscriptions[i];
			const still = subscription && endpoint.subscriptions.get(subscription.track) === subscription;
			return outcome.status === "fulfilled" && still ? [outcome.value] : [];
		});
		if (consumers.length > 0) this.#report({ type: "subscribed", endpoint: endpoint.id, consumers });
	}

	// ------------------------------------------------------------ quality

	#checkQuality(): void {
		this.#qualityTimer ??= setTimeout(() => {
			this.#qualityTimer = undefined;
			const changed: Record<string, number> = {};
			for (const endpoint of this.endpoints.values()) {
				const score = qualityOf(endpoint);
				if (this.#quality.get(endpoint.participant) === score) continue;
				this.#quality.set(endpoint.participant, score);
				changed[endpoint.participant] = score;
			}
			if (Object.keys(changed).length > 0) this.#report({ type: "quality", quality: changed });
		}, QUALITY_MS);
	}
}
