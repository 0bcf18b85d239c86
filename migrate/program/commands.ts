/**
 * What each command of `lifeguard` does.
 *
 * @module
 */
import type { CommandBody } from "./command.ts";
import type { CommandName } from "./command_table.ts";
import { newCommand } from "./new_command.ts";
import { dataCommand, seedCommand } from "./seed_commands.ts";

/** Every command. */
export const COMMAND_BODIES: Readonly<Partial<Record<CommandName, CommandBody>>> = {
  "migrate new": newCommand,
  seed: seedCommand,
  data: dataCommand,
};
