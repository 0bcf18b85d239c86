/**
 * Inserting rows, or updating those that are there already: `insert … on conflict`.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { assertSql, type Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import { type Table, unknownColumn } from "../definition/table.ts";
import { checkInsert, checkUpdate, type GivenValues } from "../executing/input.ts";
import { atomically } from "./atomically.ts";
import { runBulk } from "./bulk_statement.ts";
import { writeAssignments } from "./change.ts";
import { insertStatements } from "./insert_many.ts";
import { wholeRow } from "./returned_columns.ts";
import { assertRows, groupRows } from "./row_groups.ts";
import { after, before, needsRows } from "./running_write.ts";
import { checkOptions, RUN_OPTIONS, type RunOptions, runOptions } from "./write_options.ts";
import { assertWritable, nameOf, touches } from "./write_columns.ts";
import type { WriteText } from "./write_text.ts";
import { tellCache } from "./tell_cache.ts";

/** What a conflict is about: the columns of a unique index, perhaps a partial one, or a constraint. */
export type ConflictTarget =
  | readonly string[]
  | { readonly columns: readonly string[]; readonly where?: Sql }
  | { readonly constraint: string };

/** An upsert's options, whose types the model's interface narrows. */
export interface GivenUpsertOptions extends RunOptions {
  readonly conflict?: ConflictTarget;
  readonly update?: "nothing" | readonly string[] | GivenValues | ((excluded: never) => GivenValues);
  readonly where?: Sql | ((excluded: never) => Sql);
}

const OPTIONS: readonly (keyof GivenUpsertOptions)[] = ["conflict", "update", "where", ...RUN_OPTIONS];

/** What an upsert does, checked. */
interface Upsert {
  readonly target: readonly AnyColumn[];
  /** Writes what stands behind `on conflict`. */
  readonly writeTarget: (text: WriteText) => void;
  readonly update: "nothing" | readonly AnyColumn[] | GivenValues | undefined;
  readonly where: Sql | undefined;
}

/**
 * Inserts or updates rows.
 *
 * @param table What into.
 * @param rows The rows.
 * @param options What a conflict is and what happens then.
 * @param executor What to run on.
 * @returns The rows in the order given; without those of which nothing was done.
 */
export async function upsertRows(
  table: Table,
  rows: readonly GivenValues[],
  { options, executor, many = false }: {
    readonly options: GivenUpsertOptions;
    readonly executor: Executor;
    /** Whether the caller gave a list. */
    readonly many?: boolean;
  },
): Promise<unknown[]> {
  assertWritable(table);
  assertRows(table, rows);
  const upsert = checkUpsert(table, options);
  if (rows.length === 0) return [];
  const call = { executor, many, signal: options.signal };
  const records = await before(table, "upsert", rows.map((values) => ({ values })), call);
  const groups = groupRows(table, records, (row) => checkInsert(table, row));
  const columns = wholeRow(table);
  const statements = insertStatements(table, groups, {
    mayOmit: upsert.update === "nothing" || upsert.where !== undefined,
    // A default in the place of what one row does not give would be excluded's, and overwrite what is there.
    mayMerge: upsert.update === "nothing",
    writeEnd: (text, given) => {
      writeConflict(text, table, { upsert, given });
      text.write(` returning ${columns.list}`);
    },
  });
  const hooked = needsRows(table, "upsert");
  const work = async (target: Executor) => {
    const written = await runBulk(statements, {
      executor: target,
      columns,
      options: runOptions(options),
    }) as unknown[];
    await tellCache(table, target, written.filter((row) => row !== undefined));
    if (hooked) await after(table, "upsert", written, { ...call, executor: target });
    return written;
  };
  const single = statements.length === 1 && !(hooked && many);
  return single ? await work(executor) : await atomically(executor, work);
}

