/** Who receives which track in one room on this node. */
import { SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand, Subscription } from "../../shared/link.ts";
import type { TrackSettings } from "../../shared/media.ts";
import { MIX_TRACKS } from "../../shared/mix.ts";
import { Mix } from "../mixing/mix.ts";
import type { Endpoint } from "./endpoint.ts";
import { errorBody } from "./errors.ts";
import type { RoomContext } from "./room-media.ts";
import { SubscribedTrack } from "./subscriptions.ts";
import type { RoomTrack } from "./tracks.ts";

type Subscribe = Extract<LinkCommand, { type: "subscribe" }>;

export class RoomSubscriptions {
	readonly #room: RoomContext;

	constructor(room: RoomContext) {
		this.#room = room;
	}

	subscribe(command: Subscribe, endpoint: Endpoint | undefined): void {
		const subscriptions = command.tracks.flatMap((wish) => {
			try {
				return this.#subscribe(endpoint, wish);
			} catch (error) {
				this.#fail(command.endpoint, wish.track, error);
				return [];
			}
		});
		if (endpoint) void this.describe(endpoint, subscriptions);
	}

	/** A track has another source: its receivers follow. */
	follow(track: RoomTrack, endpoints: Iterable<Endpoint>): void {
		for (const endpoint of endpoints) {
			endpoint.mix?.follow(track);
			const there = endpoint.subscriptions.get(track.id);
			if (!there || there.published === track) continue;
			const subscription = this.#receive(endpoint, track, there.settings);
			void this.describe(endpoint, [subscription]);
		}
	}

	unsubscribe(endpoint: Endpoint, track: string): void {
		if (endpoint.mix?.has(track)) return endpoint.mix.drop(track);
		const subscription = endpoint.subscriptions.get(track);
		endpoint.subscriptions.delete(track);
		subscription?.close();
		endpoint.changed();
	}

	/** Its client takes no part in it. */
	refuse(endpoint: Endpoint, track: string): void {
		if (!endpoint.subscriptions.has(track)) return;
		this.unsubscribe(endpoint, track);
		this.#fail(endpoint.id, track, new SwitchyardError("unsupported", "refused by its client"));
	}

	/** Reports subscriptions in one batch, so that the client negotiates once. */
	async describe(endpoint: Endpoint, subscriptions = [...endpoint.subscriptions.values()]): Promise<void> {
		await Promise.allSettled(subscriptions.map(({ ready }) => ready));
		endpoint.changed();
		const consumers = subscriptions.flatMap((subscription) =>
			endpoint.subscriptions.get(subscription.track) === subscription ? (subscription.describe() ?? []) : [],
		);
		if (consumers.length > 0) this.#room.report({ type: "subscribed", endpoint: endpoint.id, consumers });
	}

	/** Mixes for an endpoint what it is subscribed to from now on. */
	mix(endpoint: Endpoint): void {
		endpoint.mix ??= new Mix({
			home: endpoint.home,
			log: this.#room.log.child({ endpoint: endpoint.id }),
			capabilities: () => endpoint.capabilities,
			bandwidth: this.#room.bandwidth,
			mixed: (tracks) => this.#mixed(endpoint, tracks),
			failed: (parts) => {
				endpoint.mix = undefined;
				if (endpoint.closed) return;
				const subscriptions = parts.map(({ published, settings }) => this.#receive(endpoint, published, settings));
				void this.describe(endpoint, subscriptions);
			},
			onWants: this.#room.onWants,
		});
	}

	#mixed(endpoint: Endpoint, tracks: readonly RoomTrack[]): void {
		if (endpoint.closed) return;
		const ended = Object.values(MIX_TRACKS).filter((id) => {
			return endpoint.subscriptions.has(id) && !tracks.some((track) => track.id === id);
		});
		for (const id of ended) this.unsubscribe(endpoint, id);
		if (ended.length > 0) this.#room.report({ type: "unsubscribed", endpoint: endpoint.id, tracks: ended });
		if (tracks.length === 0) return;
		const subscriptions = tracks.map((track) => this.#receive(endpoint, track, {}));
		void this.describe(endpoint, subscriptions);
	}

	#subscribe(endpoint: Endpoint | undefined, { track: id, ...settings }: Subscription): SubscribedTrack[] {
		if (!endpoint) throw new SwitchyardError("stale_endpoint");
		const published = this.#room.tracks.get(id);
		if (!published) throw new SwitchyardError("not_found", `no track ${id} on this node`);
		if (!endpoint.mix || published.kind === "data") return [this.#receive(endpoint, published, settings)];
		endpoint.mix.set(published, settings);
		return [];
	}

	#receive(endpoint: Endpoint, published: RoomTrack, settings: TrackSettings): SubscribedTrack {
		const { id } = published;
		const there = endpoint.subscriptions.get(id);
		if (there?.published === published) {
			there.tune(settings);
			return there;
		}
		if (there?.published.closed) {
			// Of an earlier track of that id, whose end the worker has not told yet.
			this.unsubscribe(endpoint, id);
			this.#room.report({ type: "unsubscribed", endpoint: endpoint.id, tracks: [id] });
		} else {
			// The track comes from elsewhere now. Its receiver gets both for a while, and no gap.
			there?.retire();
		}
		const subscription = new SubscribedTrack(published, endpoint.receiver(published), settings, endpoint.holds);
		endpoint.subscriptions.set(id, subscription);
		this.#watch(endpoint, subscription);
		return subscription;
	}

	#watch(endpoint: Endpoint, subscription: SubscribedTrack): void {
		const { track: id } = subscription;
		const { report, onScore, onWants } = this.#room;
		const forget = () => endpoint.subscriptions.get(id) === subscription && endpoint.subscriptions.delete(id);
		subscription.onEnded = () => {
			// As with tracks: the end of the whole endpoint is told once.
			queueMicrotask(() => {
				if (!forget() || endpoint.closed) return;
				endpoint.changed();
				report({ type: "unsubscribed", endpoint: endpoint.id, tracks: [id] });
			});
		};
		subscription.onLayers = (layer) => report({ type: "layers", endpoint: endpoint.id, layers: { [id]: layer } });
		subscription.onScore = onScore;
		subscription.onWants = onWants;
		subscription.ready.catch((error: unknown) => {
			// Closed meanwhile is what was wanted; a track that failed is told of as such.
			const told = endpoint.closed || this.#room.tracks.get(id) !== subscription.published;
			if (forget() && !told) this.#fail(endpoint.id, id, error);
		});
	}

	#fail(endpoint: string, track: string, error: unknown): void {
		this.#room.report({ type: "subscriptionFailed", endpoint, track, error: errorBody(error) });
	}
}
