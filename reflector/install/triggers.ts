/**
 * Installs what tells the reflector of changes, for the source `notify`: by a migration, at a program's start, or as
 * text for a migration in SQL. Everything may be run again, and must be when a key or a lookup column changes, or a
 * partition is attached; the reflector does not cover the table until then.
 *
 * @module
 */
import { isCovered, judge, refusal, usualLookups } from "../coverage/covered_table.ts";
import { type TableFacts, tableFacts } from "../coverage/table_facts.ts";
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { tableText } from "../../orm/cache/protocol/keys.ts";
import {
  installSql,
  removeSql,
  SETUP_COMMENT,
  setupSql,
  teardownSql,
  type TriggerTable,
} from "./trigger_sql.ts";

/** What becomes of tables whose rows change with a table's, by a foreign key's action, and that were not named. */
export const CASCADE_POLICIES = ["require", "include", "ignore"] as const;

/** What becomes of them: it is refused, they get triggers too, or they are not cached. */
export type CascadePolicy = typeof CASCADE_POLICIES[number];

/** A table to be given triggers. */
export interface TriggerTarget {
  /** Its name in SQL: `users`, `public.users`, `"Odd Name"`. */
  readonly name: string;
  /**
   * Lists of columns by whose values its rows are looked up. Default: those of each unique index without a condition
   * and of each foreign key.
   */
  readonly lookups?: readonly (readonly string[])[];
}

/** How triggers are installed. */
export interface TriggerOptions {
  /** The tables, by their names in SQL. */
  readonly tables: readonly (string | TriggerTarget)[];
  /** Default `"require"`. */
  readonly cascades?: CascadePolicy;
}

/** What runs a migration. */
export interface TriggerExecutor extends Executor {
  /** Present on a pool, so that all is done or nothing. */
  transaction?<Result>(body: (transaction: Executor) => Promise<Result>): Promise<Result>;
}

/**
 * The SQL that installs triggers, for a migration written by hand: it needs no database.
 *
 * @param options `tables`: each with the columns of its primary key, and those it is looked up by.
 * @returns Statements to be run in order, best in one transaction.
 *
 * @example
 * ```ts
 * import { reflectorTriggers } from "@lifeguard/core/reflector";
 * const script = reflectorTriggers({
 *   tables: [{ schema: "public", table: "users", key: ["id"], lookups: [["email"]] }],
 * }).join(";\n");
 * console.assert(script.includes("enable always trigger"));
 * ```
 */
export function reflectorTriggers(options: { readonly tables: readonly TriggerTable[] }): readonly string[] {
  return [...setupSql(), ...options.tables.flatMap(installSql)];
}

/**
 * Installs triggers on tables and their partitions. Asks the catalogs for keys and lookup columns.
 *
 * @param executor A pool, or the transaction of a migration, of the tables' owner.
 * @param options Which tables.
 * @returns The tables that have triggers now, by `schema.table`.
 * @throws {ValidationError} When a table does not exist or cannot be cached, or another one changes with it by a
 * foreign key's action and was not named.
 *
 * @example
 * ```ts
 * import { Pool, sql } from "@lifeguard/core";
 * import { installTriggers } from "@lifeguard/core/reflector";
 * await using pool = new Pool("pglite:");
 * await pool.execute(sql`create table users (id int primary key, name text)`);
 * console.assert((await installTriggers(pool, { tables: ["users"] }))[0] === "public.users");
 * ```
 */
export async function installTriggers(
  executor: TriggerExecutor,
  options: TriggerOptions,
): Promise<readonly string[]> {
  return await atOnce(executor, async (transaction) => {
    const tables = await chosen(transaction, options);
    if (!await isSetUp(transaction)) await run(transaction, setupSql());
    const installed: string[] = [];
    for (const { facts, lookups } of tables) {
      const { schema, table } = facts;
      await run(
        transaction,
        installSql({ schema, table, key: facts.key!, lookups: lookups ?? usualLookups(facts) }),
      );
      installed.push(tableText(schema, table));
    }
    return installed;
  });
}

/**
 * Takes triggers away.
 *
 * @param executor A pool, or the transaction of a migration, of the tables' owner.
 * @param options Which tables; left out: everything, with the schema `lifeguard_reflector`.
 */
export async function removeTriggers(
  executor: TriggerExecutor,
  options?: { readonly tables: readonly (string | TriggerTarget)[] },
): Promise<void> {
  await atOnce(executor, async (transaction) => {
    if (options === undefined) return void await run(transaction, [teardownSql()]);
    for (const { schema, table } of await find(transaction, options.tables.map(nameOf))) {
      await run(transaction, [removeSql({ schema, table })]);
    }
  });
}

