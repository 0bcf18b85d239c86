/**
 * Settings, context and access mode of a transaction that is a savepoint of another: PostgreSQL keeps what `SET LOCAL`
 * sets until the outermost transaction ends, so here it is set back.
 *
 * @module
 */
import type { Transaction } from "../pool/session_executor.ts";
import { Sql, sql } from "../pool/sql/sql.ts";
import type { SetupStatement } from "../pool/transaction/transaction_setup.ts";

/** A setting of the session, as text. */
interface Setting {
  readonly name: string;
  readonly value: string;
}

/** Every setting made in the session that PostgreSQL lists; neither a role nor those of an application are among these. */
const settingsOf = (names: readonly string[]): Sql<Setting> =>
  sql<Setting>`
    select name, current_setting(name, true) as value from pg_settings where source = 'session'
    union select name, coalesce(current_setting(name, true), '') from unnest(${names}::text[]) as name`;

/** What the source of a function says of the settings it makes. */
const SET_CONFIG = /set_config\s*\(\s*'([\w.]+)'|set\s+local\s+([\w.]+)/gi;

/** What a transaction begins with. */
export interface ScopeSetup {
  /** The statements that make settings and hand over the context. */
  readonly setup: readonly SetupStatement[];
  /** The names of the settings it makes. */
  readonly settings: readonly string[];
  /** The application's function that the context is handed to, if it is. */
  readonly contextFunction: string | undefined;
  /** Whether it may only read. */
  readonly readOnly: boolean;
}

/**
 * Runs a function in a savepoint with its settings, and takes these back.
 *
 * @param tx The savepoint.
 * @param scope What it begins with.
 * @param work The function.
 * @returns What the function returned.
 */
export async function withTransactionSetup<T>(
  tx: Transaction,
  { setup, settings, contextFunction, readOnly }: ScopeSetup,
  work: () => Promise<T>,
): Promise<T> {
  // PostgreSQL itself ends this with the savepoint.
  if (readOnly) await tx.execute(sql`set transaction read only`);
  if (setup.length === 0) return await work();
  const names = ["role", ...settings];
  if (contextFunction !== undefined) names.push(...await settingsMadeBy(tx, contextFunction));
  const before = await tx.query(settingsOf(names));
  for (const { text, values, explain } of setup) {
    try {
      await tx.execute(new Sql([text, ...values.map(() => "")], values, text));
    } catch (error) {
      throw explain(error);
    }
  }
  const result = await work();
  // Where a statement failed and its error was swallowed, the savepoint cannot be kept and says so when it ends.
  await restore(tx, before, names).catch(() => {});
  return result;
}

async function restore(tx: Transaction, before: readonly Setting[], names: readonly string[]): Promise<void> {
  const known = new Map(before.map(({ name, value }) => [name, value]));
  for (const { name, value } of await tx.query(settingsOf(names))) {
    // What was not set before is empty afterwards, as it is when a transaction ends.
    const old = known.get(name) ?? "";
    if (old !== value) await tx.execute(sql`select set_config(${name}, ${old}, true)`);
  }
}

/** The settings that a function makes, as far as its source names them. */
async function settingsMadeBy(tx: Transaction, contextFunction: string): Promise<string[]> {
  const name = contextFunction.split(".").map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
  const sources = await tx.query<{ source: string }>(
    sql`select prosrc as source from pg_proc where oid = to_regproc(${name})`,
  );
  return sources.flatMap(({ source }) =>
    [...source.matchAll(SET_CONFIG)].map(([, quoted, bare]) => quoted ?? bare)
  );
}
