/** The Switchyard SDK: a call over the edge and a media node. docs/sdk.md shows one in 15 lines. */
export type * from "./api.ts";
export { connect } from "./connect.ts";
export { createLocalTracks, listDevices, onDevicesChanged } from "./devices.ts";
export { SwitchyardError } from "./error.ts";
