/**
 * Before each further try to reconnect, ms: the first at once, since most drops are a change of network; never more than
 * what lets a room be whole again within five seconds of the service's return.
 */
const DELAYS = [0, 300, 1_200, 2_700, 4_000];

/** Up to a fifth more or less, so that a whole room does not come back in one instant. */
export function reconnectDelay(attempt: number, random: () => number = Math.random): number {
	const delay = DELAYS[Math.min(attempt, DELAYS.length - 1)] ?? 0;
	return Math.round(delay * (0.8 + 0.4 * random()));
}
