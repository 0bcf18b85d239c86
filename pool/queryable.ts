/**
 * What everything that runs SQL has in common: the shapes in which rows are asked for, on top of running a statement.
 *
 * @module
 */
import { atCaller } from "./caller.ts";
import { countOf } from "./command_tag.ts";
import type { Executor, QueryOptions, UnknownRow, ValidatedQueryOptions } from "./executor.ts";
import { NotFoundError, TooManyRowsError } from "./pool_errors.ts";
import { assertSql, type Sql } from "./sql/sql.ts";
import { assertQueryOptions } from "./query_options.ts";
import { validateRows } from "./standard_schema.ts";
import { ValidationError } from "./wire/errors.ts";
import type { QueryResult } from "./wire/session/query_exchange.ts";

/** Options of one statement, with or without a validator. */
type AnyQueryOptions = QueryOptions & Partial<ValidatedQueryOptions<unknown>>;

/** The base of {@link Executor}s: `run` is all that differs. */
export abstract class Queryable implements Executor {
  /** Runs a checked statement. */
  protected abstract run(statement: Sql<unknown>, options: QueryOptions | undefined): Promise<QueryResult>;

  /**
   * Runs a statement and returns its rows.
   *
   * @param statement What to run.
   * @param options How; with `schema`, rows are validated and typed by it.
   * @returns The rows, in order.
   * @throws {PostgresError} When the server refuses the statement.
   * @throws {ValidationError} When a value does not fit, or a row does not satisfy the schema.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * const rows = await pool.query<{ n: number }>(sql`select n from generate_series(1, ${3}::int) as n`);
   * console.assert(rows.length === 3 && rows[2].n === 3);
   * ```
   */
  query<Row>(statement: Sql<unknown>, options: ValidatedQueryOptions<Row>): Promise<Row[]>;
  /** Runs a statement and returns its rows. */
  query<Row = UnknownRow>(statement: Sql<Row>, options?: QueryOptions): Promise<Row[]>;
  async query(statement: Sql<unknown>, options?: AnyQueryOptions): Promise<unknown[]> {
    try {
      const { rows } = await this.#run(statement, options);
      return options?.schema === undefined ? rows : await validateRows(options.schema, rows);
    } catch (error) {
      this.failed(error);
      throw atCaller(error);
    }
  }

  /**
   * Runs a statement that returns exactly one row.
   *
   * @param statement What to run.
   * @param options How; with `schema`, the row is validated and typed by it.
   * @returns The row.
   * @throws {NotFoundError} When there is none.
   * @throws {TooManyRowsError} When there are several.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * const { answer } = await pool.one<{ answer: number }>(sql`select 42 as answer`);
   * console.assert(answer === 42);
   * ```
   */
  one<Row>(statement: Sql<unknown>, options: ValidatedQueryOptions<Row>): Promise<Row>;
  /** Runs a statement that returns exactly one row. */
  one<Row = UnknownRow>(statement: Sql<Row>, options?: QueryOptions): Promise<Row>;
  async one(statement: Sql<unknown>, options?: AnyQueryOptions): Promise<unknown> {
    try {
      const row = requiredRow(statement, await this.#run(statement, options));
      return options?.schema === undefined ? row : (await validateRows(options.schema, [row]))[0];
    } catch (error) {
      this.failed(error);
      throw atCaller(error);
    }
  }

  /**
   * Runs a statement that returns at most one row.
   *
   * @param statement What to run.
   * @param options How; with `schema`, the row is validated and typed by it.
   * @returns The row, or undefined when there is none.
   * @throws {TooManyRowsError} When there are several.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * console.assert(await pool.maybeOne(sql`select 1 as n where false`) === undefined);
   * ```
   */
  maybeOne<Row>(statement: Sql<unknown>, options: ValidatedQueryOptions<Row>): Promise<Row | undefined>;
  /** Runs a statement that returns at most one row. */
  maybeOne<Row = UnknownRow>(statement: Sql<Row>, options?: QueryOptions): Promise<Row | undefined>;
  async maybeOne(statement: Sql<unknown>, options?: AnyQueryOptions): Promise<unknown> {
    try {
      const row = onlyRow(statement, await this.#run(statement, options));
      if (row === undefined || options?.schema === undefined) return row;
      return (await validateRows(options.schema, [row]))[0];
    } catch (error) {
      this.failed(error);
      throw atCaller(error);
    }
  }

  /**
   * Runs a statement that returns exactly one row of exactly one column.
   *
   * @param statement What to run.
   * @param options How.
   * @returns The value.
   * @throws {NotFoundError} When there is no row.
   * @throws {TooManyRowsError} When there are several rows.
   * @throws {ValidationError} When there is not exactly one column.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * console.assert(await pool.value<bigint>(sql`select count(*) from generate_series(1, 5)`) === 5n);
   * ```
   */
  async value<Value = unknown>(statement: Sql<unknown>, options?: QueryOptions): Promise<Value> {
    try {
      const only = requiredRow(statement, await this.#run(statement, options));
      const schema = (options as AnyQueryOptions | undefined)?.schema;
      const row = (schema === undefined ? only : (await validateRows(schema, [only]))[0]) as Record<
        string,
        Value
      >;
      const columns = Object.keys(row);
      if (columns.length !== 1) {
        throw new ValidationError(
          "the result as a value",
          `it has ${columns.length} columns; select exactly one`,
        );
      }
      return row[columns[0]];
    } catch (error) {
      this.failed(error);
      throw atCaller(error);
    }
  }

  /**
   * Runs a statement and returns how many rows it affected.
   *
   * @param statement What to run.
   * @param options How.
   * @returns The number of rows inserted, updated, deleted, selected …; 0 for a command without a count.
   *
   * @example
   * ```ts
   * import { Pool, sql } from "@lifeguard/core";
   * await using pool = new Pool("pglite:");
   * await pool.execute(sql`create table notes (id int, body text)`);
   * console.assert(await pool.execute(sql`insert into notes values (${1}, ${"hello"})`) === 1);
   * ```
   */
  async execute(statement: Sql<unknown>, options?: QueryOptions): Promise<number> {
    try {
      return countOf((await this.#run(statement, options)).tag) ?? 0;
    } catch (error) {
      this.failed(error);
      throw atCaller(error);
    }
  }

  /** Told of every error before its caller is. */
  protected failed(_error: unknown): void {}

  /** Checks what was given and runs it; throws at once when it is refused. */
  #run(statement: Sql<unknown>, options: QueryOptions | undefined): Promise<QueryResult> {
    assertSql(statement);
    if (options !== undefined) assertQueryOptions(options);
    return this.run(statement, options);
  }
}

/** The first of at most one row; undefined when there is none. */
function onlyRow(
  { text }: Sql<unknown>,
  { rows }: QueryResult,
): QueryResult["rows"][number] | undefined {
  if (rows.length > 1) throw new TooManyRowsError(text, rows.length);
  return rows[0];
}

/** The first of exactly one row. */
function requiredRow(statement: Sql<unknown>, result: QueryResult): QueryResult["rows"][number] {
  const row = onlyRow(statement, result);
  if (row === undefined) throw new NotFoundError(statement.text);
  return row;
}
