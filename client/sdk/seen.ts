/** Knows messages that came twice: a room that forgot may carry one again, with its sender's own id. */
export class Seen {
	readonly #last = new Map<string, { join: number; id: number }>();

	/** True the first time. Ids of one sender grow within each of its joins. */
	isNew({ from, join, id }: { from: string; join: number; id: number }): boolean {
		const last = this.#last.get(from);
		if (last && (join < last.join || (join === last.join && id <= last.id))) return false;
		this.#last.set(from, { join, id });
		return true;
	}

	clear(): void {
		this.#last.clear();
	}
}
