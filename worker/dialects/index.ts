/** Every dialect the edge speaks. */
import type { Dialect } from "./dialect.ts";
import { native } from "./native/native.ts";
import { odoo } from "./odoo/odoo.ts";
import { pion } from "./pion/pion.ts";

export const dialects: readonly Dialect[] = [native, odoo, pion];
