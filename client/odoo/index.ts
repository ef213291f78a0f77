/** The bundle `odoo_sfu.js`, with the exports of the library that Odoo ships. */
import packageJson from "../../package.json" with { type: "json" };

export { CLIENT_UPDATE, SfuClientState, SfuClientState as SFU_CLIENT_STATE } from "./names.ts";
export { SfuClient } from "./sfu-client.ts";

export const __info__ = {
	date: "",
	hash: "",
	url: "",
	version: packageJson.version,
};
