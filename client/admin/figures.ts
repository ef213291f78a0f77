/** Figures in words. */
export function bits(perSecond: number): string {
	if (perSecond >= 1e9) return `${(perSecond / 1e9).toFixed(2)} Gb/s`;
	return perSecond >= 1e6 ? `${(perSecond / 1e6).toFixed(1)} Mb/s` : `${(perSecond / 1e3).toFixed(0)} kb/s`;
}

export const percent = (share: number) => `${Math.round(share * 100)} %`;

export function count(many: number, one: string, more = `${one}s`): string {
	return `${many.toLocaleString("en")} ${many === 1 ? one : more}`;
}

/** How long ago a time was. */
export function ago(ms: number, now = Date.now()): string {
	const seconds = Math.max(0, Math.round((now - ms) / 1_000));
	if (seconds < 60) return `${seconds} s ago`;
	if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
	if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
	return `${Math.floor(seconds / 86_400)} d ago`;
}

export const moment = (ms: number) => new Date(ms).toLocaleString();
