/**
 * The statements of a flush: many rows at once, each only where it is what its record knows.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Table } from "../definition/table.ts";
import { checkUpdate, type GivenValues } from "../executing/input.ts";
import type { OpenRow, RowReader } from "../hydrating/row_reader.ts";
import { deletion } from "../writing/change.ts";
import { isPlain } from "../writing/row_groups.ts";
import { flagOf, travelsAsArray, writeRowSource } from "../writing/row_source.ts";
import { after, before, needsRows, writeRows } from "../writing/running_write.ts";
import { assertWritable, nameOf, touches } from "../writing/write_columns.ts";
import { type WriteStatement, WriteText } from "../writing/write_text.ts";
import { keyOf, knownVersion, staleRecord, writeRecord } from "./record_writes.ts";
import { tellCache } from "../writing/tell_cache.ts";

/** A row that is written. */
export interface RowChange {
  /** The row as it is known. */
  readonly row: GivenValues;
  /** What changes; nothing of a delete. */
  readonly changes: GivenValues;
}

/** Values in one statement of arrays. */
const ARRAY_VALUES = 200_000;
/** Values in one list, each a parameter of its own. */
const LIST_VALUES = 16_000;
const ORDINAL = "#";

/**
 * Updates rows: those whose changes are values by one statement, each of the others by its own.
 *
 * @param table The model's table.
 * @param rows The rows, each once.
 * @param executor What to run on: a transaction.
 * @returns The rows as they are then, in the order given.
 * @throws {StaleRecordError} When one is not what is known.
 */
export async function updateRecords(
  table: Table,
  rows: readonly RowChange[],
  executor: Executor,
): Promise<readonly GivenValues[]> {
  const written: GivenValues[] = [];
  const together: number[] = [];
  for (const [index, change] of rows.entries()) {
    if (travelsTogether(table, change)) together.push(index);
  }
  if (together.length > 1) {
    const changes = await hookedChanges(table, together.map((index) => rows[index]), executor);
    const updated = await writeTogether(table, changes, executor);
    together.forEach((index, at) => written[index] = updated[at]);
  }
  for (const [index, { row, changes }] of rows.entries()) {
    written[index] ??= await writeRecord(table, "update", { row, executor }, changes);
  }
  return written;
}

/**
 * Deletes rows: softly where the model says so.
 *
 * @param table The model's table.
 * @param rows The rows, each once.
 * @param executor What to run on: a transaction.
 * @returns The rows as they were, or of soft deletes as they are then, in the order given.
 * @throws {StaleRecordError} When one is not what is known.
 */
export async function deleteRecords(
  table: Table,
  rows: readonly GivenValues[],
  executor: Executor,
): Promise<readonly GivenValues[]> {
  if (rows.length === 1) return [await writeRecord(table, "delete", { row: rows[0], executor })];
  assertWritable(table);
  const writes = rows.map((row) => ({ row, key: keyOf(table, (property) => row[property]) }));
  await before(table, "delete", writes, { executor, many: true });
  const deleted: GivenValues[] = [];
  for (const chunk of chunksOf(rows, identifying(table))) {
    const text = new WriteText();
    const change = deletion(table);
    change.writeHead(text);
    text.write(` ${change.joining} `);
    const statement = writeRest(text, table, { given: [], flags: [], rows: chunk });
    const found = await readAll(table, statement, { verb: "delete", rows: chunk, executor });
    for (const row of found) deleted.push(row);
  }
  if (needsRows(table, "delete")) await after(table, "delete", deleted, { executor, many: true });
  return deleted;
}

/** Whether a row's changes are values, and do not touch what it is found by. */
function travelsTogether(table: Table, { row, changes }: RowChange): boolean {
  const { softDelete } = table;
  if (softDelete !== undefined && row[softDelete.property] !== null) return false;
  const found = identifying(table);
  return Object.entries(changes).every(([property, value]) =>
    isPlain(value) && found.every((column) => column.property !== property)
  );
}

/** What rows are found by. */
function identifying({ key, version }: Table): readonly AnyColumn[] {
  return version === undefined ? key : [...key, version];
}

/** The changes as hooks and validators leave them. */
async function hookedChanges(
  table: Table,
  rows: readonly RowChange[],
  executor: Executor,
): Promise<readonly RowChange[]> {
  assertWritable(table);
  const writes = rows.map(({ row, changes }) => ({
    row,
    values: changes,
    key: keyOf(table, (property) => row[property]),
  }));
  const left = await before(table, "update", writes, { executor, many: true });
  return rows.map(({ row }, index) => ({ row, changes: left[index] }));
}

