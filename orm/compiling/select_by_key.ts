/**
 * The text of selects by primary key.
 *
 * @module
 */
import type { Table } from "../definition/table.ts";
import { type StatementText, StatementWriter } from "./statement_text.ts";

/**
 * Writes the select of a row that is not soft-deleted and in the default scope.
 *
 * @param table The table.
 * @param many Whether the key, of one column, is an array of which each is looked for.
 */
export function writeSelectByKey(table: Table, many: boolean): StatementText {
  const writer = new StatementWriter().write(`select ${table.selection} from ${table.from.strings[0]}`);
  table.key.forEach((column, index) => {
    writer.write(`${index === 0 ? " where " : " and "}${column.text} = ${many ? "any(" : ""}`).placeholder();
    if (many) writer.write(")");
  });
  for (const condition of [table.present, table.scope]) {
    if (condition !== undefined) writer.write(" and ").fragment(condition.strings);
  }
  return writer.finish();
}
