/**
 * From one schema to another and back again, with rows in the tables.
 */
import assert from "node:assert/strict";
import { columnKey, describeObject, objectKey } from "../../../migrate/catalog/object_key.ts";
import type { Catalog, CatalogObject } from "../../../migrate/catalog/objects.ts";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { type Diff, diffCatalogs, type DiffOptions, type Rename } from "../../../migrate/diff/diff.ts";
import { reverseDiff } from "../../../migrate/diff/reverse_diff.ts";
import type { StepsReversal } from "../../../migrate/steps/reverse.ts";
import type { Step } from "../../../migrate/steps/step.ts";
import { type Statement, writeStep } from "../../../migrate/steps/write_step.ts";
import type { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { PostgresError } from "../../../pool/wire/postgres_error.ts";
import { contentsOf, positionsOf, rowStatement, tableName, watchedOf } from "./random_rows.ts";
import type { RandomSchema } from "./random_schema.ts";
import { schemaStatements } from "./schema_statements.ts";
import { quote } from "./sql_text.ts";

/** Two schemas, and what is random of the rows. */
export interface Pair {
  readonly first: RandomSchema;
  readonly second: RandomSchema;
  readonly seed: number;
}

/** Where a round trip is made. */
export interface Ground {
  /** The database that goes there and back. */
  readonly pool: Pool;
  /** The database that is there already. */
  readonly goal: Pool;
  readonly version: number;
}

/** What a round trip was. */
export interface RoundTrip {
  readonly steps: number;
  readonly losses: readonly string[];
  /** Rows that were compared. */
  readonly rows: number;
  /** Tables that had to be emptied because their rows did not fit. */
  readonly emptied: number;
  /** Whether the steps were reversed; otherwise the comparison led back. */
  readonly isReversed: boolean;
}

/** A round trip that failed, where, and what had been run. */
export class RoundTripError extends Error {
  /** What was being done. */
  readonly phase: "there" | "back";
  /** The statements. */
  readonly statements: readonly string[];

  constructor(phase: "there" | "back", statements: readonly Statement[], cause: unknown) {
    super(`${phase}: ${(cause as Error).message}`, { cause });
    this.phase = phase;
    this.statements = statements.map(({ text }) => text);
  }
}

/** Partitions go where they are known to be made by migrations. */
function dropping(catalog: Catalog): DiffOptions {
  return { unknown: "drop", known: new Set(catalog.objects.keys()), replaceTables: true };
}

/** The statements of two schemas, and what is renamed between them. */
export interface Journey {
  readonly first: readonly string[];
  readonly second: readonly string[];
  readonly renames: (from: Catalog) => readonly Rename[];
  readonly seed: number;
}

/** Makes a round trip between random schemas. */
export function roundTrip({ first, second, seed }: Pair, ground: Ground): Promise<RoundTrip> {
  return travel({
    first: schemaStatements(first, ground.version),
    second: schemaStatements(second, ground.version),
    renames: (from) => renamesOf(from, second),
    seed,
  }, ground);
}

/** Makes a round trip; rows that do not fit into the other schema are left out, and it is made again. */
export async function travel(journey: Journey, ground: Ground): Promise<RoundTrip> {
  const { goal } = ground;
  await become(goal, journey.second);
  const to = await readCatalog(goal);
  const empty = new Set<string>();
  for (;;) {
    try {
      return await attempt(journey, { ...ground, to, empty });
    } catch (error) {
      if (!(error instanceof UnfitRows)) throw error;
      const before = empty.size;
      for (const table of error.tables) empty.add(table);
      // A table's heirs are changed with it.
      if (empty.size === before) error.all.forEach((table) => empty.add(table));
      if (empty.size === before) throw error.cause;
    }
  }
}

async function attempt(
  { first, renames: renamesFrom, seed }: Journey,
  { pool, version, to, empty }: Ground & { readonly to: Catalog; readonly empty: ReadonlySet<string> },
): Promise<RoundTrip> {
  await become(pool, first);
  const from = await readCatalog(pool);
  await pool.execute(sql.unsafe(rowStatement(from, { seed, empty })));
  const renames = renamesFrom(from);
  const diff = diffCatalogs(from, to, { ...dropping(from), renames });
  const lost = new Set(diff.findings.filter(({ severity }) => severity === "loss").map(({ key }) => key));
  const watched = watchedOf(from, to, { lost, renames });
  const before = await contentsOf(pool, watched.map((one) => one.before));
  const places = await positionsOf(pool, from, to);
  const up = written(diff.steps, version);
  await during("there", up, from, async () => {
    assert.deepEqual(diff.findings.filter(({ severity }) => severity === "refused"), []);
    await run(pool, up);
    const now = await readCatalog(pool);
    assertEmpty(diffCatalogs(now, to, dropping(now)), "something is left to do");
    assert.deepEqual(await contentsOf(pool, watched.map((one) => one.after)), before, "rows have changed");
    for (const [name, place] of await positionsOf(pool, from, to)) {
      assert.ok(
        place >= places.get(name)!,
        `${name} counts from ${place} again, it was at ${places.get(name)}`,
      );
    }
  });
  const reversal = backwards(diff.steps, from, to);
  const down = written(reversal.steps, version);
  await during("back", [...up, { text: "-- back", transaction: true }, ...down], from, async () => {
    await run(pool, down);
    assertEmpty(withoutLosses(await readCatalog(pool), from), "not as it was");
    assert.deepEqual(await contentsOf(pool, watched.map((one) => one.before)), before, "rows have changed");
  });
  const rows = [...before.values()].reduce((sum, some) => sum + some.length, 0);
  const { losses, isReversed } = reversal;
  return { steps: diff.steps.length, losses, rows, emptied: empty.size, isReversed };
}

/** What the second schema says that had another name, as far as it is there. */
function renamesOf({ objects }: Catalog, { tables, enums }: RandomSchema): Rename[] {
  const renames: Rename[] = [];
  for (const { schema, name, was, columns } of tables) {
    const key = objectKey({ kind: "table", schema, name: was ?? name } as CatalogObject);
    const table = objects.get(key);
    if (table?.kind !== "table") continue;
    const isThere = (column: string): boolean => table.columns.some((one) => one.name === column);
    for (const column of columns) {
      if (column.was === undefined || !isThere(column.was) || isThere(column.name)) continue;
      renames.push({ kind: "column", key: columnKey(table, column.was), to: column.name });
    }
    if (was !== undefined) renames.push({ kind: "table", key, to: name });
  }
  for (const { name, renamed } of enums) {
    const key = objectKey({ kind: "enum", schema: "public", name } as CatalogObject);
    const type = objects.get(key);
    if (renamed === undefined || type?.kind !== "enum" || !type.labels.includes(renamed.from)) continue;
    renames.push({ kind: "enum label", key, label: renamed.from, to: renamed.to });
  }
  return renames;
}

/** Rows that are in the way of a statement. */
class UnfitRows extends Error {
  /** Those that the statement names. */
  readonly tables: readonly string[];
  /** All that may have rows. */
  readonly all: readonly string[];

  constructor(tables: readonly string[], all: readonly string[], cause: unknown) {
    super("Rows do not fit", { cause });
    this.tables = tables;
    this.all = all;
  }
}

/** Classes 22, data that does not fit, and 23, constraints; hstore says it in other words. */
function isOfRows({ sqlState, message }: PostgresError): boolean {
  return /^2[23]/.test(sqlState) || /^(Syntax error near|syntax error in hstore)/.test(message);
}

/** Tells what rows are in the way of from what is wrong. */
async function during(
  phase: "there" | "back",
  statements: readonly Statement[],
  from: Catalog,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const failed = new RoundTripError(phase, statements, error);
    const cause = error instanceof Error ? error.cause : undefined;
    if (!(cause instanceof PostgresError) || !isOfRows(cause)) throw failed;
    const all = [...from.objects.values()].filter(({ kind }) => kind === "table");
    const named = all.filter((table) =>
      (error as Error).message.includes(tableName(table)) || cause.table === table.name
    );
    throw new UnfitRows(named.map(tableName), all.map(tableName), failed);
  }
}

