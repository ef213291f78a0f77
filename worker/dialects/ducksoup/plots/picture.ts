/** A course as an SVG: the bit rates over time, and below them of video what the sender's encoder made of it. */
import type { Course, Sample } from "./courses.ts";
import { linesOf, type Point, stepsOf, ticksTo, timesBetween } from "./scale.ts";

const WIDTH = 960;
const LEFT = 70;
const RIGHT = 894;
const TOP = 104;
/** The panels' heights, and the room between them for a legend. */
const HEIGHT = { rates: 260, reports: 130, between: 62, below: 56 };
/** Points of a line: one for each pixel across is more than anybody sees. */
const MOST_POINTS = (RIGHT - LEFT) / 1.5;
const MARK = 7;

/** Each with its colour on a light and on a dark ground. */
const COLOURS = {
	received: ["#1d5fd6", "#6aa8ff"],
	sent: ["#c2410c", "#ff9d5c"],
	target: ["#667085", "#9aa4b5"],
	lossy: ["#c81e3a", "#ff7b8b"],
	width: ["#7c3aed", "#b79bff"],
	framerate: ["#0b7a6c", "#3fd0bb"],
	keyFrames: ["#8a5a00", "#f0bd4f"],
} as const;
type Name = keyof typeof COLOURS;

export interface About {
	namespace: string;
	interaction: string;
	/** ms since 1970. */
	createdAt: number;
	started: boolean;
}

export function pictureOf(course: Course, about: About): string {
	const { received, sent, target, lossy, width, framerate, keyFrames, kind, user } = course;
	const times = [...received, ...sent].map(({ at }) => at);
	// Longer than an argument list may be.
	const first = times.reduce((least, at) => Math.min(least, at), 0);
	const last = times.reduce((most, at) => Math.max(most, at), first + 1);
	const reports = width.length + framerate.length > 0;
	const across = { from: first, to: last };
	const rates = ratesPanel(course, across);
	const below = TOP + HEIGHT.rates + HEIGHT.between;
	const bottom = reports ? below + HEIGHT.reports : TOP + HEIGHT.rates;
	const height = bottom + HEIGHT.below;
	const legend = entries([
		["received", `received${meanOf(received)}`, received],
		["sent", `sent to each${meanOf(sent)}`, sent],
		["target", "target", target],
		["lossy", "a receiver loses over 25/256", lossy],
	]);
	const title = `${kind === "audio" ? "Sound" : "Video"} of ${user}`;
	const heading = shortened(title, 72);
	const run = `${new Date(about.createdAt).toISOString().slice(0, 19).replace("T", " ")} UTC`;
	const subtitle = `interaction ${about.interaction} · namespace ${about.namespace} · run of ${run}`;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">`,
		`<title id="title">${escaped(title)}: bit rates</title>`,
		`<desc id="desc">${escaped(`${subtitle}. ${legend.map(([, text]) => text).join(", ")}.`)}</desc>`,
		`<style>${styles()}</style>`,
		`<rect class="ground" width="${WIDTH}" height="${height}"/>`,
		`<text class="title" x="${LEFT}" y="36">${escaped(heading)}</text>`,
		`<text class="muted" x="${LEFT}" y="57">${escaped(shortened(subtitle, 120))}</text>`,
		legendAt(legend, TOP - 20),
		...rates,
		...(reports
			? [legendAt(reported(course), below - 17), ...reportsPanel({ width, framerate, keyFrames }, across, below)]
			: []),
		...timeAxis(across, bottom, about.started),
		"</svg>",
		"",
	].join("\n");
}

type Entry = [Name, string];

/** Of what there is any. */
function entries(all: readonly [Name, string, readonly unknown[]][]): Entry[] {
	return all.flatMap(([name, text, { length }]): Entry[] => (length > 0 ? [[name, text]] : []));
}

interface Across {
	from: number;
	to: number;
}

