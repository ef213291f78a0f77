/** The few calls of libgstreamer and GObject that a pipeline needs, typed. Only a pipeline's own process loads them. */
import koffi, { type KoffiFunc, type LibraryHandle } from "koffi";

/** A C pointer; null pointers are null. */
export type Pointer = bigint;
type Nullable = Pointer | null;

function bind<T extends (...args: never[]) => unknown>(library: LibraryHandle, prototype: string): KoffiFunc<T> {
	return library.func(prototype) as unknown as KoffiFunc<T>;
}

function gstreamer(lib: LibraryHandle) {
	return {
		init: bind<(argc: null, argv: null, error: Nullable[]) => number>(
			lib,
			"int gst_init_check(void *, void *, _Out_ void **)",
		),
		version: bind<() => string>(lib, "str gst_version_string()"),
		findFactory: bind<(name: string) => Nullable>(lib, "void *gst_element_factory_find(str)"),
		loadFeature: bind<(feature: Pointer) => Nullable>(lib, "void *gst_plugin_feature_load(void *)"),
		parse: bind<(text: string, context: null, flags: number, error: Nullable[]) => Nullable>(
			lib,
			"void *gst_parse_launch_full(str, void *, int, _Out_ void **)",
		),
		setState: bind<(element: Pointer, state: number) => number>(lib, "int gst_element_set_state(void *, int)"),
		byName: bind<(bin: Pointer, name: string) => Nullable>(lib, "void *gst_bin_get_by_name(void *, str)"),
		bus: bind<(element: Pointer) => Pointer>(lib, "void *gst_element_get_bus(void *)"),
		popFiltered: bind<(bus: Pointer, nanoseconds: number, types: number) => Nullable>(
			lib,
			"void *gst_bus_timed_pop_filtered(void *, uint64_t, int)",
		),
		unrefMessage: bind<(message: Pointer) => void>(lib, "void gst_mini_object_unref(void *)"),
		parseError: bind<(message: Pointer, error: Nullable[], debug: null) => void>(
			lib,
			"void gst_message_parse_error(void *, _Out_ void **, void *)",
		),
		parseWarning: bind<(message: Pointer, error: Nullable[], debug: null) => void>(
			lib,
			"void gst_message_parse_warning(void *, _Out_ void **, void *)",
		),
		parseState: bind<(message: Pointer, old: null, now: number[], pending: null) => void>(
			lib,
			"void gst_message_parse_state_changed(void *, void *, _Out_ int *, void *)",
		),
		setLatency: bind<(pipeline: Pointer, nanoseconds: number) => void>(
			lib,
			"void gst_pipeline_set_latency(void *, uint64_t)",
		),
		recalculateLatency: bind<(bin: Pointer) => number>(lib, "int gst_bin_recalculate_latency(void *)"),
		structure: bind<(message: Pointer) => Nullable>(lib, "void *gst_message_get_structure(void *)"),
		structureName: bind<(structure: Pointer) => string>(lib, "str gst_structure_get_name(void *)"),
		structureText: bind<(structure: Pointer) => Pointer>(lib, "void *gst_structure_to_string(void *)"),
		structureFrom: bind<(text: string, end: null) => Nullable>(lib, "void *gst_structure_from_string(str, void *)"),
		newEvent: bind<(type: number, structure: Pointer) => Pointer>(lib, "void *gst_event_new_custom(int, void *)"),
		newEos: bind<() => Pointer>(lib, "void *gst_event_new_eos()"),
		sendEvent: bind<(element: Pointer, event: Pointer) => number>(lib, "int gst_element_send_event(void *, void *)"),
		staticPad: bind<(element: Pointer, name: string) => Nullable>(lib, "void *gst_element_get_static_pad(void *, str)"),
		sendPadEvent: bind<(pad: Pointer, event: Pointer) => number>(lib, "int gst_pad_send_event(void *, void *)"),
		objectName: bind<(object: Pointer) => Pointer>(lib, "void *gst_object_get_name(void *)"),
		unref: bind<(object: Pointer) => void>(lib, "void gst_object_unref(void *)"),
		deserialize: bind<(value: Uint8Array, text: string) => number>(lib, "int gst_value_deserialize(void *, str)"),
	};
}

