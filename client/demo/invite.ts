/** The address that brings somebody into a room. */
import { toast } from "./toast.ts";

export function inviteLink(room: string): string {
	return `${location.origin}${location.pathname}?room=${encodeURIComponent(room)}`;
}

/** By the phone's own sheet, else over the clipboard. */
export async function invite(room: string): Promise<void> {
	const url = inviteLink(room);
	try {
		if ("share" in navigator && matchMedia("(pointer: coarse)").matches) {
			await navigator.share({ title: `Call in ${room}`, url });
			return;
		}
		await navigator.clipboard.writeText(url);
		toast("Link copied. Whoever opens it can join.");
	} catch (error) {
		// The user closed the sheet.
		if (error instanceof DOMException && error.name === "AbortError") return;
		toast(url);
	}
}
