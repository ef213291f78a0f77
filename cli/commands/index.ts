import type { Command } from "../lib/command.ts";
import { load } from "./load.ts";
import { nodes } from "./nodes.ts";
import { participants } from "./participants.ts";
import { rooms } from "./rooms.ts";
import { token } from "./token.ts";

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [token, ...rooms, ...participants, ...nodes, load];
