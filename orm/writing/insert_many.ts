/**
 * Inserting many rows: as one array for each column, chunk by chunk; as a list of values where arrays will not do; as a
 * COPY where nothing is to be returned. All or none are inserted.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import type { Table } from "../definition/table.ts";
import { checkInsert, type GivenValues } from "../executing/input.ts";
import { atomically } from "./atomically.ts";
import { canCopy, copyRowsInto } from "./copy_rows_into.ts";
import { timesBeside, writeInsertInto, writeValues } from "./insert.ts";
import { wholeRow } from "./returned_columns.ts";
import { assertRows, groupRows, type RowGroup } from "./row_groups.ts";
import { travelsAsArray, writeUnnest } from "./row_source.ts";
import { after, before, needsRows } from "./running_write.ts";
import { type BulkStatement, runBulk } from "./bulk_statement.ts";
import { tellCache } from "./tell_cache.ts";
import { assertWritable } from "./write_columns.ts";
import { WriteText } from "./write_text.ts";
import { checkOptions, RUN_OPTIONS, type RunOptions, runOptions } from "./write_options.ts";

/** How many rows are inserted. */
export interface InsertManyOptions extends RunOptions {
  /** How many rows are sent in one statement at most. Default: about as many values as PostgreSQL takes fastest. */
  readonly chunk?: number;
  /** `"nothing"` leaves out rows that violate a unique or an exclusion constraint. Default: they are an error. */
  readonly onConflict?: "nothing";
  /** `false` returns how many rows were inserted instead of the rows, which is faster. Default true. */
  readonly returning?: boolean;
}

const OPTIONS: readonly (keyof InsertManyOptions)[] = [
  "chunk",
  "onConflict",
  "returning",
  ...RUN_OPTIONS,
];

/** Values in one statement of arrays. */
const ARRAY_VALUES = 100_000;
/** Values in one list, each a parameter of its own, of which the protocol counts 65,535. */
const LIST_VALUES = 16_000;
/** How many rows of a group make it worth a statement of its own. */
const GROUP_ROWS = 50;

/**
 * Inserts rows.
 *
 * @param table What into.
 * @param rows The rows.
 * @param options How.
 * @param executor What to run on.
 * @returns The whole rows in the order given, or with `returning: false` how many.
 */
export async function insertRows(
  table: Table,
  rows: readonly GivenValues[],
  { options, executor }: { readonly options: InsertManyOptions; readonly executor: Executor },
): Promise<unknown[] | number> {
  assertWritable(table);
  assertRows(table, rows);
  checkInsertMany(table, options);
  const { returning = true, onConflict } = options;
  if (rows.length === 0) return returning ? [] : 0;
  const many = { executor, many: true, signal: options.signal };
  const records = await before(table, "insert", rows.map((values) => ({ values })), many);
  const groups = groupRows(table, records, (row) => checkInsert(table, row));
  const hooked = needsRows(table, "insert");
  const isPlain = onConflict === undefined && options.chunk === undefined;
  if (!returning && !hooked && isPlain && canCopy(table, groups, executor)) {
    return await copyRowsInto(table, groups[0], { executor, options: runOptions(options) });
  }
  const columns = returning || hooked ? wholeRow(table) : undefined;
  const end = (onConflict === "nothing" ? " on conflict do nothing" : "") +
    (columns === undefined ? "" : ` returning ${columns.list}`);
  const statements = insertStatements(table, groups, {
    chunk: options.chunk,
    mayOmit: onConflict === "nothing",
    mayMerge: true,
    writeEnd: (text) => text.write(end),
  });
  const work = async (target: Executor) => {
    const inserted = await runBulk(statements, { executor: target, columns, options: runOptions(options) });
    if (hooked) await after(table, "insert", inserted as unknown[], { ...many, executor: target });
    return inserted;
  };
  const inserted = statements.length === 1 && !hooked
    ? await work(executor)
    : await atomically(executor, work);
  if (typeof inserted !== "number") await tellCache(table, executor, inserted);
  return returning || typeof inserted === "number" ? inserted : inserted.length;
}

function checkInsertMany(table: Table, options: InsertManyOptions): void {
  const subject = `insertMany() of model "${table.name}"`;
  checkOptions(options, OPTIONS, subject);
  const { chunk, onConflict } = options;
  if (chunk !== undefined && !(Number.isSafeInteger(chunk) && chunk > 0)) {
    throw new ValidationError(`option "chunk" of ${subject}`, "it is not a whole number from 1; give one");
  }
  if (onConflict !== undefined && onConflict !== "nothing") {
    throw new ValidationError(
      `option "onConflict" of ${subject}`,
      'it is not "nothing"; use that, or upsertMany() to update rows',
    );
  }
}

