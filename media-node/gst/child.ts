/**
 * A process of one GStreamer pipeline, started by the node over an IPC channel (pipeline.ts). Whatever a plugin does
 * to its process, this one alone has it. It ends with the pipeline, and with the node.
 */
import { errorText, type Library, loadLibrary, type Pointer, read, takeText } from "./library.ts";
import { type FromChild, type Setting, type StartSetting, ToChild, WAITING } from "./messages.ts";
import { Properties } from "./properties.ts";
import { Ramps } from "./ramps.ts";

/** Of gstmessage.h. */
const MESSAGE = { eos: 1, error: 2, warning: 4, stateChanged: 64, element: 32_768, latency: 1 << 19 };
const WANTED = Object.values(MESSAGE).reduce((all, type) => all | type);
const MESSAGE_TYPE = 64;
const MESSAGE_SOURCE = 80;
const STATE = { null: 1, ready: 2, playing: 4 };
const FAILURE = 0;
const FATAL_ERRORS = 1;
const EVENT_CUSTOM_UPSTREAM = (270 << 8) | 1;
/** How long one look at the bus waits, ms: so long the end of this process may take. */
const LOOK_MS = 200;
/** How long the last of a stream may take to be written, ms. */
const FINISH_MS = 10_000;

class Pipeline {
	readonly #library: Library;
	readonly #pipeline: Pointer;
	readonly #bus: Pointer;
	readonly #properties: Properties;
	readonly #ramps: Ramps;
	#latencyIsSet = false;

	constructor(library: Library, text: string, settings: readonly StartSetting[]) {
		this.#library = library;
		const error: (Pointer | null)[] = [null];
		const pipeline = library.parse(text, null, FATAL_ERRORS, error);
		if (pipeline === null || error[0]) throw new Error(errorText(error[0]));
		this.#pipeline = pipeline;
		this.#bus = library.bus(pipeline);
		this.#properties = new Properties(library, pipeline);
		this.#ramps = new Ramps(this.#properties, refuse);
		for (const { optional = false, ...setting } of settings) {
			const { element, property, value } = setting;
			try {
				this.#properties.set(element, property, value, !optional);
			} catch (cause) {
				const reason = cause instanceof Error ? cause.message : String(cause);
				if (!optional) throw new Error(`${element} ${property}: ${reason}`);
				refuse(setting, reason);
			}
		}
	}

	set latency(milliseconds: number) {
		this.#latencyIsSet = true;
		this.#library.setLatency(this.#pipeline, milliseconds * 1e6);
	}

	/** A socket is opened with the element that listens on it. */
	share(of: string, also: string): void {
		const element = this.#properties.element(of);
		if (element === undefined) throw new Error(`no ${of}`);
		this.#library.setState(element, STATE.ready);
		this.#properties.copy(of, "used-socket", also, "socket");
	}

	play(): void {
		const failed = this.#library.setState(this.#pipeline, STATE.playing) === FAILURE;
		if (!failed) tell({ type: "started" });
		this.#look(failed);
	}

	set(setting: Setting, duration?: number): void {
		this.#ramps.set(setting, duration);
	}

	get(element: string, property: string) {
		return this.#properties.get(element, property);
	}

	keyUnit(name: string): void {
		const element = this.#properties.element(name);
		const pad = element === undefined ? null : this.#library.staticPad(element, "src");
		const structure = this.#library.structureFrom("GstForceKeyUnit, all-headers=(boolean)true, count=(uint)0;", null);
		if (pad === null || structure === null) return;
		this.#library.sendPadEvent(pad, this.#library.newEvent(EVENT_CUSTOM_UPSTREAM, structure));
		this.#library.unref(pad);
	}

	finish(): void {
		setTimeout(() => end({ type: "failed", message: "the last of the stream was not written in time" }), FINISH_MS);
		this.#library.sendEvent(this.#pipeline, this.#library.newEos());
	}

