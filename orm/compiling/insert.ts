/**
 * The text of inserts, kept by which columns are given.
 *
 * @module
 */
import type { AnyColumn } from "../building/column.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { Table } from "../definition/table.ts";
import { type StatementText, StatementWriter } from "./statement_text.ts";

/** How many texts one model remembers. */
const MAX_TEXTS = 1_000;

/** The texts of one model's inserts. */
export class InsertTexts {
  readonly #table: Table;
  readonly #texts = new Map<string, StatementText>();

  /** Creates the texts of a table's inserts; there are none yet. */
  constructor(table: Table) {
    this.#table = table;
  }

  /**
   * The text of an insert of one row that returns it.
   *
   * @param columns The columns given, in order; of none, each column takes its default.
   */
  for(columns: readonly AnyColumn[]): StatementText {
    let key = "";
    for (const column of columns) key += `${column.columnName}\0`;
    let text = this.#texts.get(key);
    if (text === undefined) {
      text = writeInsert(this.#table, columns);
      if (this.#texts.size < MAX_TEXTS) this.#texts.set(key, text);
    }
    return text;
  }
}

function writeInsert(table: Table, columns: readonly AnyColumn[]): StatementText {
  const writer = new StatementWriter().write(`insert into ${table.fragment.text}`);
  if (columns.length === 0) writer.write(" default values");
  else {
    writer.write(` (${columns.map((column) => quoteIdentifier(column.columnName)).join(", ")}) values (`);
    columns.forEach((_, index) => writer.write(index === 0 ? "" : ", ").placeholder());
    writer.write(")");
  }
  return writer.write(` returning ${table.selection}`).finish();
}
