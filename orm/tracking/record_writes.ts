/**
 * The statements of one record: about the row of its key, and where the model has a version, only while the row has the
 * version the record knows.
 *
 * A record's row is found whatever the model's default scope; one that was soft-deleted since it was read is not.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { Table } from "../definition/table.ts";
import type { GivenValues } from "../executing/input.ts";
import { atomically } from "../writing/atomically.ts";
import { type Change, DeleteChange, deletion, TrashChange, UpdateChange } from "../writing/change.ts";
import { equal } from "../writing/conditions.ts";
import { wholeRow } from "../writing/returned_columns.ts";
import { actsBefore, after, before, needsRows, writeRows } from "../writing/running_write.ts";
import type { TableWrites } from "../writing/table_writes.ts";
import { assertWritable } from "../writing/write_columns.ts";
import { WriteText } from "../writing/write_text.ts";
import { type StaleReason, StaleRecordError } from "./stale_record_error.ts";
import { tellCache } from "../writing/tell_cache.ts";

/** The model of a record. */
export interface RecordHome {
  /** Its table. */
  readonly table: Table;
  /** How its rows are written. */
  readonly writes: TableWrites;
}

/** What is done to a record's row. */
export type RowVerb = "update" | "delete" | "forceDelete" | "restore";

/** Which row it is, as it is known. */
export interface KnownRow {
  /** The row. */
  readonly row: GivenValues;
  /** What runs the statement. */
  readonly executor: Executor;
}

/**
 * The key of a row: a value, or of several columns an object.
 *
 * @returns The key; `undefined` where a part of it is not known.
 */
export function keyOf({ key }: Table, valueOf: (property: string) => unknown): unknown {
  const values = key.map(({ property }) => [property, valueOf(property)] as const);
  if (key.length === 0 || values.some(([, value]) => value === undefined || value === null)) return undefined;
  return key.length === 1 ? values[0][1] : Object.freeze(Object.fromEntries(values));
}

/** Refuses records of models whose rows cannot be told apart. */
export function assertKeyed(table: Table, verb: string): void {
  if (table.key.length > 0) return;
  throw new ValidationError(
    `${verb}() of a record of model "${table.name}"`,
    "the model has no primary key; call .primaryKey() on its column",
  );
}

/** Inserts a row, or with a conflict target inserts or updates it. */
export function insertRecord(
  { table, writes }: RecordHome,
  values: GivenValues,
  { executor, upsert }: { readonly executor: Executor; readonly upsert: boolean },
): Promise<GivenValues> {
  return undoneByHooks(table, upsert ? "upsert" : "insert", executor, async (target) => {
    const row = upsert
      ? await writes.upsert(values, [{}, target], undefined)
      : await writes.insert(values, target, undefined);
    return row as GivenValues;
  });
}

/**
 * Writes a record's row.
 *
 * @param table The model's table.
 * @param verb What is done.
 * @param known Which row.
 * @param changes The values of an update.
 * @returns The whole row; of a delete, as it was.
 * @throws {StaleRecordError} When there is no such row any more.
 */
export function writeRecord(
  table: Table,
  verb: RowVerb,
  { row, executor }: KnownRow,
  changes: GivenValues = {},
): Promise<GivenValues> {
  assertWritable(table);
  const change = changeOf(table, verb, changes);
  const { operation, values } = change;
  const key = keyOf(table, (property) => row[property]);
  const conditions = conditionsOf(table, verb, row);
  return undoneByHooks(table, operation, executor, async (target) => {
    let hooked = change;
    if (actsBefore(table, operation)) {
      const write = { row, key, ...(operation === "delete" ? {} : { values: values! }) };
      const [left] = await before(table, operation, [write], { executor: target });
      hooked = change.with(left);
    }
    const text = new WriteText();
    hooked.writeHead(text);
    text.write(" where ").list(conditions, " and ").write(` returning ${table.selection}`);
    const [written] = await writeRows<GivenValues>(text.finish(), wholeRow(table), { executor: target });
    if (written === undefined) throw await staleRecord(table, verb, { row, executor: target });
    // By a key that has changed the row was known before.
    await tellCache(table, target, [row, written]);
    if (needsRows(table, operation)) await after(table, operation, [written], { executor: target });
    return written;
  });
}

/** Reads the row of a key again, from where it was written. */
export async function readRecord(
  table: Table,
  keys: readonly unknown[],
  executor: Executor,
): Promise<GivenValues | undefined> {
  const text = new WriteText().write(`select ${table.selection} from ${table.from.strings[0]} where `);
  text.list(equal(table.key, keys), " and ");
  const [row] = await writeRows<GivenValues>(text.finish(), wholeRow(table), { executor });
  if (table.behaviour !== undefined && row !== undefined) await table.behaviour.loaded([row], executor);
  return row;
}

/** The error for a row that was not found: what became of it is asked where both may be. */
export async function staleRecord(
  table: Table,
  verb: string,
  { row, executor }: KnownRow,
): Promise<StaleRecordError> {
  const key = keyOf(table, (property) => row[property]);
  let reason: StaleReason = "deleted";
  if (table.version !== undefined) {
    const text = new WriteText().write(`select from ${table.from.strings[0]} where `);
    text.list(identityOf(table, verb, row), " and ");
    if ((await executor.query(text.finish().statement)).length > 0) reason = "changed";
  }
  return new StaleRecordError(table.name, key, { verb, reason });
}

/** Runs a write so that it is undone where a hook after it fails: one statement where there is none. */
function undoneByHooks<Result>(
  table: Table,
  operation: Change["operation"],
  executor: Executor,
  write: (target: Executor) => Promise<Result>,
): Promise<Result> {
  return needsRows(table, operation) ? atomically(executor, write) : write(executor);
}

function changeOf(table: Table, verb: RowVerb, changes: GivenValues): Change {
  switch (verb) {
    case "update":
      return new UpdateChange(table, changes);
    case "delete":
      return deletion(table);
    case "forceDelete":
      return new DeleteChange(table);
    case "restore":
      return new TrashChange(table, "null");
  }
}

function conditionsOf(table: Table, verb: string, row: GivenValues): readonly Sql[] {
  const conditions = [...identityOf(table, verb, row)];
  const { version } = table;
  if (version !== undefined) conditions.push(version.eq(knownVersion(table, row)));
  return conditions;
}

/** The version a row is known to have. */
export function knownVersion({ version, name }: Table, row: GivenValues): unknown {
  const known = row[version!.property];
  if (known !== undefined && known !== null) return known;
  throw new ValidationError(
    `a record of model "${name}"`,
    `its version "${version!.property}" is not known; select it too, or refresh() the record`,
  );
}

/** Which row it is, as long as it is there: one that is known as not deleted is gone when it is. */
function identityOf(table: Table, verb: string, row: GivenValues): readonly Sql[] {
  const conditions = [...equal(table.key, table.key.map(({ property }) => row[property]))];
  const { softDelete, present, trashed } = table;
  if (softDelete !== undefined && verb !== "forceDelete") {
    if (verb === "restore") conditions.push(trashed!);
    else if (row[softDelete.property] === null) conditions.push(present!);
  }
  return conditions;
}
