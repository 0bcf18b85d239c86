/**
 * What each command of `lifeguard` does.
 *
 * @module
 */
import type { CommandBody } from "./command.ts";
import type { CommandName } from "./command_table.ts";
import { compareCommand } from "./compare_command.ts";
import { devCommand } from "./dev_command.ts";
import { diffCommand } from "./diff_command.ts";
import { inferCommand } from "./infer_command.ts";
import { lintCommand } from "./lint_command.ts";
import { newCommand } from "./new_command.ts";
import { baselineCommand, downCommand, redoCommand, resetCommand, upCommand } from "./run_commands.ts";
import { dataCommand, seedCommand } from "./seed_commands.ts";
import { infoCommand, statusCommand, validateCommand } from "./status_commands.ts";

/** Every command. */
export const COMMAND_BODIES: Readonly<Record<CommandName, CommandBody>> = {
  "migrate new": newCommand,
  "migrate up": upCommand,
  "migrate down": downCommand,
  "migrate redo": redoCommand,
  "migrate reset": resetCommand,
  "migrate baseline": baselineCommand,
  "migrate status": statusCommand,
  "migrate validate": validateCommand,
  "migrate info": infoCommand,
  "migrate lint": lintCommand,
  diff: diffCommand,
  compare: compareCommand,
  infer: inferCommand,
  seed: seedCommand,
  data: dataCommand,
  dev: devCommand,
};