async function atOnce<Result>(
  executor: TriggerExecutor,
  body: (transaction: Executor) => Promise<Result>,
): Promise<Result> {
  return executor.transaction === undefined ? await body(executor) : await executor.transaction(body);
}

interface Chosen {
  readonly facts: TableFacts;
  readonly lookups: readonly (readonly string[])[] | undefined;
}

/** The tables asked for, and those that change with them. */
async function chosen(executor: Executor, options: TriggerOptions): Promise<readonly Chosen[]> {
  const { tables, cascades = "require" } = options;
  if (!Array.isArray(tables) || tables.length === 0) {
    throw new ValidationError("the tables of the triggers", "there are none; name at least one table");
  }
  if (!CASCADE_POLICIES.includes(cascades)) {
    throw new ValidationError('option "cascades"', `it is none of ${CASCADE_POLICIES.join(", ")}; give one`);
  }
  const found = await find(executor, tables.map(nameOf));
  const result = new Map<string, Chosen>();
  found.forEach((facts, index) => {
    const target = tables[index];
    const lookups = typeof target === "string" ? undefined : target.lookups;
    assertCacheable(facts, lookups);
    result.set(tableText(facts.schema, facts.table), { facts, lookups });
  });
  for (const { facts } of result.values()) {
    if (cascades === "ignore") break;
    const missing = facts.cascades.filter((parts) => !result.has(tableText(...parts)));
    if (missing.length === 0) continue;
    if (cascades === "require") await assertTriggered(executor, facts, missing);
    else {
      for (const other of await find(executor, missing.map((parts) => sql.identifier(...parts).text))) {
        // What cannot be cached needs no triggers.
        if (refusal(other) === undefined) {
          result.set(tableText(other.schema, other.table), { facts: other, lookups: undefined });
        }
      }
    }
  }
  return [...result.values()];
}

function assertCacheable(facts: TableFacts, lookups: readonly (readonly string[])[] | undefined): void {
  const subject = `triggers on "${tableText(facts.schema, facts.table)}"`;
  const reason = refusal(facts);
  if (reason !== undefined) throw new ValidationError(subject, reason);
  const usable = new Set(usualLookups({ ...facts, lookups: lookups ?? [] }));
  const odd = lookups?.find((columns) => !usable.has(columns));
  if (odd !== undefined) {
    throw new ValidationError(
      subject,
      `the lookup columns ${
        JSON.stringify(odd)
      } do not exist, or are of types that cannot be in a key; leave them out`,
    );
  }
}

async function assertTriggered(
  executor: Executor,
  facts: TableFacts,
  cascades: TableFacts["cascades"],
): Promise<void> {
  const others = await find(executor, cascades.map((parts) => sql.identifier(...parts).text));
  const missing = others.filter((other) => refusal(other) === undefined && !isCovered(judge(other, "notify")))
    .map(({ schema, table }) => `"${tableText(schema, table)}"`);
  if (missing.length === 0) return;
  throw new ValidationError(
    `triggers on "${tableText(facts.schema, facts.table)}"`,
    `rows of ${missing.join(", ")} change with its rows by a foreign key's action; ` +
      'name these tables too, or say cascades: "include" to have them all, "ignore" when none of them is cached',
  );
}

function nameOf(target: string | TriggerTarget): string {
  return typeof target === "string" ? target : target.name;
}

/** What the catalogs say of tables, in the order of their names. */
async function find(executor: Executor, names: readonly string[]): Promise<readonly TableFacts[]> {
  const oids = await executor.query<{ oid: number | null }>(
    sql`select to_regclass(name)::oid as oid from unnest(${names}::text[]) with ordinality as wanted(name, position)
order by position`,
  );
  const absent = oids.findIndex(({ oid }) => oid === null);
  if (absent >= 0) {
    throw new ValidationError(
      `table "${names[absent]}"`,
      "it does not exist, or is in no schema of the search path; create it first, or give its schema",
    );
  }
  const facts = await Promise.all(oids.map(({ oid }) => tableFacts(executor, [oid!])));
  return facts.flat();
}

async function isSetUp(executor: Executor): Promise<boolean> {
  return await executor.value<boolean>(
    sql`select coalesce(obj_description(to_regprocedure('lifeguard_reflector.tell(text)'), 'pg_proc') = ${SETUP_COMMENT}, false)`,
  );
}

async function run(executor: Executor, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await executor.execute(sql.unsafe(statement));
}
