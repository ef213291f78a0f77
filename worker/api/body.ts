/** Undefined: more than `most` bytes. They are counted as they come, since a length may not be told, or be told wrong. */
export async function textWithin(request: Request, most: number): Promise<string | undefined> {
	const decoder = new TextDecoder();
	let text = "";
	let bytes = 0;
	for await (const chunk of request.body ?? []) {
		bytes += chunk.length;
		if (bytes > most) return undefined;
		text += decoder.decode(chunk, { stream: true });
	}
	return text + decoder.decode();
}
