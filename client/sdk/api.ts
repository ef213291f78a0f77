/**
 * The public types, all of them, and nothing else: they import nothing from elsewhere, so that the built declarations
 * are usable without this repository. docs/sdk.md tells them in sentences.
 */
export type * from "./api/channels.ts";
export type * from "./api/connecting.ts";
export type * from "./api/effects.ts";
export type * from "./api/errors.ts";
export type * from "./api/participants.ts";
export type * from "./api/recordings.ts";
export type * from "./api/room.ts";
export type * from "./api/statistics.ts";
export type * from "./api/words.ts";
