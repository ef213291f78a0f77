/** They stay where they are. */
import type { Store } from "./store.ts";

export const LOCAL_STORE: Store = {
	keepsLocal: true,
	bring: () => Promise.resolve(),
};
