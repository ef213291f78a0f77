import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { logs, MOST_OF_CLIENT } from "../../worker/dialects/ducksoup/log.ts";
import { fetchEdge, testEnv } from "./support/client.ts";
import { DucksoupClient, Hall, LAB } from "./support/ducksoup.ts";
import { TestNode } from "./support/node.ts";

let node: TestNode;
beforeEach(async () => {
	node = await TestNode.register("ducksoup-log-node");
});

interface Line {
	level: string;
	time: string;
	message: string;
	context: string;
	[more: string]: unknown;
}
const headers = { Authorization: `Bearer ${testEnv.AUTH_KEY}` };

/** The log of an interaction's only run, as it is by now. */
async function logOf(hall: Hall): Promise<Line[]> {
	const files = `/v1/ducksoup/default/${hall.name}/files`;
	const { items } = (await (await fetchEdge(files, { headers })).json()) as { items: { name: string }[] };
	expect(items.length).toBeLessThanOrEqual(1);
	const [file] = items;
	if (!file) return [];
	expect(file.name).toMatch(new RegExp(String.raw`^${hall.name}-a-\d{8}-\d{6}\.\d{3}\.log$`));
	const text = await (await fetchEdge(`${files}/${file.name}`, { headers })).text();
	return text
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line) as Line);
}
const messages = (lines: readonly Line[]) => lines.map(({ message }) => message);

