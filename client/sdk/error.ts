import type { SwitchyardErrorCode } from "./api.ts";

/** The one error class of the SDK: a stable code and a message for people. */
export class SwitchyardError extends Error {
	override readonly name = "SwitchyardError";
	readonly code: SwitchyardErrorCode;

	constructor(code: SwitchyardErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}
