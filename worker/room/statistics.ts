/** What nodes measure of members' endpoints, where their dialects ask for it: the latest, for whoever wants to know. */
import type { EndpointStatistics } from "../../shared/statistics.ts";
import type { Core } from "./core.ts";
import type { Member } from "./state.ts";

export function onStatistics(core: Core, epoch: number, statistics: Record<string, EndpointStatistics>): void {
	for (const id of core.statistics.keys()) if (!core.endpoints.has(id)) core.statistics.delete(id);
	for (const [id, measured] of Object.entries(statistics)) {
		const endpoint = core.endpoints.get(id);
		if (endpoint?.epoch !== epoch) continue;
		core.statistics.set(id, measured);
		if (core.members.get(endpoint.participant)?.endpoint === id) {
			core.tell({ type: "statistics", statistics: measured }, { to: [endpoint.participant] });
		}
	}
}

/** Of the media side that a member has now. */
export function statisticsOf(core: Core, member: Member): EndpointStatistics | undefined {
	return member.endpoint === undefined ? undefined : core.statistics.get(member.endpoint);
}