function ratesPanel({ received, sent, target, lossy }: Course, across: Across): string[] {
	const lines = { target, sent, received };
	const drawn = Object.entries(lines).map(([name, samples]): [Name, Point[][]] => [
		name as Name,
		linesOf(samples, across.from, across.to, MOST_POINTS),
	]);
	const most = drawn.flatMap(([, parts]) => parts.flat()).reduce((sum, { value }) => Math.max(sum, value), 0);
	const ticks = ticksTo(most * 1.04, 5);
	const panel = { top: TOP, height: HEIGHT.rates };
	const y = scale(panel, ticks);
	const marks = thinned(lossy, across).map((at) => `M${x(across, at)} ${TOP + 1}v${MARK}`);
	return [
		...grid(panel, ticks),
		...startLine(panel, across),
		...labels(ticks, y, LEFT - 10, "end"),
		unit("kbit/s", LEFT - 52, panel),
		...drawn.flatMap(([name, parts]) => (parts.length > 0 ? path(name, parts, across, y) : [])),
		...(marks.length > 0 ? [`<path class="lossy" d="${marks.join("")}"/>`] : []),
	];
}

type Reports = Pick<Course, "width" | "framerate" | "keyFrames">;

function reportsPanel({ width, framerate, keyFrames }: Reports, across: Across, top: number): string[] {
	const panel = { top, height: HEIGHT.reports };
	const most = (samples: readonly Sample[]) => samples.reduce((sum, { value = 0 }) => Math.max(sum, value), 0);
	const left = ticksTo(most(width) * 1.04, 3);
	const right = evenly(most(framerate) * 1.04, left.length - 1);
	const steps = (samples: readonly Sample[]) => stepsOf(samples, across.from, across.to, MOST_POINTS);
	const foot = top + HEIGHT.reports - 1;
	const within = keyFrames.filter((at) => at >= across.from && at <= across.to);
	const marks = thinned(within, across).map((at) => `M${x(across, at)} ${foot}v-${MARK}`);
	return [
		...grid(panel, left),
		...startLine(panel, across),
		...(width.length > 0
			? [
					...labels(left, scale(panel, left), LEFT - 10, "end"),
					unit("px", LEFT - 52, panel),
					path("width", steps(width), across, scale(panel, left)),
				]
			: []),
		...(framerate.length > 0
			? [
					...labels(right, scale(panel, right), RIGHT + 10, "start"),
					unit("frames/s", RIGHT + 46, panel),
					path("framerate", steps(framerate), across, scale(panel, right)),
				]
			: []),
		...(marks.length > 0 ? [`<path class="keyFrames" d="${marks.join("")}"/>`] : []),
	];
}

function reported({ width, framerate, keyFrames }: Course): Entry[] {
	return entries([
		["width", "width, as its client reports it", width],
		["framerate", "frame rate", framerate],
		["keyFrames", "key frame", keyFrames],
	]);
}

// ------------------------------------------------------------ axes

interface Panel {
	top: number;
	height: number;
}

type Scale = (value: number) => string;

function scale({ top, height }: Panel, ticks: readonly number[]): Scale {
	const most = ticks.at(-1) ?? 1;
	return (value) => round(top + height - (value / most) * height);
}

function x({ from, to }: Across, at: number): string {
	return round(LEFT + ((at - from) / (to - from)) * (RIGHT - LEFT));
}

/** As many steps as another axis has, so that both share their lines. */
function evenly(most: number, count: number): number[] {
	const step = [1, 2, 5, 10, 15, 20, 25, 30, 50, 100].find((it) => it * count >= most) ?? Math.ceil(most / count);
	return Array.from({ length: count + 1 }, (_, i) => i * step);
}

function grid(panel: Panel, ticks: readonly number[]): string[] {
	const y = scale(panel, ticks);
	return ticks.map((tick) => `<path class="${tick === 0 ? "axis" : "grid"}" d="M${LEFT} ${y(tick)}H${RIGHT}"/>`);
}

/** Where media came before the start. */
function startLine({ top, height }: Panel, across: Across): string[] {
	return across.from < 0 ? [`<path class="start" d="M${x(across, 0)} ${top}v${height}"/>`] : [];
}

