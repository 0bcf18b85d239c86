/**
 * The text of inserts of one row, kept by which columns are given.
 *
 * @module
 */
import type { AnyColumn } from "../building/column.ts";
import { type StatementText, StatementWriter } from "../compiling/statement_text.ts";
import type { Table } from "../definition/table.ts";
import { insertTimes, nameOf } from "./write_columns.ts";
import { keep } from "../building/kept.ts";

/** How many texts one model remembers. */
const MAX_TEXTS = 1_000;

/** The texts of one model's inserts. */
export class InsertTexts {
  readonly #table: Table;
  readonly #times: readonly AnyColumn[];
  readonly #texts = new Map<string, StatementText>();

  /** Creates the texts of a table's inserts; there are none yet. */
  constructor(table: Table) {
    this.#table = table;
    this.#times = insertTimes(table);
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
      text = this.#write(columns);
      keep(this.#texts, MAX_TEXTS, [key, text]);
    }
    return text;
  }

  #write(columns: readonly AnyColumn[]): StatementText {
    const { from, selection } = this.#table;
    const times = this.#times.filter((column) => !columns.includes(column));
    const writer = new StatementWriter().write(`insert into ${from.strings[0]}`);
    if (columns.length + times.length === 0) writer.write(" default values");
    else {
      writer.write(` (${[...columns, ...times].map(nameOf).join(", ")}) values (`);
      columns.forEach((_, index) => writer.write(index === 0 ? "" : ", ").placeholder());
      writer.write(columns.length === 0 ? "" : times.map(() => ", now()").join(""));
      if (columns.length === 0) writer.write(times.map(() => "now()").join(", "));
      writer.write(")");
    }
    return writer.write(` returning ${selection}`).finish();
  }
}
