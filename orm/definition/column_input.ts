/**
 * How a column takes part in an insert, at run time; what `ColumnInput` is to the compiler.
 *
 * @module
 */
import type { ColumnSettings } from "./column_definition.ts";

/** Whether a value must be given: nothing else says what it would be. */
export function isRequired(settings: ColumnSettings): boolean {
  return settings.nullable !== true && settings.identity === undefined && settings.serial !== true &&
    settings.generated === undefined && !("default" in settings);
}

/** Whether PostgreSQL always makes the value, so that none can be given. */
export function isGenerated({ generated, identity }: ColumnSettings): boolean {
  return generated !== undefined || identity === "always";
}
