/**
 * The calls that end a query: what runs it, and what its rows become.
 *
 * @module
 */

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
}
