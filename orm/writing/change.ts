/**
 * What is done to the rows that an update or a delete finds.
 *
 * @module
 */
import type { WriteOperation } from "../behaviour/hooks.ts";
import { Sql } from "../../pool/sql/sql.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Table } from "../definition/table.ts";
import { checkUpdate, type GivenValues } from "../executing/input.ts";
import { actsBefore } from "./running_write.ts";
import { nameOf, touches } from "./write_columns.ts";
import type { WriteText } from "./write_text.ts";
import { writtenValue } from "./written_value.ts";

/** What is done to rows. */
export interface Change {
  /** What hooks know it as. */
  readonly operation: WriteOperation;
  /** What it is called in errors. */
  readonly verb: string;
  /** What stands before the tables it is joined with. */
  readonly joining: "from" | "using";
  /** The values given, for the hooks. */
  readonly values?: GivenValues;
  /** Writes the beginning of the statement. */
  writeHead(text: WriteText): void;
  /** The same with other values, which hooks have left. */
  with(values: GivenValues): Change;
}

/** An update. */
export class UpdateChange implements Change {
  readonly operation = "update";
  readonly verb = "update";
  readonly joining = "from";
  readonly values: GivenValues;
  readonly #table: Table;
  #given: readonly AnyColumn[] | undefined;

  /** Checks the values, unless hooks or validators see them first: what these leave is checked when it is written. */
  constructor(table: Table, values: GivenValues) {
    this.#table = table;
    this.values = values;
    if (!actsBefore(table, "update")) this.#given = checkUpdate(table, values);
  }

  writeHead(text: WriteText): void {
    this.#given ??= checkUpdate(this.#table, this.values);
    text.write(`update ${this.#table.from.strings[0]} set `);
    writeAssignments(text, this.#table, { given: this.#given, values: this.values });
  }

  with(values: GivenValues): Change {
    return new UpdateChange(this.#table, values);
  }
}

/** Writes `"a" = $1, "b" = $2`, and what each update sets besides. */
export function writeAssignments(
  text: WriteText,
  table: Table,
  { given, values }: { readonly given: readonly AnyColumn[]; readonly values: GivenValues },
): void {
  given.forEach((column, index) => {
    text.write(`${index === 0 ? "" : ", "}${nameOf(column)} = `);
    text.part(writtenValue(column, values[column.property]), column);
  });
  for (const touch of touches(table, given)) text.write(`, ${touch}`);
}

/** A delete that leaves nothing. */
export class DeleteChange implements Change {
  readonly operation = "delete";
  readonly verb = "delete";
  readonly joining = "using";
  readonly #table: Table;

  /** Creates the change. */
  constructor(table: Table) {
    this.#table = table;
  }

  writeHead(text: WriteText): void {
    text.write(`delete from ${this.#table.from.strings[0]}`);
  }

  with(): Change {
    return this;
  }
}

/** The setting of the column that says when a row was deleted: a soft delete, or its opposite. */
export class TrashChange implements Change {
  readonly operation: WriteOperation;
  readonly verb: string;
  readonly joining = "from";
  readonly #table: Table;
  readonly #value: string;

  /** Creates the change to a value: `now()` or `null`. */
  constructor(table: Table, value: "now()" | "null") {
    this.#table = table;
    this.#value = value;
    this.operation = value === "null" ? "update" : "delete";
    this.verb = value === "null" ? "restore" : "delete";
  }

  /** For the hooks of an update. */
  get values(): GivenValues {
    const { property } = this.#table.softDelete!;
    return { [property]: this.#value === "null" ? null : NOW };
  }

  writeHead(text: WriteText): void {
    const column = this.#table.softDelete!;
    text.write(`update ${this.#table.from.strings[0]} set ${nameOf(column)} = ${this.#value}`);
    for (const touch of touches(this.#table, [column])) text.write(`, ${touch}`);
  }

  with(values: GivenValues): Change {
    return this.operation === "delete" ? this : new UpdateChange(this.#table, values);
  }
}

const NOW: Sql = new Sql(["now()"], []);

/** What `delete()` does to a table's rows. */
export function deletion(table: Table): Change {
  return table.softDelete === undefined ? new DeleteChange(table) : new TrashChange(table, "now()");
}
