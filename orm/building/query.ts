/**
 * A query over one model: an immutable value. Each call returns a new one; nothing runs before `all()`, `one()` and
 * their like.
 *
 * A query is its shape, which knows its text, and its values by clause, in the order of the text's placeholders.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { assertSql, FRAGMENT, Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { NUMBER_STRINGS, type Question, type Shape } from "../compiling/shape.ts";
import { writeSelect } from "../compiling/select.ts";
import type { ColumnDefinitions, RowOf } from "../definition/row_types.ts";
import { unknownColumn } from "../definition/table.ts";
import { type Bound, chooseExecutor, READ } from "../executing/executor_argument.ts";
import { finishRow, finishRows } from "../executing/rows.ts";
import { traitsOf } from "./expression.ts";

/**
 * A query over one model. `Args` are what its last calls take: an executor, which may be left out where the model is
 * bound to one.
 */
export interface Query<Columns extends ColumnDefinitions, Row, Args extends readonly unknown[]> {
  /** The query as a fragment, so that it can stand in `sql` as a subquery. */
  readonly [FRAGMENT]: Sql;
  /**
   * Adds a condition; several are joined by `and`.
   *
   * @param condition A condition on columns, a fragment of `sql`, or an object of values that columns are equal to
   * (where a value is null, the column is null).
   * @throws {ValidationError} When a value is undefined or of the wrong kind, or there is no such column.
   */
  where<Property extends keyof Columns = never>(
    condition: Sql | Pick<RowOf<Columns>, Property>,
  ): Query<Columns, Row, Args>;
  /**
   * Adds orders: columns, `asc()` and `desc()` of them, or fragments of `sql`.
   *
   * @param orders The orders, the most important first.
   */
  orderBy(...orders: readonly Sql[]): Query<Columns, Row, Args>;
  /**
   * Bounds the number of rows; a second call takes the place of the first.
   *
   * @param count How many rows at most.
   */
  limit(count: number): Query<Columns, Row, Args>;
  /**
   * Leaves out the first rows; a second call takes the place of the first.
   *
   * @param count How many rows to leave out.
   */
  offset(count: number): Query<Columns, Row, Args>;
  /** Runs the query and returns its rows. */
  all(...executor: Args): Promise<Row[]>;
  /** Runs the query and returns its only row; otherwise rejects with `NotFoundError` or `TooManyRowsError`. */
  one(...executor: Args): Promise<Row>;
  /** Runs the query and returns its only row or `undefined`; rejects with `TooManyRowsError` when there are more. */
  maybeOne(...executor: Args): Promise<Row | undefined>;
  /** Runs the query and returns its first row, or `undefined`. */
  first(...executor: Args): Promise<Row | undefined>;
  /** Counts the rows the query would return. */
  count(...executor: Args): Promise<number>;
  /** Whether the query would return any row. */
  exists(...executor: Args): Promise<boolean>;
  /** The statement that `all()` runs. */
  toSQL(): Sql<Row>;
}

/** A query's values, by clause. */
interface Values {
  readonly where: readonly unknown[];
  readonly orderBy: readonly unknown[];
  readonly limit: number | undefined;
  readonly offset: number | undefined;
}

const NO_VALUES: Values = { where: [], orderBy: [], limit: undefined, offset: undefined };
const NUMBER_TRAITS = { stable: true, pure: true };

/**
 * Makes a query.
 *
 * @param shape Its shape, still without values.
 * @param executor What it runs on unless it is told otherwise.
 */
export function selectQuery<Columns extends ColumnDefinitions, Row>(
  shape: Shape,
  executor: Executor | undefined,
): Query<Columns, Row, Bound> {
  return new SelectQuery(shape, executor, NO_VALUES);
}

class SelectQuery<Columns extends ColumnDefinitions, Row> implements Query<Columns, Row, Bound> {
  readonly #shape: Shape;
  readonly #values: Values;
  readonly #executor: Executor | undefined;

  constructor(shape: Shape, executor: Executor | undefined, values: Values) {
    this.#shape = shape;
    this.#values = values;
    this.#executor = executor;
  }

  get [FRAGMENT](): Sql {
    return this.toSQL();
  }

  where(condition: Sql | Readonly<Record<string, unknown>>): SelectQuery<Columns, Row> {
    if (!(condition instanceof Sql) && isPlainObject(condition)) return this.#whereEqual(condition);
    assertSql(condition, `the condition of model "${this.#shape.table.name}"`);
    return this.#add("where", condition);
  }

