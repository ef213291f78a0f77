import { describe, expect, it } from "vitest";
import type { ServiceErrorCode } from "../../client/sdk/api.ts";
import * as wire from "../../client/sdk/wire.ts";
import type { ErrorCode } from "../../shared/errors.ts";
import { HEARTBEAT } from "../../shared/limits.ts";
import { BEARER_PREFIX, SUBPROTOCOL } from "../../shared/native.ts";

describe("what the SDK says again", () => {
	it("is what the contracts say", () => {
		expect(wire).toMatchObject({ HEARTBEAT, BEARER_PREFIX, SUBPROTOCOL });
	});

	it("has every error code of the service", () => {
		const all: [ErrorCode] extends [ServiceErrorCode]
			? [ServiceErrorCode] extends [ErrorCode]
				? true
				: never
			: never = true;
		expect(all).toBe(true);
	});
});
