/** Every dialect the edge speaks. */
import type { Dialect } from "./dialect.ts";
import { ducksoup } from "./ducksoup/ducksoup.ts";
import { native } from "./native/native.ts";
import { odoo } from "./odoo/odoo.ts";
import { pion } from "./pion/pion.ts";
import { talksy } from "./talksy/talksy.ts";
import { tribe } from "./tribe/tribe.ts";
import { whep } from "./whip/whep.ts";
import { whip } from "./whip/whip.ts";

export const dialects: readonly Dialect[] = [native, ducksoup, odoo, pion, talksy, tribe, whip, whep];
