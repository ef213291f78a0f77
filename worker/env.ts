/** Bindings and variables of the Worker. Every variable is text, as wrangler and miniflare give it. */
import type { EventRecord } from "../shared/events.ts";
import type { Archive } from "./archive/archive.ts";
import type { Directory } from "./directory/directory.ts";
import type { Feed } from "./events/feed/feed.ts";
import type { Fleet } from "./fleet/fleet.ts";
import type { Room } from "./room/room.ts";

export interface Env {
	readonly ROOM: DurableObjectNamespace<Room>;
	readonly FLEET: DurableObjectNamespace<Fleet>;
	readonly DIRECTORY: DurableObjectNamespace<Directory>;
	readonly FEED: DurableObjectNamespace<Feed>;
	readonly ARCHIVE: DurableObjectNamespace<Archive>;
	/** Where events of all rooms go. */
	readonly EVENTS?: Queue<EventRecord>;
	/** Where recordings are kept that nodes bring to the edge. */
	readonly RECORDINGS?: R2Bucket;
	/** Static files: demo, SDK, API page. */
	readonly ASSETS?: Fetcher;
	/** Base64, at least 32 bytes: the key that signs participant tokens, and the API key with the id `default`. All other keys are derived from it unless given. */
	readonly AUTH_KEY: string;
	/** JSON object of further API keys, id → base64. A token names its key by `kid`. */
	readonly API_KEYS?: string;
	/** Base64 seeds (32 bytes) of the Ed25519 assignment keys, comma-separated; the first signs, all are published. */
	readonly ASSIGNMENT_KEYS?: string;
	/** Comma-separated origins whose pages may open sockets; `*` is any. */
	readonly ALLOWED_ORIGINS?: string;
	/** JSON array of RTCIceServer that clients are given. */
	readonly ICE_SERVERS?: string;
	/** Comma-separated URLs of TURN servers of one's own that check credentials with TURN_SECRET. */
	readonly TURN_URLS?: string;
	/** Their shared secret: coturn's `static-auth-secret`. */
	readonly TURN_SECRET?: string;
	/** Seconds that TURN credentials live. */
	readonly TURN_TTL?: string;
	/** A key of Cloudflare's TURN service: its id, and the token that makes credentials with it. */
	readonly TURN_KEY_ID?: string;
	readonly TURN_KEY_API_TOKEN?: string;
	/** The origin that nodes and clients are told to dial, when it is not the one of the request. */
	readonly PUBLIC_URL?: string;
	/** `true`: `POST /v1/demo/tokens` hands a participant token to anyone. Development only. */
	readonly DEMO?: string;
	/** `false`: a room must be created over REST before anyone joins. */
	readonly AUTO_CREATE?: string;
	/** `sfu`, `mesh` or `auto`: of rooms whose settings do not say. */
	readonly DEFAULT_TOPOLOGY?: string;
	/** `true`: `?region=` of a participant's socket says where its media is served. For tests. */
	readonly ALLOW_REGION_QUERY?: string;
	/** `true`: events of all rooms go into the feed, for bridges and `GET /v1/events`. */
	readonly EVENT_FEED?: string;
	/** Comma-separated URLs that events of all rooms are posted to. */
	readonly WEBHOOK_URLS?: string;
	/** What webhooks are signed with: base64 of at least 24 bytes, with or without `whsec_`; several, comma-separated, all sign. */
	readonly WEBHOOK_SECRET?: string;
	/** `true`: webhooks may go to private addresses and without TLS. Development only. */
	readonly WEBHOOK_ALLOW_PRIVATE?: string;
	/** Comma-separated GStreamer elements that may be effects besides those that always may (docs/effects.md). */
	readonly EFFECTS_ALLOWED?: string;
	/** Odoo: any text means that `X-Forwarded-*` tell who calls and where browsers reach this edge. */
	readonly PROXY?: string;
	/** Odoo: sessions of a channel. */
	readonly CHANNEL_SIZE?: string;
	/** Odoo: bit/s of the top layer of uploads. */
	readonly MAX_VIDEO_BITRATE?: string;
	/** Odoo: bit/s that a session may send, and be sent. */
	readonly MAX_BITRATE_IN?: string;
	readonly MAX_BITRATE_OUT?: string;
	/** Odoo: names of codecs, comma-separated, by preference: what sessions send and receive. */
	readonly AUDIO_CODECS?: string;
	readonly VIDEO_CODECS?: string;
	/** Odoo: `false` hides `GET /v1/stats`, which tells anybody of all channels. */
	readonly ODOO_STATS?: string;
	/** `true`: clients of Talksy may join any room. */
	readonly TALKSY?: string;
	/** `true`: clients of Pion_SFU may join any room, as anybody. */
	readonly PION?: string;
	/** DuckSoup is on where there are origins whose pages may begin interactions: comma-separated, exact. */
	readonly DUCKSOUP_ALLOWED_WS_ORIGINS?: string;
	/** DuckSoup: `DEV` lets pages of this machine in as well. */
	readonly DUCKSOUP_MODE?: string;
	/** DuckSoup: what all its paths begin with, such as `/path`. */
	readonly DUCKSOUP_WEB_PREFIX?: string;
	/** DuckSoup: who may see the developers' pages. Without a password nobody. */
	readonly DUCKSOUP_TEST_LOGIN?: string;
	readonly DUCKSOUP_TEST_PASSWORD?: string;
	/** DuckSoup: STUN servers that clients are told of beside ICE_SERVERS, comma-separated; `false`: none. */
	readonly DUCKSOUP_STUN_SERVER_URLS?: string;
	/** DuckSoup: as the former was called. */
	readonly DUCKSOUP_ICE_SERVERS?: string;
	/** DuckSoup: `true` lets those who ask for it have their effects on a GPU. */
	readonly DUCKSOUP_NVCODEC?: string;
	/** DuckSoup: `true` shows the time in all video that has effects. */
	readonly DUCKSOUP_FORCE_OVERLAY?: string;
	/** DuckSoup: `true` records nothing. */
	readonly DUCKSOUP_NO_RECORDING?: string;
	/** DuckSoup: `false` turns the statistics page and feed off. */
	readonly DUCKSOUP_GENERATE_STATS?: string;
	/** DuckSoup: `true` draws an interaction's bit rates when it is over. */
	readonly DUCKSOUP_GENERATE_PLOTS?: string;
	/** DuckSoup: 0 fatal, 1 error, 2 info, 3 debug, 4 trace. */
	readonly DUCKSOUP_LOG_LEVEL?: string;
	/** DuckSoup: `false` keeps the log of interactions off the console. */
	readonly DUCKSOUP_LOG_STDOUT?: string;
	/** tribe: what its bearers are signed with, as text; `AUTH_KEY` unless given. */
	readonly TRIBE_SECRET?: string;
	/** tribe: `true` lets anybody read `/state`, `/memstats` and `/globals`; otherwise they need an API key. */
	readonly TRIBE_STATE?: string;
	/** tribe: `true` takes a session over only for who shows its user's bearer. */
	readonly TRIBE_RECONNECT_BEARER?: string;
	/** tribe: `VP8` or `H264`: the codec that clients are asked to send. */
	readonly TRIBE_CODEC?: string;
	/** Limits by their variable names (shared/limits.ts). */
	readonly [limit: string]: unknown;
}
