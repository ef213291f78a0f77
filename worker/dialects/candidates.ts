/** ICE candidates in frames of their own, for protocols that promise them: they are all in the node's descriptions. */
import type { IceCandidateInit } from "../../shared/sdp.ts";

export interface Candidates {
	/** Whose they are (RFC 8839 section 5.4): others follow when these are replaced. */
	ufrag: string;
	list: Required<IceCandidateInit>[];
}

/** Of the first section, whose transport all share (RFC 9143); undefined where there are none. */
export function candidatesIn(sdp: string): Candidates | undefined {
	const sections = sdp.split(/^(?=m=)/m).slice(1);
	for (const [index, section] of sections.entries()) {
		const ufrag = /^a=ice-ufrag:(\S+)/m.exec(section)?.[1] ?? /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
		const lines = [...section.matchAll(/^a=(candidate:[^\r\n]+)/gm)];
		if (ufrag === undefined || lines.length === 0) continue;
		const sdpMid = /^a=mid:(\S+)/m.exec(section)?.[1] ?? null;
		const common = { sdpMid, sdpMLineIndex: index, usernameFragment: ufrag };
		return { ufrag, list: lines.map(([, candidate = ""]) => ({ candidate, ...common })) };
	}
	return undefined;
}
