/** Base64 (RFC 4648 section 4) and base64url (section 5), with or without padding; throws on anything else. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
	const standard = text.trim().replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
	if (!/^[A-Za-z0-9+/]*$/.test(standard) || standard.length % 4 === 1) throw new TypeError("not base64");
	return Uint8Array.from(atob(standard), (c) => c.charCodeAt(0));
}

/** Base64url without padding, as JOSE has it (RFC 7515 section 2). */
export function encodeBase64url(bytes: Uint8Array): string {
	return btoa(String.fromCharCode(...bytes))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replace(/=+$/, "");
}
