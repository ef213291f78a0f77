/** The process around a command: its signals, and its end. */
import { run } from "./run.ts";

const stop = new AbortController();
/** The launcher passes Ctrl-C on as SIGTERM, and the terminal gives it to both: only a second SIGINT is impatience. */
let interrupts = 0;
process.on("SIGINT", () => {
	if (++interrupts > 1) process.exit(130);
	stop.abort();
});
process.on("SIGTERM", () => stop.abort());
// The launcher is gone, whatever ended it.
process.on("disconnect", () => stop.abort());
// `switchyard … | head`
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const { stdout, stderr, env } = process;
const code = await run(process.argv.slice(2), { stdout, stderr, env, stop: stop.signal });
// A pipe may not have taken everything yet; and the threads of libdatachannel would keep the process.
stdout.write("", () => process.exit(code));
