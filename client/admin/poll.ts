/** Does its work now and again, so long after each time it is done, and not while the page is hidden. Ended by what it returns. */
export function poll(everyMs: number, work: () => Promise<void>): () => void {
	let timer: ReturnType<typeof setTimeout> | undefined;
	let busy = false;
	let over = false;

	const turn = async () => {
		if (busy || over || document.hidden) return;
		clearTimeout(timer);
		busy = true;
		await work();
		busy = false;
		if (!over) timer = setTimeout(turn, everyMs);
	};
	const start = () => void turn();
	document.addEventListener("visibilitychange", start);
	start();
	return () => {
		over = true;
		clearTimeout(timer);
		document.removeEventListener("visibilitychange", start);
	};
}
