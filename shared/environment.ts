/** Settings of processes (not of the edge), from their environment. */
import * as z from "zod";

/** UDP ports, `min-max`. */
export const PortRange = z
	.string()
	.regex(/^\d+-\d+$/, "two ports: min-max")
	.transform((text) => {
		const [min = 0, max = 0] = text.split("-").map(Number);
		return { min, max };
	})
	.refine(({ min, max }) => min >= 1 && max <= 65_535 && min <= max, "two ports: min-max");

/** Throws with every variable that is not what it should be, below a line that says whose they are. */
export function readEnvironment<T extends z.ZodType>(
	schema: T,
	env: Record<string, string | undefined>,
	whose: string,
): z.output<T> {
	// An empty variable is as good as none.
	const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
	const parsed = schema.safeParse(given);
	if (parsed.success) return parsed.data;
	const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
	throw new Error(`${whose}:\n  ${problems.join("\n  ")}`);
}
