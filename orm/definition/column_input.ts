/**
 * How a column takes part in an insert, at run time; what `ColumnInput` is to the compiler.
 *
 * @module
 */
import type { ColumnSettings } from "./column_settings.ts";

/** Whether a value must be given: nothing else says what it would be. */
export function isRequired(settings: ColumnSettings): boolean {
  return settings.nullable !== true && settings.identity === undefined && settings.serial !== true &&
    settings.generated === undefined && settings.readOnly !== true && !("default" in settings);
}

/** Why no value can be given, as the middle of a sentence; `undefined` when one can. */
export function whyNotWritten({ generated, identity, readOnly }: ColumnSettings): string | undefined {
  if (generated !== undefined || identity === "always") return "PostgreSQL generates it";
  return readOnly === true ? "it is read-only" : undefined;
}
