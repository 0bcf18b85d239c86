/**
 * The check of what a foreign key is to do.
 *
 * @module
 */
import { ValidationError } from "../../pool/wire/errors.ts";
import type { ReferenceAction } from "./column_settings.ts";
import type { ForeignKeyOptions } from "./constraint_definition.ts";

const ACTIONS: readonly string[] = [
  "no action",
  "restrict",
  "cascade",
  "set null",
  "set default",
] satisfies ReferenceAction[];

/**
 * Checks a foreign key's options.
 *
 * @param options What was given.
 * @throws {ValidationError} When an option is unknown, or its value is.
 */
export function checkReference(options: ForeignKeyOptions): void {
  const { onDelete, onUpdate, name, deferrable, ...rest } = options;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw new ValidationError(
      `option "${unknown}" of a foreign key`,
      "there is none; use onDelete, onUpdate, name",
    );
  }
  for (const [option, action] of Object.entries({ onDelete, onUpdate })) {
    if (action === undefined || ACTIONS.includes(action)) continue;
    throw new ValidationError(
      `option "${option}" of a foreign key`,
      `there is no such action; use ${ACTIONS.map((known) => `"${known}"`).join(", ")}`,
    );
  }
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    throw new ValidationError('option "name" of a foreign key', "it is no text; give the constraint's name");
  }
  if (deferrable !== undefined && deferrable !== "immediate" && deferrable !== "deferred") {
    throw new ValidationError('option "deferrable" of a foreign key', 'use "immediate" or "deferred"');
  }
}
