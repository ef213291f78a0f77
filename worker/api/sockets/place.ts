/** Where a request comes from, as the platform knows it (`request.cf`; plain workerd knows none of it). */
import * as z from "zod";
import type { Place } from "../../room/rpc.ts";

const text = z.string().optional().catch(undefined);
const degrees = z.coerce.number().optional().catch(undefined);
const Cf = z.object({ continent: text, country: text, latitude: degrees, longitude: degrees }).catch({});

export function placeOf(request: Request): Place {
	return Cf.parse(request.cf ?? {});
}
