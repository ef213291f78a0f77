/** Tests of people who stay: each goes on where the one before it ended. */
import { afterAll, it, type TestContext } from "vitest";

const STEP_MS = 60_000;

export interface Scene {
	/** Where the first step finds itself: nobody has done anything yet. */
	begin(): Promise<void>;
	/** Of a scene that has begun, and may not have come far. */
	end(): Promise<void>;
}

interface Step {
	name: string;
	/** The context is of the test that it is run for, which may be a later one's. */
	run(context: TestContext): Promise<void> | void;
	ms: number;
	/** Its own test did, when it was tried last. */
	failed: boolean;
}

/**
 * Tells one story in as many tests, by the function that it returns. What fails leaves people where nobody knows, so
 * whatever comes next, another try of the same above all, begins a new scene and goes through all that was before. So
 * does a test that is run by itself. When a step has failed for good, there is nothing that the next could go on from.
 */
export function story({ begin, end }: Scene) {
	const steps: Step[] = [];
	/** How many steps have been gone through in the scene as it stands. */
	let gone: number | undefined;
	let begun = false;
	let whole = STEP_MS;

	const curtain = async () => {
		if (begun) await end();
		begun = false;
	};
	afterAll(curtain);

	return (name: string, run: Step["run"], ms = STEP_MS): void => {
		const before = [...steps];
		const own: Step = { name, run, ms, failed: false };
		steps.push(own);
		whole += ms;
		const test = async (context: TestContext) => {
			const failed = before.find((step) => step.failed);
			if (failed) context.skip(`"${failed.name}" has failed`);
			const stands = gone;
			gone = undefined;
			own.failed = true;
			if (stands !== before.length) {
				await curtain();
				begun = true;
				await begin();
				for (const step of before) await within(step, context);
			}
			await within(own, context);
			own.failed = false;
			gone = steps.indexOf(own) + 1;
		};
		it(name, test, whole);
	};
}

async function within({ name, run, ms }: Step, context: TestContext): Promise<void> {
	const late = Promise.withResolvers<never>();
	const timer = setTimeout(() => late.reject(new Error(`"${name}" takes longer than ${ms} ms`)), ms);
	try {
		await Promise.race([run(context), late.promise]);
	} finally {
		clearTimeout(timer);
	}
}
