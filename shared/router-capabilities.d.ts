import type { RtpCapabilities } from "./media.ts";
/** Names this set of capabilities: a node with another is refused by its fleet. */
export declare const ROUTER_CAPABILITIES_ID = "8f08d701a54bbbe4";
/** What every router of a fleet can receive and send. */
export declare const ROUTER_CAPABILITIES: RtpCapabilities;
