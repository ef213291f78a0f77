/** Recordings over REST and as a node tells of them, of somebody in a room of its own. */
import type { RecordedFile, Recording, RecordingCreate } from "../../../shared/recordings.ts";
import { mintNodeToken } from "../../../worker/auth/tokens.ts";
import { fetchEdge, newRoom, TestClient, testEnv } from "./client.ts";
import { capabilities, rtpParameters, type TestLink, type TestNode } from "./node.ts";

const media = { kind: "audio", rtpParameters } as const;

export interface Scene {
	room: string;
	link: TestLink;
	alice: TestClient;
	endpoint: string;
}

/** Somebody in a room on the node, who publishes what is named. */
export async function scene(node: TestNode, ...sources: ("audio" | "camera")[]): Promise<Scene> {
	const room = newRoom();
	const alice = await TestClient.join(room, "alice", { rtpCapabilities: capabilities });
	const link = await node.link(room);
	await link.open();
	const { endpoint } = await alice.event("endpoint");
	const it = { room, link, alice, endpoint };
	for (const source of sources) await publish(it, source);
	return it;
}

export async function publish({ alice, link, endpoint }: Scene, source: "audio" | "camera", track: string = source) {
	const kind = source === "audio" ? "audio" : "video";
	const asked = alice.request("publish", { endpoint, track, source, media: { ...media, kind } });
	await link.publish();
	await asked;
}

export async function call<T = Recording>(
	method: string,
	path: string,
	body?: unknown,
): Promise<{ status: number; body: T }> {
	const response = await fetchEdge(`/v1/rooms${path && `/${path}`}`, {
		method,
		headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}`, "Content-Type": "application/json" },
		body: body === undefined ? undefined : JSON.stringify(body),
	});
	return { status: response.status, body: (await response.json()) as T };
}

export const start = (room: string, wish: Partial<RecordingCreate> = {}) =>
	call("POST", `${room}/recordings`, { participant: "alice", sources: ["audio", "camera"], ...wish });

/** As the node would, with its credential. */
export async function tell(node: string, path: string, body: unknown): Promise<Response> {
	const { token } = await mintNodeToken(testEnv, { node });
	return fetchEdge(`/v1/recording-files/${path}`, {
		method: "POST",
		headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
		body: JSON.stringify(body),
	});
}

export const hash = async (bytes: BufferSource) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
export const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export async function fileOf(bytes: Uint8Array<ArrayBuffer>, path: string, part = 1): Promise<RecordedFile> {
	return { path, part, bytes: bytes.length, sha256: hex(await hash(bytes)), durationMs: 1_000, state: "written" };
}
