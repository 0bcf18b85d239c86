/**
 * What a write returns: the columns of the rows it wrote.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { type OutputColumn, outputOf } from "../building/selection.ts";
import { outputsOf } from "../compiling/select.ts";
import { Shape } from "../compiling/shape.ts";
import { type Table, unknownColumn } from "../definition/table.ts";
import { conversionsOf, type RowReader } from "../hydrating/row_reader.ts";

/** What a write returns. */
export interface ReturnedColumns extends RowReader {
  /** The list behind `returning`. */
  readonly list: string;
  /** The columns as those of a query. */
  readonly outputs: readonly OutputColumn[];
}

const WHOLE = new WeakMap<Table, ReturnedColumns>();

/** The whole row. */
export function wholeRow(table: Table): ReturnedColumns {
  let whole = WHOLE.get(table);
  if (whole === undefined) {
    const { selection, conversions } = table;
    WHOLE.set(table, whole = { list: selection, conversions, outputs: outputsOf(Shape.root(table)) });
  }
  return whole;
}

/**
 * Some columns of the row.
 *
 * @param table The table.
 * @param properties Their properties.
 * @throws {ValidationError} When there are none, or one is no column's.
 */
export function someColumns(table: Table, properties: readonly string[]): ReturnedColumns {
  if (properties.length === 0) {
    throw new ValidationError(`a write of model "${table.name}"`, "only() names no property; name some");
  }
  const outputs = properties.map((property) => {
    const column = table.columns.get(property);
    if (column === undefined) throw unknownColumn(table, property);
    return outputOf(property, column);
  });
  const list = outputs.map(({ property, strings, bare }) =>
    bare === true ? strings[0] : `${strings[0]} as ${quoteIdentifier(property)}`
  ).join(", ");
  return { list, outputs, conversions: conversionsOf(outputs) };
}
