/** `npm start`: set-up, then edge, media node and demo page on this machine (scripts/serve.ts), until a signal. */
import { createServer } from "node:net";
import { NODE_24 } from "./setup/paths.mjs";
import { runInForeground, SetupError } from "./setup/run.mjs";
import { command, setUp } from "./setup/set-up.mjs";

await command(async () => {
	const { PORT = "8787", HOST = "127.0.0.1" } = process.env;
	await requireFreePort(Number(PORT), HOST);
	const coturn = /^(true|1|yes|on|y|enabled)$/i.test(process.env.TURN_ENABLED ?? "") && !process.env.TURNSERVER_BIN;
	return runInForeground(NODE_24, ["scripts/serve.ts"], { ...(await setUp({ coturn })), PORT, HOST });
});

/**
 * Told before the minutes that set-up may take, and in plainer words than workerd's.
 * @param {number} port
 * @param {string} host
 */
function requireFreePort(port, host) {
	if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new SetupError("PORT: not a port number");
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", (/** @type {NodeJS.ErrnoException} */ { code, message }) => {
			const inUse = `port ${port} of ${host} is in use; choose another: PORT=${port + 1} npm start`;
			reject(new SetupError(code === "EADDRINUSE" ? inUse : `PORT, HOST: ${message}`));
		});
		server.listen(port, host, () => server.close(resolve));
	});
}
