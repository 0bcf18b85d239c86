/**
 * Finding rows by primary key. Calls made in one tick on one pool, by readers who prefer the same, travel as one
 * statement, `key = any($1)`.
 *
 * A batch is in one of three states: gathering, until the microtasks that were queued before it have run; sent; settled.
 * Invariants:
 * - A caller is in one batch, and settles with it: with its row, `undefined`, or an error of its own.
 * - Only keys are gathered whose rows are found again by comparing values as JavaScript does (numbers, bigints, UUIDs,
 *   texts of deterministic collations); others, and keys on anything but a pool, travel alone. In a transaction the order of
 *   statements is the caller's.
 * - When PostgreSQL refuses a batch, each key is asked for alone, so that nobody is told of another's error.
 * - Callers of the same key share the row, which is frozen.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { atCaller } from "../../pool/caller.ts";
import { readingOf } from "../../pool/replicas/read_preference.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { PostgresError } from "../../pool/wire/postgres_error.ts";
import { traitsOf } from "../building/traits.ts";
import { writeSelectByKey } from "../compiling/select_by_key.ts";
import type { StatementText } from "../compiling/statement_text.ts";
import type { Table } from "../definition/table.ts";
import { readRows } from "../hydrating/row_reader.ts";
import { namingColumn } from "./column_error.ts";
import { READ } from "./executor_argument.ts";
import { comparisonOf } from "./key_comparison.ts";

/** How many keys travel in one statement at most. */
const MAX_KEYS = 1_000;

/** A caller of a batch. */
interface Caller {
  readonly key: unknown;
  readonly resolve: (row: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Finds rows of one table by primary key. */
export class KeyFinder {
  readonly #table: Table;
  readonly #conditionValues: readonly unknown[];
  readonly #pure: boolean;
  readonly #comparable: ((key: unknown) => unknown) | undefined;
  readonly #gathering = new Map<object, Caller[]>();
  #one: StatementText | undefined;
  #many: StatementText | undefined;

  /** Creates a finder; there is one for each table. */
  constructor(table: Table) {
    const conditions = [table.present, table.scope].filter((condition) => condition !== undefined);
    this.#table = table;
    this.#conditionValues = conditions.flatMap(({ values }) => [...values]);
    this.#pure = table.selectionPure !== false && conditions.every((condition) => traitsOf(condition).pure);
    this.#comparable = table.key.length === 1 ? comparisonOf(table.key[0]) : undefined;
  }

  /**
   * Finds a row.
   *
   * @param keys The values of the key's columns, checked.
   * @param executor What to run on.
   * @returns The row, or `undefined`.
   */
  async find(keys: readonly unknown[], executor: Executor): Promise<unknown> {
    const company = readingOf(executor)?.company();
    if (company !== undefined && this.#comparable?.(keys[0]) !== undefined) {
      try {
        return await new Promise((resolve, reject) =>
          this.#gather(executor, company, { key: keys[0], resolve, reject })
        );
      } catch (error) {
        // The statement was sent by nobody in particular.
        throw atCaller(error);
      }
    }
    return await this.#alone(keys, executor);
  }

  async #alone(keys: readonly unknown[], executor: Executor): Promise<unknown> {
    const { strings, text } = this.#one ??= writeSelectByKey(this.#table, false);
    try {
      return (await this.#rows(new Sql(strings, [...keys, ...this.#conditionValues], text), executor))[0];
    } catch (error) {
      throw namingColumn(error, this.#table.key);
    }
  }

  #gather(pool: Executor, company: object, caller: Caller): void {
    const callers = this.#gathering.get(company);
    if (callers !== undefined && callers.length < MAX_KEYS) {
      callers.push(caller);
      return;
    }
    const batch = [caller];
    this.#gathering.set(company, batch);
    queueMicrotask(() => {
      if (this.#gathering.get(company) === batch) this.#gathering.delete(company);
      this.#settle(pool, batch);
    });
  }

  async #settle(pool: Executor, callers: readonly Caller[]): Promise<void> {
    if (callers.length === 1) return this.#settleAlone(pool, callers[0]);
    const { strings, text } = this.#many ??= writeSelectByKey(this.#table, true);
    const keys = [...new Set(callers.map(({ key }) => key))];
    try {
      const rows = await this.#rows(new Sql(strings, [keys, ...this.#conditionValues], text), pool);
      const { property } = this.#table.key[0];
      const found = new Map<unknown, unknown>();
      for (const row of rows) found.set((row as Record<string, unknown>)[property], row);
      let claimed = 0;
      const missing: Caller[] = [];
      const seen = new Set<unknown>();
      for (const caller of callers) {
        const key = this.#comparable!(caller.key);
        const row = found.get(key);
        if (row === undefined) missing.push(caller);
        else {
          if (!seen.has(key)) claimed++;
          seen.add(key);
          caller.resolve(row);
        }
      }
      // A row that nobody asked for is one whose key PostgreSQL compares otherwise, whatever the model says.
      if (claimed === found.size) { for (const { resolve } of missing) resolve(undefined); }
      else for (const caller of missing) this.#settleAlone(pool, caller);
    } catch (error) {
      if (error instanceof PostgresError) { for (const caller of callers) this.#settleAlone(pool, caller); }
      else for (const { reject } of callers) reject(namingColumn(error, this.#table.key));
    }
  }

  #settleAlone(pool: Executor, { key, resolve, reject }: Caller): void {
    this.#alone([key], pool).then(resolve, reject);
  }

  async #rows(statement: Sql, executor: Executor): Promise<unknown[]> {
    return readRows(this.#table, await executor.query(statement, this.#pure ? READ : undefined));
  }
}