describe("the log of an interaction", () => {
	it("tells what became of it and of its people, from the beginning to the end", async () => {
		const hall = new Hall(node, { duration: 60, audioFx: "", recordingMode: "muxed" });
		const [ann, ben] = await hall.started();
		ben.client.say("stop");
		await ben.client.socket.closed;
		await hall.later(60_000);
		await hall.later(11_000);
		await ann.client.told("end");
		await expect.poll(async () => messages(await logOf(hall))).toContain("interaction_deleted");
		const lines = await logOf(hall);
		const common = { namespace: "default", interaction: hall.name, sinceCreation: expect.stringMatching(/^\d+ms$/) };
		for (const line of lines) {
			expect(line).toMatchObject({ ...common, time: expect.stringMatching(/^\d{8}-\d{6}\.\d{3}$/) });
		}
		const found = (message: string) => lines.filter((line) => line.message === message);
		expect(lines[0]).toMatchObject({ message: "logger_created" });
		expect(found("in_track_received").map(({ user, kind, mime }) => [user, kind, mime])).toEqual([
			["ann", "audio", "audio/opus"],
			["ann", "video", "video/VP8"],
			["ben", "audio", "audio/opus"],
			["ben", "video", "video/VP8"],
		]);
		expect(found("in_track_added_to_interaction").map(({ count }) => count)).toEqual([1, 2, 3, 4]);
		expect(lines[1]).toMatchObject({
			message: "interaction_created",
			level: "info",
			context: "interaction",
			origin: LAB,
		});
		expect(found("peer_joined").map(({ user }) => user)).toEqual(["ann", "ben"]);
		expect(found("peer_joined")[0]?.payload).toMatchObject({
			userId: "ann",
			size: 2,
			duration: 60,
			videoFormat: "H264",
		});
		expect(found("peer_server_ended").map(({ user, cause }) => [user, cause])).toEqual([
			["ben", "client_stop_request"],
			["ann", "interaction_ended"],
		]);
		const [started] = found("interaction_started");
		expect(started?.sinceStart).toMatch(/^\d+ms$/);
		expect(found("interaction_created")[0]?.sinceStart).toBeUndefined();
		const path = `data/default/${hall.name}/recordings/`;
		for (const { recording_prefix } of found("pipeline_started")) expect(recording_prefix).toContain(path);
		expect(messages(lines).filter((message) => message.startsWith("interaction_"))).toEqual([
			...[
				"interaction_created",
				"interaction_started",
				"interaction_ending_sent",
				"interaction_end",
				"interaction_deleted",
			],
		]);
	});

	it("has what clients and pages say of themselves, within bounds", async () => {
		const hall = new Hall(node);
		const { client } = await hall.enter("ann");
		client.say("client_video_resolution_updated", "640x480");
		client.say("client_video_fps_updated", "23.9");
		client.say("client_pli_received_count_updated");
		client.say("client_keyframe_decoded_count_updated", "7");
		client.say("client_selected_candidate_pair", "client=a server=b");
		client.say("client_signaling_state_changed", "stable");
		client.say("client_anything", "x".repeat(9_000));
		client.say("ext_survey_answered", "page 3");
		client.say("survey_answered", "not kept");
		client.say("client_control", { name: "fx", property: "p", value: "no number" });
		client.say("ext_last");
		await expect.poll(async () => messages(await logOf(hall))).toContain("ext_last");
		const told = (await logOf(hall)).filter(({ source }) => source === "client");
		const own = told.map(({ context, message, value, unit, payload, level }) => {
			return [level, context, message, ...[value, unit, payload].filter((it) => it !== undefined)];
		});
		expect(own).toEqual([
			["debug", "track", "client_video_resolution_updated", "640x480", "pixels"],
			["debug", "track", "client_video_fps_updated", 23.9],
			["debug", "peer", "client_pli_received_count_updated", 0],
			["debug", "peer", "client_keyframe_decoded_count_updated", 7],
			["debug", "signaling", "client_selected_candidate_pair", "client=a server=b"],
			["debug", "signaling", "client_signaling_state_changed", "stable"],
			["debug", "peer", "client_anything", "x".repeat(4_096)],
			["info", "ext", "ext_survey_answered", "page 3"],
			["debug", "track", "client_fx_control_ignored", '{"name":"fx","property":"p","value":"no number"}'],
			["info", "ext", "ext_last"],
		]);
		for (const { user } of told) expect(user).toBe("ann");
	});

	it("is nobody's alone: who fills it has a share, and what others say is there all the same", async () => {
		const hall = new Hall(node);
		const [ann, ben] = [await hall.enter("ann"), await hall.enter("ben")];
		await runInDurableObject(hall.stub, (_, state) => {
			const query = "SELECT key, value FROM room";
			for (const { key, value } of state.storage.sql.exec<{ key: string; value: string }>(query)) {
				const row = JSON.parse(value) as { own?: { interaction?: { users: { id: string; logged?: number }[] } } };
				const user = row.own?.interaction?.users.find(({ id }) => id === "ann");
				if (user) user.logged = MOST_OF_CLIENT - 1_000;
				state.storage.sql.exec("UPDATE room SET value = ? WHERE key = ?", JSON.stringify(row), key);
			}
		});
		await evictDurableObject(hall.stub, { webSockets: "hibernate" });
		ann.client.say("ext_first");
		for (let i = 0; i < 20; i++) ann.client.say("ext_noise", "x".repeat(4_000));
		await expect.poll(async () => messages(await logOf(hall))).toContain("client_log_full");
		ben.client.say("ext_other");
		await expect.poll(async () => messages(await logOf(hall))).toContain("ext_other");
		const said = (await logOf(hall)).filter(({ message }) => /^ext_|full/.test(message));
		expect(said.map(({ user, message }) => [user, message])).toEqual([
			["ann", "ext_first"],
			["ann", "client_log_full"],
			["ben", "ext_other"],
		]);
	});

	it("begins with the settings that it ran under, and none that is a secret", async () => {
		const hall = new Hall(node);
		await hall.enter("ann");
		await expect.poll(async () => messages(await logOf(hall))).toContain("peer_joined");
		const lines = await logOf(hall);
		const settings = lines.filter(({ context }) => context === "init");
		expect(lines.slice(2, 2 + settings.length)).toEqual(settings);
		expect(Object.fromEntries(settings.map(({ message, value }) => [message, value]))).toMatchObject({
			...{ DUCKSOUP_MODE: "PROD", DUCKSOUP_NO_RECORDING: "false", DUCKSOUP_LOG_LEVEL: "3", EFFECTS_ALLOWED: "" },
		});
		expect(JSON.stringify(lines)).not.toContain("not the default");
	});

	it("has what reports of RTCP said of losses, and all of them where traces are on", async () => {
		const variables = testEnv as { DUCKSOUP_LOG_LEVEL?: string };
		const lossy = async (level: string) => {
			variables.DUCKSOUP_LOG_LEVEL = level;
			const hall = new Hall(node, { duration: 60 });
			const [ann, ben] = await hall.started();
			const stream = (track = "") => ({ track, codec: "video/VP8", bytes: 1, packets: 100, lost: 30, bitrate: 1 });
			const totals = { bytesReceived: 1, bytesSent: 1, receiveBitrate: 1, sendBitrate: 1 };
			const sent = [
				{ ...stream(ben.tracks[0]), fractionLost: 0.02 },
				{ ...stream(ben.tracks[1]), fractionLost: 0.3 },
			];
			const statistics = { [ann.endpoint]: { ...totals, received: [stream(ann.tracks[1])], sent } };
			hall.link.report({ type: "statistics", statistics });
			await expect.poll(async () => messages(await logOf(hall))).toContain("loss_threshold_exceeded");
			return (await logOf(hall)).filter(({ message }) => /rtcp|loss/.test(message));
		};
		try {
			const exceeded = { message: "loss_threshold_exceeded", from: "ben", toUser: "ann", kind: "video", value: 0.3 };
			expect(await lossy("3")).toMatchObject([{ ...exceeded, level: "debug", context: "track" }]);
			const report = { message: "received_rtcp_on_sender", level: "trace", from: "ben", toUser: "ann" };
			expect(await lossy("4")).toMatchObject([
				{ message: "video_in_rtcp_emitted", level: "trace", from: "ann", value: { lost: 30, packets: 100 } },
				{ ...report, kind: "audio", value: { lost: 30, packets: 100, fractionLost: 0.02 } },
				{ ...report, kind: "video", value: { lost: 30, packets: 100, fractionLost: 0.3 } },
				exceeded,
			]);
		} finally {
			delete variables.DUCKSOUP_LOG_LEVEL;
		}
	});

	it("has who could not come in, and why", async () => {
		const hall = new Hall(node);
		await hall.enter("ann");
		const twice = await DucksoupClient.join(hall.name, "ann");
		await twice.told("error-duplicate");
		await expect.poll(async () => messages(await logOf(hall))).toContain("join_failed");
		const refused = (await logOf(hall)).find(({ message }) => message === "join_failed");
		expect(refused).toMatchObject({ level: "error", context: "signaling", user: "ann", cause: "error-duplicate" });
	});
});

it("levels are those of the original", () => {
	const names = ["fatal", "error", "warn", "info", "debug", "trace"] as const;
	const at = (DUCKSOUP_LOG_LEVEL: string) => names.filter((level) => logs({ DUCKSOUP_LOG_LEVEL }, level)).length;
	expect(["0", "1", "2", "3", "4", "", "loud"].map(at)).toEqual([1, 2, 4, 5, 6, 5, 5]);
});
