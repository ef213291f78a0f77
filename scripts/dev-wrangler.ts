/** `npm run dev:wrangler`: the edge under `wrangler dev`, with the variables and the development key of `npm start`. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { authKey } from "./lib/auth-key.ts";
import { DEVELOPMENT, edgeVariablesFrom } from "./lib/edge-variables.ts";

const { PORT = "8787", DATA_DIR = ".data" } = process.env;
const AUTH_KEY = authKey(process.env, resolve(DATA_DIR));
const vars = { ...DEVELOPMENT, ...edgeVariablesFrom(process.env), AUTH_KEY };

const child = spawn(
	"wrangler",
	["dev", "--port", PORT, ...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`])],
	{ stdio: "inherit" },
);
const stop = () => child.kill("SIGTERM");
process.on("SIGINT", stop).on("SIGTERM", stop);
child.on("exit", (code) => process.exit(code ?? 0));
