/**
 * What an index, a constraint or a partition is made of, as text.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import type { Sql } from "../../../pool/sql/sql.ts";
import { Column } from "../../building/column.ts";
import { inlined } from "../../building/inlined.ts";

/** A column by its name, an expression in parentheses. */
export function elementOf(expression: Sql, subject: string): string {
  return expression instanceof Column
    ? quoteIdentifier(expression.columnName)
    : `(${inlined(expression, subject)})`;
}
