/**
 * The calls that end a query: what runs it, and what its rows become.
 *
 * @module
 */
import type { AverageOf, SummandOperand } from "../building/functions/aggregates.ts";
import type { TypedSql, ValueOf } from "../building/functions/invocation.ts";
import type { QueryParameters } from "../building/parameter.ts";
import type { ExplainedPlan, ExplainJsonOptions, ExplainOptions } from "./explaining.ts";
import type { KeysetPage, KeysetRequest } from "./keyset.ts";
import type { Page, PageRequest } from "./pagination.ts";
import type { PreparedQuery } from "./prepared.ts";
import type { QueryStreamOptions } from "./streaming.ts";

/** What runs a query. `Args` is the executor, `Ordered` the properties it is ordered by. */
export interface QueryEnds<Row, Args extends readonly unknown[], Ordered extends string> {
  /** The properties the query is ordered by; no value at run time. */
  readonly "~orderedBy"?: Ordered;
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
  /**
   * The sum of an expression over the query's rows, of the expression's type; null of no rows.
   *
   * @param expression A column, or what is made of columns.
   */
  sum<A extends SummandOperand>(expression: A, ...executor: Args): Promise<ValueOf<A> | null>;
  /** The average of an expression over the query's rows; of bigints a decimal string; null of no rows. */
  avg<A extends SummandOperand>(expression: A, ...executor: Args): Promise<AverageOf<ValueOf<A>> | null>;
  /** The least value of an expression over the query's rows; null of no rows. */
  min<A extends TypedSql>(expression: A, ...executor: Args): Promise<ValueOf<A> | null>;
  /** The greatest value of an expression over the query's rows; null of no rows. */
  max<A extends TypedSql>(expression: A, ...executor: Args): Promise<ValueOf<A> | null>;
  /**
   * Runs the query and gives its rows one at a time, as they are asked for; more are fetched only then. Leaving the loop
   * ends the statement.
   *
   * @param options How many are fetched at a time.
   */
  stream(options: QueryStreamOptions, ...executor: Args): AsyncGenerator<Row, void, undefined>;
  /** Runs the query and gives its rows one at a time, as they are asked for. */
  stream(...executor: Args): AsyncGenerator<Row, void, undefined>;
  /**
   * How PostgreSQL runs the query, as data.
   *
   * @param options What is told. With `analyze` the query runs.
   * @throws {ValidationError} When it were to run a query that locks or may write outside of a transaction.
   */
  explain(options: ExplainJsonOptions, ...executor: Args): Promise<ExplainedPlan>;
  /** How PostgreSQL runs the query, as text. */
  explain(options: ExplainOptions, ...executor: Args): Promise<string>;
  /** How PostgreSQL runs the query, as text. */
  explain(...executor: Args): Promise<string>;
  /**
   * Finds a page by its number, and how many rows and pages there are. The primary key is added to the order, so that no
   * row is on two pages.
   *
   * @param request The page's number, from 1, and its size.
   */
  paginate(request: PageRequest, ...executor: Args): Promise<Page<Row>>;
  /**
   * Finds the rows after a place in the query's order, or before one. The primary key is added to the order.
   *
   * @param request How many rows, and the place: a cursor of another page, or the values ordered by.
   * @throws {ValidationError} When a cursor is malformed or of another order.
   */
  keyset(request: KeysetRequest<Row, Ordered>, ...executor: Args): Promise<KeysetPage<Row>>;
  /**
   * The query to be run many times with values for its parameters: see `param`.
   *
   * @param parameters What `parameters()` returned, where the query was made with it.
   */
  prepare<Values extends object = Readonly<Record<string, unknown>>>(
    parameters?: QueryParameters<Values>,
  ): PreparedQuery<Row, Args, Values>;
}
