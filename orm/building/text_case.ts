/**
 * Cases whose values are all strings. PostgreSQL takes them for texts wherever they stand, and no other type takes a
 * text; so they are cast to the type of the column they are written to or compared with.
 *
 * @module
 */
import type { ColumnType } from "../definition/column_type.ts";
import { unboundedType } from "../definition/unbounded_type.ts";
import { Expression, typed } from "./expression.ts";

/** A case whose values are all strings. */
export class TextCase<Value, Null, From extends string> extends Expression<Value, Null, From> {}

const TEXTS: ReadonlySet<string> = new Set(["text", "varchar", "bpchar"]);

/** What stands beside a column of a type: a case of strings is cast to it, all else stays as it is. */
export function fitting(type: ColumnType, value: unknown): unknown {
  if (!(value instanceof TextCase)) return value;
  return type.declared === undefined && TEXTS.has(type.base) ? value : typed(value, unboundedType(type));
}
