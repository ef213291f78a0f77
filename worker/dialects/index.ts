/** Every dialect the edge speaks. */
import type { Dialect } from "./dialect.ts";
import { native } from "./native/native.ts";
import { odoo } from "./odoo/odoo.ts";

export const dialects: readonly Dialect[] = [native, odoo];
