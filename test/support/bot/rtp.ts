/** RTP packets (RFC 3550 section 5.1) that an SFU takes for media and that cost nothing to make. */

export interface Stream {
	ssrc: number;
	payloadType: number;
	/** Timestamp units per packet. */
	step: number;
	payload: Buffer;
	sequence: number;
	timestamp: number;
}

/** Opus of about 32 kbit/s at 50 packets a second. */
export function audioStream(ssrc: number, payloadType: number): Stream {
	return { ssrc, payloadType, step: 960, payload: Buffer.alloc(80, 0x55), sequence: 0, timestamp: 0 };
}

/**
 * VP8 of which each packet is a frame and each frame a key frame (RFC 7741): start of partition 0, and the inverse
 * key frame flag clear. A forwarder may begin with any of them.
 */
export function videoStream(ssrc: number, payloadType: number, bytes = 1_000): Stream {
	const payload = Buffer.alloc(bytes, 0x55);
	payload[0] = 0x10;
	payload[1] = 0x00;
	return { ssrc, payloadType, step: 3_000, payload, sequence: 0, timestamp: 0 };
}

/** The next packet; the payload begins with the time it was made, ms since the epoch, after the codec's own bytes. */
export function nextPacket(stream: Stream): Buffer {
	const packet = Buffer.allocUnsafe(12 + stream.payload.length);
	packet[0] = 0x80;
	packet[1] = 0x80 | stream.payloadType;
	packet.writeUInt16BE(stream.sequence, 2);
	packet.writeUInt32BE(stream.timestamp, 4);
	packet.writeUInt32BE(stream.ssrc, 8);
	stream.payload.copy(packet, 12);
	packet.writeDoubleBE(Date.now(), 12 + 4);
	stream.sequence = (stream.sequence + 1) & 0xffff;
	stream.timestamp = (stream.timestamp + stream.step) >>> 0;
	return packet;
}

/** When a packet was made, ms since the epoch; NaN of one too short to say, as a browser sends for silence. */
export function madeAt(packet: Buffer): number {
	const at = headerLength(packet) + 4;
	return packet.length >= at + 8 ? packet.readDoubleBE(at) : Number.NaN;
}

export function ssrcOf(packet: Buffer): number {
	return packet.readUInt32BE(8);
}

/** RTCP shares the port: its packet types are 192 to 223 (RFC 5761 section 4). */
export function isRtcp(packet: Buffer): boolean {
	const type = packet[1] ?? 0;
	return type >= 192 && type <= 223;
}

function headerLength(packet: Buffer): number {
	const first = packet[0] ?? 0;
	const fixed = 12 + 4 * (first & 0x0f);
	return first & 0x10 ? fixed + 4 + 4 * packet.readUInt16BE(fixed + 2) : fixed;
}
