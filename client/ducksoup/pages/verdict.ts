/** What a check of the microphone found. */
export interface Findings {
	noiseLevels: number;
	volumeLevels: number;
	passed: boolean;
	timestamp: string;
}

const LEAST_VOLUME = 4.5;

/** `mostNoise`: of silence, above which it is too loud where the person is. */
export function findings(noise: readonly number[], volume: readonly number[], mostNoise: number): Findings {
	const [noiseLevels, volumeLevels] = [median(noise), median(volume)];
	const passed = noiseLevels < mostNoise && volumeLevels > LEAST_VOLUME;
	return { noiseLevels, volumeLevels, passed, timestamp: new Date().toISOString() };
}

/** What the person can do about it. */
export function advice({ noiseLevels, volumeLevels, passed }: Findings, mostNoise: number): string {
	if (passed) return "Your microphone works well. You can close this page.";
	const loud = noiseLevels >= mostNoise;
	const quiet = volumeLevels <= LEAST_VOLUME;
	if (loud && quiet)
		return "It is loud around you, and your voice is faint. Go somewhere quiet, come closer to the microphone, and try again.";
	if (loud) return "It is too loud around you. Go somewhere quiet, close the window, and try again.";
	return "Your voice is too faint. Come closer to the microphone, or raise its volume in the system's settings, and try again.";
}

export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	if (sorted.length === 0) return 0;
	return sorted.length % 2
		? (sorted[middle] as number)
		: ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
