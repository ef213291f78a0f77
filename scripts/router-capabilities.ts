/** Writes shared/router-capabilities.ts: what mediasoup makes of shared/codecs.ts, for the edge, which has no mediasoup. */
import { writeFileSync } from "node:fs";
import { generateRouterRtpCapabilities } from "mediasoup/ortc";
import type { RouterRtpCodecCapability } from "mediasoup/types";
import { ROUTER_CODECS } from "../shared/codecs.ts";
import { capabilitiesModule } from "./capabilities-module.ts";

const capabilities = generateRouterRtpCapabilities([...ROUTER_CODECS] as RouterRtpCodecCapability[]);
writeFileSync(new URL("../shared/router-capabilities.ts", import.meta.url), capabilitiesModule(capabilities));
