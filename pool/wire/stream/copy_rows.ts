/**
 * Rows of values as COPY data, in the text format and in the binary one.
 * Source: https://www.postgresql.org/docs/18/sql-copy.html#SQL-COPY-FILE-FORMATS
 *
 * @module
 */
import { ByteWriter } from "../byte_writer.ts";
import type { Codec } from "../codec/codec.ts";
import { ValidationError } from "../errors.ts";
import { QueryExchange } from "../session/query_exchange.ts";
import type { Session } from "../session/session.ts";

/** How rows are laid out in COPY data. */
export type CopyFormat = "text" | "binary";

/** A column that rows are copied into. */
export interface CopyColumn {
  /** The column's name. */
  readonly name: string;
  /** What writes its values. */
  readonly codec: Codec;
}

/** Bytes after which a chunk is given. */
const CHUNK = 65_536;
/** "PGCOPY\n\377\r\n\0", no flags, no extension of the header. */
const BINARY_HEADER = [0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0];

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

/**
 * A line of COPY data in the text format.
 *
 * @param values The values' text forms in the columns' order; null is SQL NULL.
 * @returns The line, with its end.
 */
export function encodeCopyText(values: readonly (string | null)[]): string {
  return values.map((value) =>
    // deno-lint-ignore no-control-regex -- these are the characters to be escaped
    value === null ? "\\N" : value.replace(/[\\\x08-\x0d]/g, (character) => ESCAPES[character])
  ).join("\t") + "\n";
}

/** The format that all columns can be copied in: binary, unless one has no binary form. */
export function copyFormat(columns: readonly CopyColumn[]): CopyFormat {
  return columns.every(({ codec }) => codec.binary) ? "binary" : "text";
}

/**
 * Learns a query's columns, as for rows that are copied into them.
 *
 * @param session The session.
 * @param text A query that costs nothing, of the form `select a, b from t limit 0`.
 * @param timeout Milliseconds it may take; 0 for no limit.
 * @returns Its columns in order.
 */
export async function learnCopyColumns(session: Session, text: string, timeout = 0): Promise<CopyColumn[]> {
  const exchange = new QueryExchange(text, []);
  exchange.timeout = timeout;
  session.submit(exchange);
  await exchange.promise;
  const { registry } = session.shared;
  return exchange.plan!.fields.map(({ name, type }) => ({
    name,
    codec: registry.get(type) ?? registry.text,
  }));
}

/**
 * Rows as COPY data, a chunk at a time.
 *
 * @param rows The rows, each with one value for each column; null is SQL NULL.
 * @param columns The columns; see {@link learnCopyColumns}.
 * @param format The format the COPY command names; see {@link copyFormat}.
 * @returns The chunks; each is valid for as long as it is kept.
 * @throws {ValidationError} When a value does not fit its column.
 */
export async function* copyRows(
  rows: AsyncIterable<readonly unknown[]> | Iterable<readonly unknown[]>,
  columns: readonly CopyColumn[],
  format: CopyFormat,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new ByteWriter(CHUNK + 8_192);
  const write = format === "binary" ? writeBinaryRow : writeTextRow;
  if (format === "binary") { for (const byte of BINARY_HEADER) writer.u8(byte); }
  let index = 0;
  // An array costs no promise for each row.
  if (Symbol.iterator in rows) {
    for (const row of rows) {
      write(writer, row, columns, index++);
      if (writer.length >= CHUNK) yield writer.take();
    }
  } else {
    for await (const row of rows) {
      write(writer, row, columns, index++);
      if (writer.length >= CHUNK) yield writer.take();
    }
  }
  if (format === "binary") writer.i16(-1);
  if (writer.length > 0) yield writer.take();
}

function writeBinaryRow(
  writer: ByteWriter,
  row: readonly unknown[],
  columns: readonly CopyColumn[],
  index: number,
): void {
  assertWidth(row, columns, index);
  writer.i16(columns.length);
  for (let at = 0; at < columns.length; at++) {
    const value = row[at];
    if (value === null) {
      writer.i32(-1);
      continue;
    }
    const start = writer.length;
    writer.i32(0);
    try {
      assertDefined(value);
      columns[at].codec.encode(value, writer);
    } catch (error) {
      throw valueError(error, columns[at], index);
    }
    writer.setI32(start, writer.length - start - 4);
  }
}

function writeTextRow(
  writer: ByteWriter,
  row: readonly unknown[],
  columns: readonly CopyColumn[],
  index: number,
): void {
  assertWidth(row, columns, index);
  writer.utf8(encodeCopyText(columns.map((column, at) => {
    const value = row[at];
    if (value === null) return null;
    try {
      assertDefined(value);
      return column.codec.encodeText(value);
    } catch (error) {
      throw valueError(error, column, index);
    }
  })));
}

function assertWidth(row: readonly unknown[], columns: readonly CopyColumn[], index: number): void {
  if (row.length !== columns.length) {
    throw new ValidationError(
      `row ${index + 1} of the COPY`,
      `it has ${row.length} values, ${columns.length} are needed`,
    );
  }
}

function assertDefined(value: unknown): void {
  if (value === undefined) throw new ValidationError("undefined", "give null for SQL NULL");
}

/** The error of a value, with its row and column. */
function valueError(error: unknown, column: CopyColumn, index: number): unknown {
  if (!(error instanceof ValidationError)) return error;
  return new ValidationError(`column "${column.name}" in row ${index + 1} of the COPY`, error.problem, {
    cause: error.cause,
  });
}
