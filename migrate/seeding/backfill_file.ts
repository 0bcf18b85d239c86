/**
 * Files of backfills: `010_fold_emails.sql` or `.ts`.
 *
 * An SQL file says `-- table: public.users` (and, where it likes, `-- batch: 500`, `-- rate: 2000`) and has one statement
 * with `:batch` in its `where`. A TypeScript file exports `table`, a function `run(db, { where, size, sql })`, and where it
 * likes `batch` and `rate`.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import type { Transaction } from "../../pool/session_executor.ts";
import { type Sql, sql, type SqlTag } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { BackfillOptions, Batch } from "./backfill.ts";
import { type NumberedFile, numberedFiles, statementsOf } from "./numbered_files.ts";

/** What the function of a backfill's file is given beside the transaction. */
export interface FileBatch extends Batch {
  /** Makes statements. */
  readonly sql: SqlTag;
}

/** What a file says of its backfill. */
export type BackfillFile = Pick<BackfillOptions, "name" | "table" | "run" | "batch" | "rate">;

const WHAT = { purpose: "backfills", example: "010_fold_emails.sql or 010_fold_emails.ts" };

/** Reads the backfills of a folder, in the order of their numbers. */
export async function backfillFiles(dir: string | URL): Promise<readonly BackfillFile[]> {
  return await Promise.all((await numberedFiles(dir, WHAT)).map(readBackfill));
}

async function readBackfill(file: NumberedFile): Promise<BackfillFile> {
  return file.kind === "sql" ? sqlBackfill(file) : await moduleBackfill(file);
}

/** The place of the batch's condition: no cast (`::batch`), no part of a longer word. */
const PLACE = /(?<![:\w]):batch\b/;

function sqlBackfill(file: NumberedFile): BackfillFile {
  const { name, text } = file;
  const header = (word: string): string | undefined =>
    new RegExp(`^--\\s*${word}:\\s*(.+?)\\s*$`, "im").exec(text)?.[1];
  const statements = statementsOf(file);
  const table = header("table");
  if (table === undefined) {
    throw new ValidationError(`backfill "${name}"`, "it names no table; write a line -- table: public.users");
  }
  const [statement, ...more] = statements;
  const parts = statement?.text.split(PLACE) ?? [];
  if (more.length > 0 || parts.length !== 2) {
    throw new ValidationError(
      `backfill "${name}"`,
      "it is not one statement with :batch in it once; write for example update users set folded = lower(email) where :batch",
    );
  }
  const [before, behind] = parts.map((part) => sql.unsafe(part));
  const run = (db: Transaction, { where }: Batch): Promise<number> =>
    db.execute(sql`${before}${where}${behind}` as Sql);
  return { name, table, run, ...amounts(name, { batch: header("batch"), rate: header("rate") }) };
}

async function moduleBackfill({ name, path }: NumberedFile): Promise<BackfillFile> {
  const { table, run, batch, rate } = await import(pathToFileURL(path).href) as Readonly<
    Record<string, unknown>
  >;
  if (typeof table !== "string" || typeof run !== "function") {
    throw new ValidationError(
      `backfill "${name}"`,
      'it does not export a table and a function; write export const table = "users" and export async function run(db, { where, sql }) { … }',
    );
  }
  return {
    name,
    table,
    run: (db, batch) => run(db, { ...batch, sql } satisfies FileBatch),
    ...amounts(name, { batch, rate }),
  };
}

function amounts(
  name: string,
  given: { readonly batch: unknown; readonly rate: unknown },
): Pick<BackfillOptions, "batch" | "rate"> {
  const amount = (word: "batch" | "rate"): Record<string, number> => {
    if (given[word] === undefined) return {};
    const value = Number(given[word]);
    if (value > 0) return { [word]: value };
    throw new ValidationError(`backfill "${name}"`, `its ${word} is no number of rows; give one above 0`);
  };
  return { ...amount("batch"), ...amount("rate") };
}