function gobject(lib: LibraryHandle) {
	return {
		findProperty: bind<(type: Pointer, name: string) => Nullable>(
			lib,
			"void *g_object_class_find_property(void *, str)",
		),
		fundamental: bind<(type: number | bigint) => number>(lib, "uint64_t g_type_fundamental(uint64_t)"),
		initValue: bind<(value: Uint8Array, type: number | bigint) => Pointer>(lib, "void *g_value_init(void *, uint64_t)"),
		unsetValue: bind<(value: Uint8Array) => void>(lib, "void g_value_unset(void *)"),
		validate: bind<(specification: Pointer, value: Uint8Array) => number>(
			lib,
			"int g_param_value_validate(void *, void *)",
		),
		setProperty: bind<(object: Pointer, name: string, value: Uint8Array) => void>(
			lib,
			"void g_object_set_property(void *, str, void *)",
		),
		getProperty: bind<(object: Pointer, name: string, value: Uint8Array) => void>(
			lib,
			"void g_object_get_property(void *, str, void *)",
		),
		setBoolean: bind<(value: Uint8Array, to: number) => void>(lib, "void g_value_set_boolean(void *, int)"),
		setInt: bind<(value: Uint8Array, to: number) => void>(lib, "void g_value_set_int(void *, int)"),
		setUint: bind<(value: Uint8Array, to: number) => void>(lib, "void g_value_set_uint(void *, uint)"),
		setInt64: bind<(value: Uint8Array, to: bigint) => void>(lib, "void g_value_set_int64(void *, int64_t)"),
		setUint64: bind<(value: Uint8Array, to: bigint) => void>(lib, "void g_value_set_uint64(void *, uint64_t)"),
		setFloat: bind<(value: Uint8Array, to: number) => void>(lib, "void g_value_set_float(void *, float)"),
		setDouble: bind<(value: Uint8Array, to: number) => void>(lib, "void g_value_set_double(void *, double)"),
		setEnum: bind<(value: Uint8Array, to: number) => void>(lib, "void g_value_set_enum(void *, int)"),
		setString: bind<(value: Uint8Array, to: string) => void>(lib, "void g_value_set_string(void *, str)"),
		getString: bind<(value: Uint8Array) => string | null>(lib, "str g_value_get_string(void *)"),
	};
}

function glib(lib: LibraryHandle) {
	return { free: bind<(memory: Pointer) => void>(lib, "void g_free(void *)") };
}

export type Library = ReturnType<typeof gstreamer> & ReturnType<typeof gobject> & ReturnType<typeof glib>;

/** Throws where GStreamer is not installed. */
export function loadLibrary(): Library {
	const library = {
		...gstreamer(koffi.load("libgstreamer-1.0.so.0")),
		...gobject(koffi.load("libgobject-2.0.so.0")),
		...glib(koffi.load("libglib-2.0.so.0")),
	};
	const error: Nullable[] = [null];
	if (!library.init(null, null, error)) throw new Error(`GStreamer: ${errorText(error[0])}`);
	return library;
}

/** Reads memory: `type` as koffi names it. */
export function read(pointer: Pointer, offset: number, type: string): number | bigint | string | null {
	return koffi.decode(pointer, offset, type) as number | bigint | string | null;
}

/** Of a GError: domain and code, then the text. */
export function errorText(error: Nullable | undefined): string {
	return error ? String(read(error, 8, "str")) : "unknown";
}

/** A text that was made for the caller. */
export function takeText(library: Library, text: Nullable): string {
	if (text === null) return "";
	const copy = koffi.decode.string(text);
	library.free(text);
	return copy;
}
