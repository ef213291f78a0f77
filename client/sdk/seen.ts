/** Knows messages and signals that came twice: a room that forgot may carry one again, with its sender's own id. */
export class Seen {
	readonly #last = new Map<string, { join: number; id: number }>();

	/** True the first time. Ids of one sender grow within each of its joins. */
	isNew({ type, from, join, id }: { type: string; from: string; join: number; id: number }): boolean {
		// Signals may be gathered on their way, and come after messages that were sent later.
		const key = `${type} ${from}`;
		const last = this.#last.get(key);
		if (last && (join < last.join || (join === last.join && id <= last.id))) return false;
		this.#last.set(key, { join, id });
		return true;
	}

	clear(): void {
		this.#last.clear();
	}
}
