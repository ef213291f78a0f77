/** Calls when the network or the page may have come back: the moment to look whether connections still live. */
export function watchNetwork(callback: () => void): () => void {
	// Not in Node, nor in a worker.
	if (typeof window === "undefined" || typeof document === "undefined") return () => {};
	const onVisibility = () => {
		if (!document.hidden) callback();
	};
	window.addEventListener("online", callback);
	document.addEventListener("visibilitychange", onVisibility);
	return () => {
		window.removeEventListener("online", callback);
		document.removeEventListener("visibilitychange", onVisibility);
	};
}
