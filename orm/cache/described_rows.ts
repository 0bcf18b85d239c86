/**
 * Rows as the bytes they came as: what the database answered to a read for the cache, and how its rows are read.
 *
 * @module
 */
import type { LabelledRows } from "../../pool/consistency/labelled.ts";
import { ByteSource } from "../../pool/wire/byte_source.ts";
import { compileRowReader } from "../../pool/wire/session/row_reader.ts";

/** What the database answered: rows as the bytes they came as. */
export type CacheRows = LabelledRows<Uint8Array>;

/** The columns of an answer as the server described them. */
export type DescribedColumns = Pick<CacheRows, "fields" | "formats" | "registry">;

/**
 * What reads the rows of an answer.
 *
 * @param described Its columns.
 * @param nameOf From a column's name to that of its property. Default: the same.
 */
export function bytesReader(
  { fields, formats, registry }: DescribedColumns,
  nameOf: (column: string) => string = (column) => column,
): (bytes: Uint8Array) => Record<string, unknown> {
  const read = compileRowReader(fields.map((field, index) => ({
    field: { ...field, name: nameOf(field.name) },
    codec: registry.get(field.type) ?? registry.text,
    format: formats[index],
  })));
  return (bytes) => read(new ByteSource(bytes), 0, bytes.length);
}
