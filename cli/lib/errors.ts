/** What ends a command. Whatever is thrown besides these is a fault of the CLI itself. */

/** The command was not understood: exit code 2. */
export class UsageError extends Error {
	override readonly name = "UsageError";
}

/** Understood, and refused or failed: exit code 1. `next` says what to do about it. */
export class Failure extends Error {
	override readonly name = "Failure";
	readonly next: string | undefined;
	/** The API's, when it was the API that refused. */
	readonly code: string | undefined;

	constructor(message: string, next?: string, code?: string) {
		super(message);
		this.next = next;
		this.code = code;
	}
}
