/**
 * An encoder made of GStreamer's `webrtcbin`, in a process of its own, that publishes over WHIP: url, token and pipeline
 * are its arguments. It says its session's address when it was answered, and ends its session on SIGTERM.
 *
 * Debian 12 has no `whipsink`, and its `whip-client` cannot run: it brings libsoup 2, `webrtcbin` libsoup 3.
 */
import { setTimeout as delay } from "node:timers/promises";
import koffi from "koffi";

type Pointer = bigint;

const PLAYING = 4;
const NULL_STATE = 1;
const FATAL_ERRORS = 1;
/** GstWebRTCSDPType, GstWebRTCICEGatheringState, GstPromiseResult. */
const ANSWER = 3;
const COMPLETE = 2;
const REPLIED = 2;
/** Of a GstWebRTCSessionDescription. */
const SDP_OFFSET = 8;

const gst = koffi.load("libgstreamer-1.0.so.0");
const webrtc = koffi.load("libgstwebrtc-1.0.so.0");
const sdp = koffi.load("libgstsdp-1.0.so.0");
const gobject = koffi.load("libgobject-2.0.so.0");

const init = gst.func("int gst_init_check(void *, void *, void *)");
const parse = gst.func("void *gst_parse_launch_full(str, void *, int, _Out_ void **)");
const setState = gst.func("int gst_element_set_state(void *, int)");
const byName = gst.func("void *gst_bin_get_by_name(void *, str)");
const newPromise = gst.func("void *gst_promise_new()");
const waitFor = gst.func("int gst_promise_wait(void *)");
const replyOf = gst.func("void *gst_promise_get_reply(void *)");
const valueIn = gst.func("void *gst_structure_get_value(void *, str)");
const boxed = gobject.func("void *g_value_get_boxed(void *)");
const enumeration = gobject.func("int g_value_get_enum(void *)");
const initValue = gobject.func("void *g_value_init(void *, uint64_t)");
const unsetValue = gobject.func("void g_value_unset(void *)");
const getProperty = gobject.func("void g_object_get_property(void *, str, void *)");
const emit = gobject.func("void g_signal_emit_by_name(void *, str, ...)");
const descriptionType = webrtc.func("uint64_t gst_webrtc_session_description_get_type()");
const gatheringType = webrtc.func("uint64_t gst_webrtc_ice_gathering_state_get_type()");
const newDescription = webrtc.func("void *gst_webrtc_session_description_new(int, void *)");
const textOf = sdp.func("str gst_sdp_message_as_text(void *)");
const messageFrom = sdp.func("int gst_sdp_message_new_from_text(str, _Out_ void **)");

/** What a property is, as `take` reads it. */
function property<T>(object: Pointer, name: string, type: bigint | number, take: (value: Uint8Array) => T): T {
	const value = new Uint8Array(24);
	initValue(value, type);
	getProperty(object, name, value);
	const found = take(value);
	unsetValue(value);
	return found;
}

/** A signal that is answered by a promise, which is waited for: the element works in threads of its own. */
function call(object: Pointer, signal: string, argument: Pointer | null): Pointer {
	const promise = newPromise();
	emit(object, signal, "void *", argument, "void *", promise);
	if (waitFor(promise) !== REPLIED) throw new Error(`${signal} was not answered`);
	return promise;
}

async function publish(url: string, token: string, description: string) {
	if (!init(null, null, null)) throw new Error("GStreamer does not start");
	const error: [Pointer | null] = [null];
	const pipeline = parse(`webrtcbin name=w bundle-policy=max-bundle ${description}`, null, FATAL_ERRORS, error);
	if (!pipeline || error[0]) throw new Error(`no pipeline: ${error[0] && koffi.decode(error[0], 8, "str")}`);
	const bin = byName(pipeline, "w");
	setState(pipeline, PLAYING);
	const offer = boxed(valueIn(replyOf(call(bin, "create-offer", null)), "offer"));
	call(bin, "set-local-description", offer);
	while (property(bin, "ice-gathering-state", gatheringType(), enumeration) !== COMPLETE) await delay(20);
	const body = property(bin, "local-description", descriptionType(), (value) =>
		textOf(koffi.decode(boxed(value), SDP_OFFSET, "void *")),
	);
	const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/sdp" };
	const response = await fetch(url, { method: "POST", headers, body });
	const answer = await response.text();
	if (response.status !== 201) throw new Error(`${response.status}: ${answer}\n${body}`);
	const message: [Pointer | null] = [null];
	if (messageFrom(answer, message) !== 0) throw new Error(`not an SDP: ${answer}`);
	const applied = replyOf(call(bin, "set-remote-description", newDescription(ANSWER, message[0])));
	if (applied && valueIn(applied, "error")) throw new Error(`the answer is refused:\n${body}\n${answer}`);
	const session = new URL(response.headers.get("location") ?? "", url);
	const stop = async () => {
		await fetch(session, { method: "DELETE", headers });
		setState(pipeline, NULL_STATE);
	};
	return { session, stop };
}

const [url = "", token = "", description = ""] = process.argv.slice(2);
const { session, stop } = await publish(url, token, description);
console.log(`session ${session}`);
// Nothing of JavaScript's own keeps it alive.
const alive = setInterval(() => {}, 60_000);
process.on("SIGTERM", () => {
	clearInterval(alive);
	void stop().finally(() => process.exit());
});
