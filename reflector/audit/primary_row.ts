/**
 * Rows as the primary has them, in the form in which they are kept in the cache, so that the two can be compared byte by
 * byte.
 *
 * @module
 */
import { LABELLED } from "../../pool/consistency/labelled.ts";
import type { Pool } from "../../pool/pool.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { type Sql, sql } from "../../pool/sql/sql.ts";
import type { ShapeDocument } from "../../orm/cache/payload_shape.ts";
import type { CoveredTable } from "../coverage/covered_table.ts";
import type { CachedKey } from "./cached_key.ts";

/** A row of the primary, and between which positions of the log it was read. */
export interface PrimaryRow {
  readonly version: bigint;
  readonly upper: bigint;
  readonly timeline: string;
  /** Its bytes; undefined: there is no such row. */
  readonly payload: Uint8Array | undefined;
}

/**
 * Reads a row from the primary.
 *
 * @param pool On the primary.
 * @param key The row's key in the cache; its values are known.
 * @param options `table`: what is known of the table; `shape`: of what the payload is to be made; any, where only the
 * row's absence matters.
 * @returns The row; undefined when the server does not give it in that form any more.
 */
export async function readPrimaryRow(
  pool: Pool,
  key: CachedKey,
  { table, shape, signal }: {
    readonly table: CoveredTable;
    readonly shape: ShapeDocument | undefined;
    readonly signal: AbortSignal;
  },
): Promise<PrimaryRow | undefined> {
  const columns = shape?.columns.map(([name]) => name) ?? table.key;
  const statement = rowSql(key, { table, columns });
  const { rows: [payload], fields, formats, version, upper, timeline } = await pool[LABELLED]<Uint8Array>(
    statement,
    { raw: true, signal },
  );
  const isSame = shape === undefined ||
    shape.columns.every(([name, format, type], index) =>
      name === fields[index].name && format === formats[index] && type === fields[index].type
    );
  return isSame ? { version, upper, timeline, payload } : undefined;
}

function rowSql(
  { schemaName, tableName, values }: CachedKey,
  { table, columns }: { readonly table: CoveredTable; readonly columns: readonly string[] },
): Sql<unknown> {
  const list = sql.unsafe(columns.map(quoteIdentifier).join(", "));
  const from = sql.unsafe(`${quoteIdentifier(schemaName)}.${quoteIdentifier(tableName)}`);
  const conditions = table.key.map((column, index) =>
    sql`${sql.unsafe(quoteIdentifier(column))} = (${values![index]}::text)::${
      sql.unsafe(table.keyTypes[index])
    }`
  );
  return sql`select ${list} from ${from} where ${sql.join(conditions, sql` and `)}`;
}