  orderBy(...orders: readonly Sql[]): SelectQuery<Columns, Row> {
    // deno-lint-ignore no-this-alias -- each order makes a new query
    let query: SelectQuery<Columns, Row> = this;
    for (const order of orders) {
      assertSql(order, `an order of model "${this.#shape.table.name}"`);
      query = query.#add("orderBy", order);
    }
    return query;
  }

  limit(count: number): SelectQuery<Columns, Row> {
    return this.#bound("limit", count);
  }

  offset(count: number): SelectQuery<Columns, Row> {
    return this.#bound("offset", count);
  }

  async all(executor?: Executor): Promise<Row[]> {
    const rows = await this.#on(executor).query<Row>(this.toSQL(), this.#options());
    return finishRows(this.#shape.table, rows);
  }

  async one(executor?: Executor): Promise<Row> {
    const row = await this.#on(executor).one<Row>(this.#statement<Row>("two"), this.#options());
    return finishRow(this.#shape.table, row);
  }

  async maybeOne(executor?: Executor): Promise<Row | undefined> {
    const row = await this.#on(executor).maybeOne<Row>(this.#statement<Row>("two"), this.#options());
    return row === undefined ? undefined : finishRow(this.#shape.table, row);
  }

  async first(executor?: Executor): Promise<Row | undefined> {
    const rows = await this.#on(executor).query<Row>(this.#statement<Row>("first"), this.#options());
    return rows.length === 0 ? undefined : finishRow(this.#shape.table, rows[0]);
  }

  async count(executor?: Executor): Promise<number> {
    return await this.#on(executor).value<number>(this.#statement("count"), this.#options());
  }

  async exists(executor?: Executor): Promise<boolean> {
    return await this.#on(executor).value<boolean>(this.#statement("exists"), this.#options());
  }

  toSQL(): Sql<Row> {
    return this.#statement("all");
  }

  #on(given: Executor | undefined): Executor {
    return chooseExecutor(this.#shape.table.name, given, this.#executor);
  }

  /** A fragment of the caller's own may call a function that writes, so only what the ORM made is sent as a read. */
  #options(): typeof READ | undefined {
    return this.#shape.pure ? READ : undefined;
  }

  #statement<Type>(question: Question): Sql<Type> {
    const { strings, text } = this.#shape.text(question, writeSelect);
    const { where, orderBy, limit, offset } = this.#values;
    const ordered = orderBy.length > 0 && question !== "count" && question !== "exists";
    if (!ordered && limit === undefined && offset === undefined) return new Sql(strings, where, text);
    const values = ordered ? [...where, ...orderBy] : [...where];
    if (limit !== undefined) values.push(limit);
    if (offset !== undefined) values.push(offset);
    return new Sql(strings, values, text);
  }

  #add(clause: "where" | "orderBy", fragment: Sql): SelectQuery<Columns, Row> {
    const shape = this.#shape.with(clause, fragment.strings, traitsOf(fragment));
    const { where, orderBy, limit, offset } = this.#values;
    const values = clause === "where"
      ? { where: append(where, fragment.values), orderBy, limit, offset }
      : { where, orderBy: append(orderBy, fragment.values), limit, offset };
    return new SelectQuery(shape, this.#executor, values);
  }

  #whereEqual(filter: Readonly<Record<string, unknown>>): SelectQuery<Columns, Row> {
    // deno-lint-ignore no-this-alias -- each condition makes a new query
    let query: SelectQuery<Columns, Row> = this;
    const { table } = this.#shape;
    for (const property of Object.keys(filter)) {
      const column = table.columns.get(property);
      if (column === undefined) throw unknownColumn(table, property);
      const value = filter[property];
      query = query.#add("where", value === null ? column.isNull() : column.eq(value));
    }
    return query;
  }

  #bound(clause: "limit" | "offset", count: number): SelectQuery<Columns, Row> {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new ValidationError(
        `the ${clause} of model "${this.#shape.table.name}"`,
        "it is not a whole number from 0; give one",
      );
    }
    const shape = this.#values[clause] === undefined
      ? this.#shape.with(clause, NUMBER_STRINGS, NUMBER_TRAITS)
      : this.#shape;
    return new SelectQuery(shape, this.#executor, { ...this.#values, [clause]: count });
  }
}

/** All of `first` and then of `second`; the arrays themselves never change, so one may be returned. */
function append(first: readonly unknown[], second: readonly unknown[]): readonly unknown[] {
  if (first.length === 0) return second;
  return second.length === 0 ? first : [...first, ...second];
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
