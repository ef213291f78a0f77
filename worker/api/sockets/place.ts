/** Where a request comes from, as the platform knows it (`request.cf`; plain workerd knows none of it). */
import * as z from "zod";
import { Region } from "../../../shared/ids.ts";
import type { Env } from "../../env.ts";
import type { Place } from "../../room/rpc.ts";

const text = z.string().optional().catch(undefined);
const degrees = z.coerce.number().optional().catch(undefined);
const Cf = z.object({ continent: text, country: text, latitude: degrees, longitude: degrees }).catch({});

export function placeOf(request: Request): Place {
	return Cf.parse(request.cf ?? {});
}

/** Near the participant, unless the token names a region, or the address does where that is allowed. */
export function placed(env: Env, request: Request, claimed: string | undefined): Place {
	const place = placeOf(request);
	const asked = env.ALLOW_REGION_QUERY === "true" ? new URL(request.url).searchParams.get("region") : null;
	const region = asked === null ? claimed : Region.safeParse(asked).data;
	return region === undefined ? place : { ...place, region };
}
