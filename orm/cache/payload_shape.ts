/**
 * The form in which rows are kept: the bytes the server sent, and beside them, once for all, which columns they are. So
 * nothing is lost on the way, and the reflector can read a row again without knowing the model it is for.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { Sql } from "../../pool/sql/sql.ts";
import type { WireFormat } from "../../pool/wire/codec/codec.ts";
import type { Field } from "../../pool/wire/message/backend.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Table } from "../definition/table.ts";
import { readRows } from "../hydrating/row_reader.ts";
import { bytesReader, type DescribedColumns } from "./described_rows.ts";
import { equalAny } from "../relations/match.ts";

/** What a shape's document says. */
export interface ShapeDocument {
  /** `schema.table`. */
  readonly table: string;
  /** Each column's name, the format of its values, and its type's OID. */
  readonly columns: readonly (readonly [name: string, format: WireFormat, type: number])[];
}

/** The name of the document that describes a shape. */
export function shapeDocumentName(shape: string): string {
  return `shape:${shape}`;
}

/** How rows of one table are read out of payloads. */
export class PayloadShape {
  /** Twelve hexadecimal characters; two of different columns, types or formats differ. */
  readonly id: string;
  /** What it is kept as, for the reflector. */
  readonly text: string;
  readonly #table: Table;
  readonly #fields: readonly Field[];
  readonly #formats: readonly WireFormat[];
  readonly #read: ReturnType<typeof bytesReader>;

  /**
   * Of what a select of the model's columns, under their names in the table, was answered.
   *
   * @param table The model's table.
   * @param name `schema.table`.
   * @param described The columns of the answer.
   */
  constructor(table: Table, name: string, { fields, formats, registry }: DescribedColumns) {
    const document: ShapeDocument = {
      table: name,
      columns: fields.map((field, index) => [field.name, formats[index], field.type]),
    };
    this.text = JSON.stringify(document);
    this.id = createHash("md5").update(this.text).digest("hex").slice(0, 12);
    this.#table = table;
    this.#fields = fields;
    this.#formats = formats;
    const properties = new Map(
      [...table.columns.values()].map((column) => [column.columnName, column.property]),
    );
    this.#read = bytesReader({ fields, formats, registry }, (name) => properties.get(name) ?? name);
  }

  /** Whether the server still describes the columns so. */
  describes({ fields, formats }: DescribedColumns): boolean {
    return fields.length === this.#fields.length &&
      fields.every(({ name, type }, index) =>
        name === this.#fields[index].name && type === this.#fields[index].type &&
        formats[index] === this.#formats[index]
      );
  }

  /**
   * The row of a payload, as a query of the model would return it: frozen.
   *
   * @throws {LifeguardError} When the bytes are none of this shape.
   */
  row(payload: Uint8Array): Record<string, unknown> {
    const row = this.#decode(payload);
    // The bytes may be a part of something much larger.
    if (Object.values(row).some(isOpen)) {
      const bytes = payload.slice();
      AGAIN.set(row, () => this.#decode(bytes));
    }
    return row;
  }

  #decode(payload: Uint8Array): Record<string, unknown> {
    return readRows<Record<string, unknown>>(this.#table, [this.#read(payload)])[0];
  }
}

/** How rows are read again whose values could be changed by who has them. */
const AGAIN = new WeakMap<object, () => Record<string, unknown>>();

/** Whether a value could be changed by who has it. */
function isOpen(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    !Object.prototype.toString.call(value).startsWith("[object Temporal.");
}

/**
 * A row for one more reader: the same, unless something in it (a date, bytes, an array, JSON) could be changed by one
 * reader under the eyes of another.
 *
 * @param row A row that a shape has read.
 */
export function ownRow(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const again = AGAIN.get(row);
  return again === undefined ? row : again();
}

/**
 * What selects a model's rows for the cache by their keys: plain columns under their own names, whatever the model leaves
 * out of its queries.
 *
 * @param table The model's table.
 * @returns From arrays of the values of the key's columns to the statement.
 */
export function cacheSelect(table: Table): (values: readonly (readonly unknown[])[]) => Sql {
  const shown = [...table.columns.values()].filter(({ settings }) => settings.skipped !== true);
  const list = shown.map(({ columnName }) => quoteIdentifier(columnName));
  return selectByKeys(table, { list, columns: table.key });
}

/**
 * What selects rows by the values of some columns.
 *
 * @param table What from.
 * @param what `list`: what is selected; `columns`: what it is selected by.
 * @returns From arrays of the columns' values to the statement.
 */
export function selectByKeys(
  table: Table,
  { list, columns }: { readonly list: readonly string[]; readonly columns: readonly AnyColumn[] },
): (values: readonly (readonly unknown[])[]) => Sql {
  const [first, ...rest] = equalAny(columns, columns, columns.map(() => [])).strings;
  const strings = [`select ${list.join(", ")} from ${table.fragment.text} where ${first}`, ...rest];
  const { text } = new Sql(strings, columns.map(() => []));
  return (values) => new Sql(strings, values, text);
}
