/**
 * Types without what bounds their values.
 *
 * @module
 */
import type { ColumnType } from "./column_type.ts";

/**
 * A column's type without what bounds it (`varchar`, not `varchar(20)`), for casts: a cast would cut a value that is too
 * long, where writing it is an error and comparing it finds nothing.
 */
export function unboundedType({ sql, base, declared, dimensions }: ColumnType): string {
  const brackets = "[]".repeat(dimensions);
  if (declared !== undefined) return sql + brackets;
  // Unquoted, `bit` is `bit(1)`.
  if (base === "bit") return `"bit"${brackets}`;
  return (base === "bpchar" ? base : sql.replace(/\([^)]*\)/, "")) + brackets;
}
