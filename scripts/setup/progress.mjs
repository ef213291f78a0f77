/** How far a long step has come: one line that is rewritten on a terminal, and a line for every tenth elsewhere. */
export class Progress {
	#title;
	#tenth = -1;

	/** @param {string} title */
	constructor(title) {
		this.#title = title;
		if (!process.stdout.isTTY) console.log(`${title} …`);
	}

	/**
	 * @param {number} done
	 * @param {number} total
	 */
	at(done, total) {
		const percent = Math.floor((100 * done) / total);
		if (process.stdout.isTTY) {
			process.stdout.write(`\r\x1b[K${this.#title}: ${percent} %`);
			return;
		}
		const tenth = Math.floor(percent / 10);
		if (tenth === this.#tenth) return;
		this.#tenth = tenth;
		console.log(`${this.#title}: ${percent} %`);
	}

	end() {
		if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${this.#title}: done\n`);
		else console.log(`${this.#title}: done`);
	}
}
