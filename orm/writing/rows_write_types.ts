/**
 * What updates and deletes of the rows that conditions find are to the compiler.
 *
 * @module
 */
import type { FRAGMENT, Sql } from "../../pool/sql/sql.ts";
import type { Advice, SayWhich, WriteSql } from "../building/advice.ts";
import type { OnlyRow } from "../building/query.ts";
import type { Joinable } from "../building/source.ts";
import type { ColumnDefinitions, Shown, ValuesOf } from "../definition/row_types.ts";

/** A write that returns rows, as the query of a common table expression: `cte("moved", write.returningColumns())`. */
export interface ReturningWrite<Row> {
  /** The rows; no value at run time. */
  readonly "~row"?: Row;
  /** The statement as a fragment. */
  readonly [FRAGMENT]: Sql;
  /** The statement. */
  toSQL(): Sql<Row>;
}

/** An update or a delete that does not yet say of which rows, and cannot run. Immutable: each call makes a new one. */
export interface UnboundedWrite<Columns extends ColumnDefinitions, Row, Args extends readonly unknown[]> {
  /** Only what says of which rows can run. */
  readonly run: Advice<SayWhich>;
  /** Only what says of which rows can run. */
  readonly returning: Advice<SayWhich>;
  /**
   * Says which rows; several conditions are joined by `and`.
   *
   * @param condition A condition on columns, a fragment of `sql`, or an object of values that columns are equal to.
   * @throws {ValidationError} When a value is undefined or of the wrong kind, or there is no such column.
   */
  where<Property extends keyof Columns = never>(
    condition: Sql | Advice<WriteSql> | Pick<ValuesOf<Columns>, Property>,
  ): RowsWrite<Columns, Row, Args>;
  /** Says that every row is meant: of those the model's queries find. */
  all(): RowsWrite<Columns, Row, Args>;
  /**
   * Joins another table, a named query or a common table expression, whose columns conditions and values may use:
   * `update … from`, `delete … using`.
   *
   * @param source What to join; the condition of the join is one of `where()`.
   */
  from(source: Joinable): UnboundedWrite<Columns, Row, Args>;
  /** Adds a common table expression that is not joined, but used by a fragment or a subquery. */
  withCte(cte: Joinable): UnboundedWrite<Columns, Row, Args>;
  /** Finds soft-deleted rows too. */
  withTrashed(): UnboundedWrite<Columns, Row, Args>;
  /** Finds soft-deleted rows only. */
  onlyTrashed(): UnboundedWrite<Columns, Row, Args>;
  /** Leaves out the model's default scope. */
  unscoped(): UnboundedWrite<Columns, Row, Args>;
}

/** An update or a delete that says of which rows. */
export interface RowsWrite<Columns extends ColumnDefinitions, Row, Args extends readonly unknown[]> {
  /** Runs it and returns how many rows there were. */
  run(...executor: Args): Promise<number>;
  /** Runs it and returns the rows: as they are now, or of a delete, as they were. */
  returning(...executor: Args): Promise<Row[]>;
  /** Returns some columns of the rows only. */
  only<Property extends keyof Row & keyof Columns & string>(
    ...properties: readonly Property[]
  ): RowsWrite<Columns, Shown<OnlyRow<Row, Columns, Property>>, Args>;
  /** The write with its rows, for a common table expression. */
  returningColumns(): ReturningWrite<Row>;
  /** The statement that `run()` runs. */
  toSQL(): Sql;
  /** See {@link UnboundedWrite.where}. */
  where<Property extends keyof Columns = never>(
    condition: Sql | Advice<WriteSql> | Pick<ValuesOf<Columns>, Property>,
  ): RowsWrite<Columns, Row, Args>;
  /** See {@link UnboundedWrite.from}. */
  from(source: Joinable): RowsWrite<Columns, Row, Args>;
  /** See {@link UnboundedWrite.withCte}. */
  withCte(cte: Joinable): RowsWrite<Columns, Row, Args>;
  /** See {@link UnboundedWrite.withTrashed}. */
  withTrashed(): RowsWrite<Columns, Row, Args>;
  /** See {@link UnboundedWrite.onlyTrashed}. */
  onlyTrashed(): RowsWrite<Columns, Row, Args>;
  /** See {@link UnboundedWrite.unscoped}. */
  unscoped(): RowsWrite<Columns, Row, Args>;
  /**
   * Finds rows only that have this version, so that nobody's change in between is overwritten.
   *
   * @param version What the row's version was when it was read.
   */
  expectVersion(version: number | bigint | string): RowsWrite<Columns, Row, Args>;
  /** Writes tags into a comment in front of the statement; see `Query.tag`. */
  tag(tags: Readonly<Record<string, string>>): RowsWrite<Columns, Row, Args>;
  /** Gives the statement so many milliseconds. */
  timeout(milliseconds: number): RowsWrite<Columns, Row, Args>;
  /** Gives the statement up when the signal is aborted. */
  signal(signal: AbortSignal): RowsWrite<Columns, Row, Args>;
}
