/** Whether a STUN server answers: a Binding request (RFC 8489 section 6) over UDP. */
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";

const BINDING = { request: 0x0001, success: 0x0101 } as const;
const COOKIE = 0x2112a442;

/** Never rejects. */
export function answersStun(address: string, port: number, patienceMs: number): Promise<boolean> {
	const request = Buffer.alloc(20);
	request.writeUInt16BE(BINDING.request, 0);
	request.writeUInt32BE(COOKIE, 4);
	randomBytes(12).copy(request, 8);
	const { promise, resolve } = Promise.withResolvers<boolean>();
	const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
	const timer = setTimeout(() => resolve(false), patienceMs);
	socket.on("message", (answer) => {
		const ours = answer.length >= 20 && answer.subarray(4, 20).equals(request.subarray(4));
		if (ours && answer.readUInt16BE(0) === BINDING.success) resolve(true);
	});
	// Nobody listens there: the system says so.
	socket.on("error", () => resolve(false));
	socket.send(request, port, address, (error) => {
		if (error) resolve(false);
	});
	return promise.finally(() => {
		clearTimeout(timer);
		socket.close();
	});
}