async function writeTogether(
  table: Table,
  rows: readonly RowChange[],
  executor: Executor,
): Promise<readonly GivenValues[]> {
  const counts = new Map<AnyColumn, number>();
  for (const { changes } of rows) {
    for (const column of checkUpdate(table, changes)) counts.set(column, (counts.get(column) ?? 0) + 1);
  }
  // What hooks made of them may be what a statement of many rows does not take.
  if (!rows.every((change) => travelsTogether(table, change))) {
    return await writeOneByOne(table, rows, executor);
  }
  const given = [...counts.keys()];
  const flags = given.filter((column) => counts.get(column)! < rows.length);
  const updated: GivenValues[] = [];
  for (const chunk of chunksOf(rows, [...identifying(table), ...given, ...flags])) {
    const text = new WriteText().write(`update ${table.from.strings[0]} set `);
    text.write([...assignments(table, given, flags), ...touches(table, given)].join(", ")).write(" from ");
    const values = chunk.map(({ row, changes }) => ({ ...identityOf(table, row), ...changes }));
    const statement = writeRest(text, table, { given, flags, rows: values });
    const known = chunk.map(({ row }) => row);
    for (const row of await readAll(table, statement, { verb: "update", rows: known, executor })) {
      updated.push(row);
    }
  }
  if (needsRows(table, "update")) await after(table, "update", updated, { executor, many: true });
  return updated;
}

/** Without running the hooks again. */
async function writeOneByOne(
  table: Table,
  rows: readonly RowChange[],
  executor: Executor,
): Promise<readonly GivenValues[]> {
  const unhooked: Table = { ...table, behaviour: undefined };
  const updated: GivenValues[] = [];
  for (const { row, changes } of rows) {
    updated.push(await writeRecord(unhooked, "update", { row, executor }, changes));
  }
  if (needsRows(table, "update")) await after(table, "update", updated, { executor, many: true });
  return updated;
}

function identityOf(table: Table, row: GivenValues): GivenValues {
  return Object.fromEntries(identifying(table).map(({ property }) => [property, row[property]]));
}

function assignments(
  table: Table,
  given: readonly AnyColumn[],
  flags: readonly AnyColumn[],
): readonly string[] {
  const source = sourceName(table);
  return given.map((column) => {
    const value = `"${source}".${nameOf(column)}`;
    if (!flags.includes(column)) return `${nameOf(column)} = ${value}`;
    return `${nameOf(column)} = case when "${source}".${
      flagOf(flags, column)
    } then ${value} else ${column.text} end`;
  });
}

/** Writes what the rows come from, how they are found, and what is returned. */
function writeRest(
  text: WriteText,
  table: Table,
  { given, flags, rows }: {
    readonly given: readonly AnyColumn[];
    readonly flags: readonly AnyColumn[];
    readonly rows: readonly GivenValues[];
  },
): WriteStatement {
  const name = sourceName(table);
  const found = identifying(table);
  if (table.version !== undefined) { for (const row of rows) knownVersion(table, row); }
  writeRowSource(text, { name, columns: [...found, ...given], flags, rows, ordinal: ORDINAL });
  text.write(" where ");
  text.write(found.map((column) => `${column.text} = "${name}".${nameOf(column)}`).join(" and "));
  if (table.present !== undefined) text.write(" and ").part(table.present);
  return text.write(` returning ${table.selection}, "${name}"."${ORDINAL}"`).finish();
}

function sourceName(table: Table): string {
  return table.name === "given" ? "given_rows" : "given";
}

/** Runs a statement and returns its rows in the order of those it was given, each of which must be there. */
async function readAll(
  table: Table,
  statement: WriteStatement,
  { verb, rows, executor }: {
    readonly verb: string;
    readonly rows: readonly GivenValues[];
    readonly executor: Executor;
  },
): Promise<readonly GivenValues[]> {
  const ordinals: number[] = [];
  const reader: RowReader = { conversions: table.conversions, hidden: [ORDINAL] };
  const found = await writeRows<GivenValues>(statement, reader, {
    executor,
    observe: (row: OpenRow) => ordinals.push(Number(row[ORDINAL])),
  });
  const ordered: GivenValues[] = new Array(rows.length);
  found.forEach((row, index) => ordered[ordinals[index] - 1] = row);
  const missing = rows.find((_, index) => ordered[index] === undefined);
  if (missing !== undefined) throw await staleRecord(table, verb, { row: missing, executor });
  // By keys that have changed the rows were known before.
  const moved = rows.filter((row, index) =>
    table.key.some(({ property }) => row[property] !== ordered[index][property])
  );
  await tellCache(table, executor, [...moved, ...ordered]);
  return ordered;
}

function chunksOf<Item>(rows: readonly Item[], columns: readonly AnyColumn[]): readonly (readonly Item[])[] {
  const most = columns.every(travelsAsArray) ? ARRAY_VALUES : LIST_VALUES;
  const size = Math.max(1, Math.floor(most / Math.max(1, columns.length)));
  if (rows.length <= size) return [rows];
  return Array.from(
    { length: Math.ceil(rows.length / size) },
    (_, index) => rows.slice(index * size, (index + 1) * size),
  );
}
