/** The REST API, with the key. */

import type { EventRecord } from "../../../shared/events.ts";
import type { EventConsumer, RoomSettings } from "../../../shared/rest.ts";
import { fetchEdge, newRoom, testEnv } from "../../edge/support/client.ts";

export interface Answer<T> {
	status: number;
	body: T;
}

export async function rest<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
	const headers: Record<string, string> = { Authorization: `Bearer ${testEnv.AUTH_KEY}` };
	if (body !== undefined) headers["Content-Type"] = "application/json";
	const init: RequestInit = { method, headers };
	if (body !== undefined) init.body = JSON.stringify(body);
	const response = await fetchEdge(`/v1${path}`, init);
	const text = await response.text();
	return { status: response.status, body: (text ? JSON.parse(text) : undefined) as T };
}

/** A new room with settings; its name. */
export async function createRoom(settings: RoomSettings, name = newRoom()): Promise<string> {
	const { status, body } = await rest("POST", "/rooms", { name, settings });
	if (status !== 201) throw new Error(`not created: ${status} ${JSON.stringify(body)}`);
	return name;
}

export interface Page {
	items: EventRecord[];
	cursor: string;
}

export async function readFeed(room?: string, after?: string, limit?: number): Promise<Page> {
	const query = new URLSearchParams();
	if (room) query.set("room", room);
	if (after) query.set("after", after);
	if (limit) query.set("limit", String(limit));
	const { status, body } = await rest<Page>("GET", `/events?${query}`);
	if (status !== 200) throw new Error(`not read: ${status} ${JSON.stringify(body)}`);
	return body;
}

/** Reads the feed of a room until it has so many events. */
export async function feedOf(room: string, count: number): Promise<EventRecord[]> {
	for (;;) {
		const { items } = await readFeed(room);
		if (items.length >= count) return items;
	}
}

export async function consumers(): Promise<EventConsumer[]> {
	return (await rest<{ items: EventConsumer[] }>("GET", "/events/consumers")).body.items;
}