	/** Waits for news on a thread of libuv, again and again. */
	#look(failed = false): void {
		this.#library.popFiltered.async(this.#bus, LOOK_MS * 1e6, WANTED, (problem: unknown, message: Pointer | null) => {
			if (problem) throw problem;
			if (message !== null) {
				this.#handle(message);
				this.#library.unrefMessage(message);
			} else if (failed) {
				// Without a word about why.
				return end({ type: "failed", message: "the pipeline cannot be started" });
			}
			this.#look(failed);
		});
	}

	#handle(message: Pointer): void {
		const library = this.#library;
		const source = read(message, MESSAGE_SOURCE, "void *") as Pointer | null;
		const element = source === null ? "" : takeText(library, library.objectName(source));
		switch (read(message, MESSAGE_TYPE, "int32")) {
			case MESSAGE.eos:
				// Files are closed then.
				library.setState.async(this.#pipeline, STATE.null, () => end({ type: "finished" }));
				return;
			case MESSAGE.error:
				return end({ type: "failed", element, message: this.#problem(message, "parseError") });
			case MESSAGE.latency:
				library.recalculateLatency(this.#pipeline);
				return;
			case MESSAGE.warning:
				// It warns that its elements would have it wait for longer, each time that one of them says how long.
				if (source !== null && BigInt(source) === BigInt(this.#pipeline) && this.#latencyIsSet) return;
				return tell({ type: "warning", element, message: this.#problem(message, "parseWarning") });
			case MESSAGE.stateChanged: {
				if (source === null || BigInt(source) !== BigInt(this.#pipeline)) return;
				const now = [0];
				library.parseState(message, null, now, null);
				if (now[0] === STATE.playing) tell({ type: "playing" });
				return;
			}
			case MESSAGE.element: {
				const structure = library.structure(message);
				if (structure === null) return;
				const text = takeText(library, library.structureText(structure));
				return tell({ type: "message", element, name: library.structureName(structure), text });
			}
		}
	}

	#problem(message: Pointer, how: "parseError" | "parseWarning"): string {
		const error: (Pointer | null)[] = [null];
		this.#library[how](message, error, null);
		return errorText(error[0]);
	}
}

function tell(message: FromChild): void {
	if (process.connected) process.send?.(message);
}

function refuse({ element, property }: Setting, reason: string): void {
	tell({ type: "refused", element, property, reason });
}

let ended = false;
function end(message: FromChild): void {
	if (ended) return;
	ended = true;
	const code = message.type === "finished" ? 0 : 1;
	if (process.connected && process.send) process.send(message, () => process.exit(code));
	else process.exit(code);
}

let library: Library | undefined;
let pipeline: Pipeline | undefined;

function handle(command: ToChild): void {
	switch (command.type) {
		case "probe": {
			library ??= loadLibrary();
			const { findFactory } = library;
			const there = command.elements.filter((name) => findFactory(name) !== null);
			return tell({ type: "elements", version: library.version(), there });
		}
		case "prepare": {
			library ??= loadLibrary();
			for (const name of command.elements) {
				const factory = library.findFactory(name);
				if (factory !== null) library.loadFeature(factory);
			}
			return tell({ type: "ready" });
		}
		case "start":
			if (process.argv.includes(WAITING)) process.title = process.argv.filter((it) => it !== WAITING).join(" ");
			library ??= loadLibrary();
			pipeline = new Pipeline(library, command.text, command.settings);
			for (const { of, also } of command.sockets) pipeline.share(of, also);
			if (command.latencyMs !== undefined) pipeline.latency = command.latencyMs;
			return pipeline.play();
		case "set":
			return pipeline?.set(command, command.duration);
		case "get":
			return tell({ type: "value", id: command.id, value: pipeline?.get(command.element, command.property) });
		case "keyUnit":
			return pipeline?.keyUnit(command.element);
		case "finish":
			return finish();
		default:
			command satisfies never;
	}
}

function finish(): void {
	if (pipeline) pipeline.finish();
	else end({ type: "finished" });
}

process.on("message", (message) => {
	const command = ToChild.safeParse(message);
	// No reason to end what runs.
	if (!command.success) return console.error(`not understood: ${command.error.message}`);
	try {
		handle(command.data);
	} catch (error) {
		end({ type: "failed", message: error instanceof Error ? error.message : String(error) });
	}
});
// Without its node nobody wants what it makes; what it has is written.
process.on("disconnect", finish);
// Whoever stops the node in a terminal stops this with it, and the node says when.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
