/** The script `ducksoup.js`: `window.DuckSoup`, for pages of experiments. */
import { parseEmbedOptions, parsePeerOptions } from "./options.ts";
import { Player } from "./player.ts";

export type { PlayerEvent } from "./events.ts";
export type { EmbedOptions, PeerOptions } from "./options.ts";
export type { Player };

/** Resolves once the player is on its way to the server. Rejects where options that it cannot do without are missing. */
async function render(embedOptions: unknown, peerOptions: unknown): Promise<Player> {
	const embed = parseEmbedOptions(embedOptions);
	const player = new Player(embed, parsePeerOptions(peerOptions));
	player.start();
	return player;
}

export const DuckSoup = { render };
Object.assign(globalThis, { DuckSoup });