function labels(ticks: readonly number[], y: Scale, at: number, anchor: "start" | "end"): string[] {
	return ticks.map((tick) => {
		return `<text class="tick" text-anchor="${anchor}" x="${at}" y="${y(tick)}" dy="4">${tick.toLocaleString("en")}</text>`;
	});
}

function unit(text: string, at: number, { top, height }: Panel): string {
	const middle = top + height / 2;
	return `<text class="muted" text-anchor="middle" transform="translate(${at} ${middle}) rotate(-90)">${text}</text>`;
}

function timeAxis(across: Across, bottom: number, started: boolean): string[] {
	const since = started ? "seconds since the start" : "seconds since the interaction was made";
	return [
		...timesBetween(across.from, across.to, 10).map((at) => {
			const place = x(across, at);
			return `<path class="axis" d="M${place} ${bottom}v5"/><text class="tick" text-anchor="middle" x="${place}" y="${bottom + 20}">${at.toLocaleString("en").replace("-", "−")}</text>`;
		}),
		`<text class="muted" text-anchor="middle" x="${(LEFT + RIGHT) / 2}" y="${bottom + 42}">${since}</text>`,
	];
}

// ------------------------------------------------------------ lines and marks

function path(name: Name, lines: readonly Point[][], across: Across, y: Scale): string {
	const d = lines.map((points) => {
		const places = points.map(({ at, value }) => `${x(across, at)} ${y(value)}`);
		// One alone is a dot, which its round ends are.
		return `M${places.join("L")}${places.length === 1 ? "h.01" : ""}`;
	});
	return `<path class="${name}" d="${d.join("")}"/>`;
}

/** No two marks on one pixel. */
function thinned(times: readonly number[], across: Across): number[] {
	return [...new Map(times.map((at) => [Math.round(Number(x(across, at))), at])).values()];
}

function legendAt(those: readonly Entry[], y: number): string {
	let left = LEFT;
	const parts = those.map(([name, text]) => {
		const isMark = name === "lossy" || name === "keyFrames";
		const swatch = isMark ? `M${left + 11} ${y - 8}v${MARK}` : `M${left} ${y - 4}h22`;
		const entry = `<path class="${name}" d="${swatch}"/><text class="legend" x="${left + 30}" y="${y}">${escaped(text)}</text>`;
		// Its font is the viewer's own: about so wide.
		left += 30 + text.length * 6.4 + 26;
		return entry;
	});
	return parts.join("\n");
}

function meanOf(samples: readonly Sample[]): string {
	const values = samples.flatMap(({ value }) => (value === undefined ? [] : [value]));
	if (values.length === 0) return "";
	const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
	return `, mean ${Math.round(mean).toLocaleString("en")} kbit/s`;
}

function styles(): string {
	const colours = (ground: 0 | 1) =>
		Object.entries(COLOURS)
			.map(([name, those]) => `.${name}{stroke:${those[ground]}}`)
			.join("");
	const chrome = (ground: string, text: string, muted: string, line: string) =>
		`.ground{fill:${ground}}.title,.legend{fill:${text}}.muted,.tick{fill:${muted}}.grid{stroke:${line}}.axis,.start{stroke:${muted}}`;
	return [
		'text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}.title{font-size:20px;font-weight:600}.tick{font-size:12px;font-variant-numeric:tabular-nums}',
		"path{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}.grid,.axis,.start{stroke-width:1}.grid{stroke-linecap:butt}.target{stroke-dasharray:2 5}.start{stroke-dasharray:4 4}.lossy,.keyFrames{stroke-width:2}",
		chrome("#fff", "#16202e", "#5b6676", "#e3e7ee"),
		colours(0),
		`@media (prefers-color-scheme:dark){${chrome("#10151d", "#edf1f7", "#a0abbb", "#263040")}${colours(1)}}`,
	].join("");
}

/** Names may be long; what does not fit on the line is in the description. */
function shortened(text: string, most: number): string {
	return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function round(value: number): string {
	return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
	return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
