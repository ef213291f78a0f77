/** An answer that wants Opus in one channel: effects and recordings are mono. */
export function monoOpus(sdp: string): string {
	const payloadTypes = [...sdp.matchAll(/^a=rtpmap:(\d+) opus\/48000/gim)].map(([, type]) => type);
	return payloadTypes.reduce<string>((text, type) => {
		return text.replace(new RegExp(`^a=fmtp:${type} (.*)$`, "gm"), (line: string) => {
			if (/[ ;]stereo=0/.test(line)) return line;
			const mono = line.replace(/([ ;])stereo=1/, "$1stereo=0");
			return mono === line ? `${line};stereo=0` : mono;
		});
	}, sdp);
}

/** The lines of an SDP that tell where its sender can be reached, each once. */
export function candidatesIn(sdp: string): string[] {
	return [...new Set([...sdp.matchAll(/^a=(candidate:.*?)\s*$/gm)].map(([, line]) => line as string))];
}
