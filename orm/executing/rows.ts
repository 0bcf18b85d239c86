/**
 * The last step from the pool's rows to a model's: values are converted where the pool's options differ from what the
 * model promises, and the rows are frozen.
 *
 * @module
 */
import type { Table } from "../definition/table.ts";
import type { ColumnConversion } from "../definition/table.ts";

/**
 * Makes the pool's rows a model's, in place.
 *
 * @param table The model's table.
 * @param rows The rows, which nobody else has.
 * @returns The same rows, frozen.
 */
export function finishRows<Row>(table: Table, rows: Row[]): Row[] {
  for (const conversion of table.conversions) convertColumn(conversion, rows as Record<string, unknown>[]);
  for (let i = 0; i < rows.length; i++) Object.freeze(rows[i]);
  return rows;
}

/** As {@link finishRows}, for one row. */
export function finishRow<Row>(table: Table, row: Row): Row {
  for (const conversion of table.conversions) convertColumn(conversion, [row as Record<string, unknown>]);
  return Object.freeze(row);
}

/** The pool decodes all values of a column alike: when the first fits, all do, unless it is an array's. */
function convertColumn({ property, fits, convert }: ColumnConversion, rows: Record<string, unknown>[]): void {
  for (const row of rows) {
    const value = row[property];
    if (value === null) continue;
    if (!fits(value)) row[property] = convert(value);
    else if (!Array.isArray(value)) return;
  }
}
