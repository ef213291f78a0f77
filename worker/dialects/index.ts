/** Every dialect the edge speaks. */
import type { Dialect } from "./dialect.ts";
import { native } from "./native/native.ts";

export const dialects: readonly Dialect[] = [native];