function checkUpsert(table: Table, options: GivenUpsertOptions): Upsert {
  const subject = `an upsert of model "${table.name}"`;
  checkOptions(options, OPTIONS, subject);
  const { conflict = table.key.map(({ property }) => property), update, where } = options;
  const excluded = Object.fromEntries(
    [...table.columns].map(([property, column]) => [property, column.of("excluded")]),
  ) as never;
  const condition = typeof where === "function" ? where(excluded) : where;
  if (condition !== undefined) assertSql(condition, `the where of ${subject}`);
  return {
    ...checkTarget(table, subject, conflict),
    update: checkWhatToUpdate(table, subject, typeof update === "function" ? update(excluded) : update),
    where: condition,
  };
}

function checkTarget(
  table: Table,
  subject: string,
  conflict: ConflictTarget,
): Pick<Upsert, "target" | "writeTarget"> {
  if (typeof conflict !== "object" || conflict === null) {
    throw new ValidationError(
      `the conflict of ${subject}`,
      `${kindOf(conflict)} was given; name the columns of a unique index: { conflict: ["email"] }`,
    );
  }
  if ("constraint" in conflict) {
    const constraint = quoteIdentifier(conflict.constraint);
    return { target: [], writeTarget: (text) => text.write(` on constraint ${constraint}`) };
  }
  const { columns, where } = Array.isArray(conflict)
    ? { columns: conflict as readonly string[], where: undefined }
    : conflict as { readonly columns: readonly string[]; readonly where?: Sql };
  if (!Array.isArray(columns) || columns.length === 0) {
    throw new ValidationError(
      `the conflict of ${subject}`,
      'it names no columns; give those of a unique index: { conflict: ["email"] }',
    );
  }
  if (where !== undefined) assertSql(where, `the where of the conflict of ${subject}`);
  const target = columns.map((property) => columnOf(table, property));
  return {
    target,
    writeTarget: (text) => {
      text.write(` (${target.map(nameOf).join(", ")})`);
      if (where !== undefined) text.write(" where ").part(where);
    },
  };
}

function checkWhatToUpdate(table: Table, subject: string, update: unknown): Upsert["update"] {
  if (update === undefined || update === "nothing") return update;
  if (Array.isArray(update)) {
    if (update.length === 0) {
      throw new ValidationError(
        `the update of ${subject}`,
        'it names no columns; name some, or use "nothing"',
      );
    }
    return update.map((property) => columnOf(table, property));
  }
  if (typeof update !== "object" || update === null) {
    throw new ValidationError(
      `the update of ${subject}`,
      `${kindOf(update)} was given; give columns, values by column, or "nothing"`,
    );
  }
  checkUpdate(table, update as GivenValues);
  return update as GivenValues;
}

function columnOf(table: Table, property: string): AnyColumn {
  const column = table.columns.get(property);
  if (column === undefined) throw unknownColumn(table, property);
  return column;
}

function writeConflict(
  text: WriteText,
  table: Table,
  { upsert, given }: { readonly upsert: Upsert; readonly given: readonly AnyColumn[] },
): void {
  const { target, update, where } = upsert;
  text.write(" on conflict");
  upsert.writeTarget(text);
  if (update === "nothing") {
    text.write(" do nothing");
    return;
  }
  text.write(" do update set ");
  if (update === undefined || Array.isArray(update)) {
    const columns: readonly AnyColumn[] = update as readonly AnyColumn[] | undefined ??
      given.filter((column) =>
        !target.includes(column) && column.settings.primaryKey !== true && column !== table.createdAt
      );
    // To write a column of the target changes nothing, but has the row returned.
    const written = columns.length === 0 ? (target.length > 0 ? target : given).slice(0, 1) : columns;
    const assignments = written.map((column) => `${nameOf(column)} = excluded.${nameOf(column)}`);
    text.write([...assignments, ...touches(table, written)].join(", "));
  } else {
    const values = update as GivenValues;
    const columns = Object.keys(values).map((property) => columnOf(table, property));
    writeAssignments(text, table, { given: columns, values });
  }
  if (where !== undefined) text.write(" where ").part(where);
}