/** How the rows of a bulk insert become statements. */
export interface BulkInsert {
  /** How many rows are sent in one statement at most. */
  readonly chunk?: number | undefined;
  /** Whether a statement may return fewer rows than it was given. */
  readonly mayOmit: boolean;
  /** Whether rows that give different columns may share a statement, in which the others take their defaults. */
  readonly mayMerge: boolean;
  /** Writes what comes behind the rows. */
  readonly writeEnd: (text: WriteText, given: readonly AnyColumn[]) => void;
}

/** The statements: of arrays where each group can be sent so and is worth it, else of lists of values. */
export function insertStatements(
  table: Table,
  groups: readonly RowGroup[],
  { chunk, mayOmit, mayMerge, writeEnd }: BulkInsert,
): readonly BulkStatement[] {
  return partsOf(groups, { mayOmit, mayMerge }).flatMap((group) => {
    const asArrays = travels(group);
    const width = Math.max(1, group.columns.length);
    const most = Math.floor((asArrays ? ARRAY_VALUES : LIST_VALUES) / width);
    return chunksOf(group, Math.min(chunk ?? Infinity, Math.max(1, most))).map((part) => ({
      positions: part.positions,
      ...(asArrays ? {} : { list: { rows: part.rows, columns: group.columns, padded: false } }),
      write: () => {
        const text = writeInsert(table, part, asArrays);
        writeEnd(text, group.columns);
        return text.finish();
      },
    }));
  });
}

/** What is inserted by statements of its own. Where rows may be left out, these are in the order given. */
function partsOf(
  groups: readonly RowGroup[],
  { mayOmit, mayMerge }: Pick<BulkInsert, "mayOmit" | "mayMerge">,
): readonly RowGroup[] {
  if (!mayMerge) return mayOmit ? inRuns(groups) : groups;
  const rows = groups.reduce((sum, group) => sum + group.rows.length, 0);
  const areSmall = groups.length > 1 && rows / groups.length < GROUP_ROWS;
  return mayOmit || areSmall || !groups.every(travels) ? [merged(groups)] : groups;
}

/** Whether a group's rows can travel as one array for each column. */
function travels({ isPlain, columns, rows }: RowGroup): boolean {
  return isPlain && rows.length > 1 && columns.length > 0 && columns.every(travelsAsArray);
}

function writeInsert(table: Table, { columns, rows }: RowGroup, asArrays: boolean): WriteText {
  const text = new WriteText();
  const times = timesBeside(table, columns);
  // Without any column there is no list of them, and "default" needs one.
  const listed = columns.length + times.length === 0 ? [...table.columns.values()].slice(0, 1) : columns;
  writeInsertInto(text, table, listed);
  if (asArrays) {
    text.write(` select *${times.map(() => ", now()").join("")} from `);
    writeUnnest(text, columns, { rows });
    return text;
  }
  text.write(" values ");
  rows.forEach((values, index) => {
    if (index > 0) text.write(", ");
    writeValues(text, listed, { values, times });
  });
  return text;
}

/** All groups as one, whose rows do not all give every column. */
function merged(groups: readonly RowGroup[]): RowGroup {
  if (groups.length === 1) return groups[0];
  const columns = new Set<AnyColumn>(groups.flatMap((group) => group.columns));
  const placed = inOrder(groups);
  return {
    columns: [...columns],
    rows: placed.map(({ row }) => row),
    positions: placed.map(({ position }) => position),
    isPlain: false,
  };
}

/** The groups' rows in the order given: those behind one another that give the same columns as a group of their own. */
function inRuns(groups: readonly RowGroup[]): readonly RowGroup[] {
  if (groups.length === 1) return groups;
  const runs: (RowGroup & { readonly rows: GivenValues[]; readonly positions: number[] })[] = [];
  let last: RowGroup | undefined;
  for (const { group, row, position } of inOrder(groups)) {
    if (group !== last) runs.push({ ...group, rows: [], positions: [] });
    last = group;
    const run = runs[runs.length - 1];
    run.rows.push(row);
    run.positions.push(position);
  }
  return runs;
}

/** One row, where it stands, and the group it is in. */
interface Placed {
  readonly group: RowGroup;
  readonly row: GivenValues;
  readonly position: number;
}

function inOrder(groups: readonly RowGroup[]): readonly Placed[] {
  return groups.flatMap((group) =>
    group.rows.map((row, index): Placed => ({ group, row, position: group.positions[index] }))
  ).sort((a, b) => a.position - b.position);
}

function chunksOf(group: RowGroup, size: number): readonly RowGroup[] {
  const { rows, positions } = group;
  if (rows.length <= size) return [group];
  const chunks: RowGroup[] = [];
  for (let at = 0; at < rows.length; at += size) {
    chunks.push({ ...group, rows: rows.slice(at, at + size), positions: positions.slice(at, at + size) });
  }
  return chunks;
}
