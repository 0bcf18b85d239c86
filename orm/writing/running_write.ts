/**
 * Runs a write: what the hooks ask for around it, and errors that name the column they are about.
 *
 * @module
 */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import type { WriteOperation } from "../behaviour/hooks.ts";
import type { Call, Write } from "../behaviour/write.ts";
import type { Table } from "../definition/table.ts";
import { namingColumn } from "../executing/column_error.ts";
import type { GivenValues } from "../executing/input.ts";
import { type OpenRow, readRows, type RowReader } from "../hydrating/row_reader.ts";
import type { WriteStatement } from "./write_text.ts";

/** Runs a write that returns rows, which are read. */
export async function writeRows<Row>(
  { statement, parameters }: WriteStatement,
  reader: RowReader,
  { executor, options, observe }: {
    readonly executor: Executor;
    readonly options?: QueryOptions | undefined;
    /** Sees each row as it came. */
    readonly observe?: (row: OpenRow) => void;
  },
): Promise<Row[]> {
  try {
    const rows = await executor.query(statement, options) as OpenRow[];
    if (observe !== undefined) rows.forEach(observe);
    return readRows(reader, rows);
  } catch (error) {
    throw namingColumn(error, parameters());
  }
}

/** Runs a write and returns how many rows it affected. */
export async function writeCount(
  { statement, parameters }: WriteStatement,
  executor: Executor,
  options?: QueryOptions,
): Promise<number> {
  try {
    return await executor.execute(statement, options);
  } catch (error) {
    throw namingColumn(error, parameters());
  }
}

/** The values to write: those given, or what the hooks before and the validators leave of them. */
export function before(
  table: Table,
  operation: WriteOperation,
  writes: readonly Write[],
  call: Call,
): readonly GivenValues[] | Promise<readonly GivenValues[]> {
  const { behaviour } = table;
  if (behaviour === undefined || !behaviour.actsBefore[operation]) {
    return writes.map(({ values }) => values!);
  }
  return behaviour.before(operation, writes, call);
}

/** Whether hooks run before, so that the values to write are not yet known. */
export function actsBefore({ behaviour }: Table, operation: WriteOperation): boolean {
  return behaviour !== undefined && behaviour.actsBefore[operation];
}

/** Whether hooks run after, which take whole rows. */
export function needsRows({ behaviour }: Table, operation: WriteOperation): boolean {
  return behaviour !== undefined && behaviour.needsRows[operation];
}

/** Runs the hooks after a write. */
export function after(
  { behaviour }: Table,
  operation: WriteOperation,
  rows: readonly unknown[],
  call: Call,
): void | Promise<void> {
  return behaviour?.after(operation, rows, call);
}