/** Empties a database, then runs statements, all in one transaction. */
async function become(pool: Pool, statements: readonly string[]): Promise<void> {
  const empty = [
    `drop schema if exists ${quote("App")} cascade`,
    "drop schema public cascade",
    "create schema public",
  ];
  await run(pool, [...empty, ...statements].map((text) => ({ text, transaction: true })));
}

/** Runs statements in as few transactions as they can be in. */
async function run(pool: Pool, statements: readonly Statement[]): Promise<void> {
  const rest = statements.filter(({ text }) => text.trim() !== "");
  while (rest.length > 0) {
    const apart = rest.findIndex(({ transaction }) => !transaction);
    const together = rest.splice(0, apart < 0 ? rest.length : apart);
    await pool.transaction(async (tx) => {
      for (const { text } of together) await execute(tx, text);
    });
    if (apart >= 0) await execute(pool, rest.shift()!.text);
  }
}

async function execute(executor: Pick<Pool, "execute">, text: string): Promise<void> {
  try {
    await executor.execute(sql.unsafe(text));
  } catch (error) {
    throw new Error(`${text}\n${(error as Error).message}`, { cause: error });
  }
}

function written(steps: readonly Step[], version: number): Statement[] {
  return steps.flatMap((step) => writeStep(step, version));
}

function assertEmpty(diff: Diff, what: string): void {
  const steps = diff.steps.map((step) =>
    JSON.stringify(step, (_, value) => typeof value === "bigint" ? `${value}` : value)
  );
  assert.deepEqual(steps, [], what);
  assert.deepEqual(diff.unknown.map(describeObject), [], what);
}

/** The reversal; where it says that it cannot be, the way back of the comparison. */
function backwards(
  steps: readonly Step[],
  from: Catalog,
  to: Catalog,
): Pick<StepsReversal, "steps" | "losses"> & { readonly isReversed: boolean } {
  const reversal = reverseDiff(steps, from);
  if (reversal.impossible.length === 0) return { ...reversal, isReversed: true };
  const { steps: back } = diffCatalogs(to, from, dropping(to));
  return { steps: back, losses: reversal.losses, isReversed: false };
}

/** What is left to do after a reversal, but for what it says stays: a constraint that is valid. */
function withoutLosses(now: Catalog, before: Catalog): Diff {
  const objects = new Map([...before.objects].map(([key, object]) => {
    const other = now.objects.get(key);
    const isValidNow = object.kind === "constraint" && other?.kind === "constraint" && other.isValid;
    return [key, isValidNow ? { ...object, isValid: true } : object];
  }));
  return diffCatalogs(now, { ...before, objects }, dropping(now));
}
