/**
 * Calls when the network or the page may have come back: the moment to look whether connections still live. `anew`: it is
 * the network that was gone, and may be another one now, in which nothing of before has a way.
 */
export function watchNetwork(callback: (anew: boolean) => void): () => void {
	// Not in Node, nor in a worker.
	if (typeof window === "undefined" || typeof document === "undefined") return () => {};
	const onVisibility = () => {
		if (!document.hidden) callback(false);
	};
	const onOnline = () => callback(true);
	window.addEventListener("online", onOnline);
	document.addEventListener("visibilitychange", onVisibility);
	return () => {
		window.removeEventListener("online", onOnline);
		document.removeEventListener("visibilitychange", onVisibility);
	};
}
