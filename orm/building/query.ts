/**
 * What a query is to the compiler: an immutable value. Each call returns a new one; nothing runs before `all()`, `one()`
 * and their like.
 *
 * @module
 */
import type { ReadPreference } from "../../pool/replicas/read_preference.ts";
import type { FRAGMENT, Sql } from "../../pool/sql/sql.ts";
import type { Anything, ColumnDefinitions, ValuesOf } from "../definition/row_types.ts";
import type { CachedQueryOptions } from "../executing/cached_result.ts";
import type { QueryEnds } from "../executing/query_ends.ts";
import type { Related, RelationOf } from "../relations/relation_types.ts";
import type { Advice, SelectByName, WriteSql } from "./advice.ts";
import type { Parameter } from "./parameter.ts";
import type { SelectedRow, Selection } from "./selection.ts";
import type { DerivedSource, Joinable } from "./source.ts";

/** How rows are locked by a query. */
export interface LockOptions {
  /** The tables whose rows are locked. Default: all of the query. */
  readonly of?: Joinable | readonly Joinable[];
  /** Fails with `LockNotAvailableError` at once when a row is locked by another. Default false. */
  readonly noWait?: boolean;
  /** Leaves rows out that are locked by another. Default false. */
  readonly skipLocked?: boolean;
}

/** A row every property of which may be null, since an outer join may leave it out. */
export type NullableRow<Row> = { readonly [Property in keyof Row]: Row[Property] | null } & Anything;

/** The row of some columns, among them also skipped ones; null where the row may be missing. */
export type OnlyRow<Row, Columns extends ColumnDefinitions, Property extends keyof Columns & keyof Row> =
  & { readonly [Name in Property]: Columns[Name]["~types"]["stored"] | (Row[Name] & null) }
  & Anything;

/** The row without some columns, in the same order. */
export type OmittedRow<Row, Property> =
  & { readonly [Name in keyof Row as Exclude<Name, Property>]: Row[Name] }
  & Anything;

/** The names of a row's properties. */
export type PropertyOf<Row> = keyof Row & string;

/**
 * A query. `Columns` are those of the model it is of, `Row` is what it returns, `Args` what its last calls take: an
 * executor, which may be left out where the model is bound to one. `From` are the names of its tables, `Nullable` of
 * those an outer join may leave without a row, and `Ordered` the properties it is ordered by.
 */
export interface Query<
  Columns extends ColumnDefinitions,
  Row,
  Args extends readonly unknown[],
  From extends string = string,
  Nullable extends string = never,
  Ordered extends string = never,
> extends QueryEnds<Row, Args, Ordered> {
  /** The query's rows; no value at run time. */
  readonly "~row"?: Row;
  /** The query as a fragment, so that it can stand in `sql` as a subquery. */
  readonly [FRAGMENT]: Sql;
  /**
   * Adds a condition; several are joined by `and`.
   *
   * @param condition A condition on columns, or a fragment of `sql`.
   */
  where(condition: Sql | Advice<WriteSql>): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /**
   * Adds a condition; several are joined by `and`.
   *
   * @param values What columns are equal to; where a value is null, the column is null.
   * @throws {ValidationError} When a value is undefined or of the wrong kind, or there is no such column.
   */
  where<Property extends keyof Columns>(
    values: Pick<ValuesOf<Columns>, Property>,
  ): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /**
   * Adds orders: columns, `asc()` and `desc()` of them, or fragments of `sql`.
   *
   * @param orders The orders, the most important first.
   */
  orderBy<Property extends string = never>(
    ...orders: readonly (OrderedBy<Property> | Sql | Advice<WriteSql>)[]
  ): Query<Columns, Row, Args, From, Nullable, Ordered | Property>;
  /**
   * Bounds the number of rows; a second call takes the place of the first.
   *
   * @param count How many rows at most.
   */
  limit(count: number | Parameter<number>): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /**
   * Leaves out the first rows; a second call takes the place of the first.
   *
   * @param count How many rows to leave out.
   */
  offset(count: number | Parameter<number>): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /**
   * Selects what is named instead of the model's columns: columns, expressions, models (as nested objects), queries of
   * one value, fragments of `sql`, or objects of them. A second call takes the place of the first.
   *
   * @param selection What to select by name.
   */
  select<Selected extends Selection>(
    selection: Selected | Advice<SelectByName>,
  ): Query<Columns, SelectedRow<Selected, Nullable>, Args, From, Nullable, Ordered>;
  /**
   * Selects some of the model's columns; conditions, orders and limits stay.
   *
   * @param properties The columns' properties.
   */
  only<Property extends PropertyOf<Row> & keyof Columns>(
    ...properties: readonly Property[]
  ): Query<Columns, OnlyRow<Row, Columns, Property>, Args, From, Nullable, Ordered>;
  /**
   * Selects the model's columns but some.
   *
   * @param properties The properties of the columns to leave out.
   */
  omit<Property extends PropertyOf<Row> & keyof Columns>(
    ...properties: readonly Property[]
  ): Query<Columns, OmittedRow<Row, Property>, Args, From, Nullable, Ordered>;
  /**
   * Joins what has a matching row: `inner join`.
   *
   * @param source A model, an alias, a named query, a common table expression.
   * @param on The condition.
   */
  join<Name extends string>(
    source: Joinable<Name>,
    on: Sql,
  ): Query<Columns, Row, Args, From | Name, Nullable, Ordered>;
  /** Joins what has a matching row, or nulls: `left join`. */
  leftJoin<Name extends string>(
    source: Joinable<Name>,
    on: Sql,
  ): Query<Columns, Row, Args, From | Name, Nullable | Name, Ordered>;
  /** Joins every row of the source, with nulls for what has no match: `right join`. */
  rightJoin<Name extends string>(
    source: Joinable<Name>,
    on: Sql,
  ): Query<Columns, NullableRow<Row>, Args, From | Name, Nullable | From, Ordered>;
  /** Joins every row of either side, with nulls for what has no match: `full join`. */
  fullJoin<Name extends string>(
    source: Joinable<Name>,
    on: Sql,
  ): Query<Columns, NullableRow<Row>, Args, From | Name, Nullable | From | Name, Ordered>;
  /** Joins every row with every row: `cross join`. */
  crossJoin<Name extends string>(
    source: Joinable<Name>,
  ): Query<Columns, Row, Args, From | Name, Nullable, Ordered>;
  /** Joins a query that may use the columns of the tables before it: `join lateral`. */
  joinLateral<Name extends string>(
    source: Joinable<Name>,
    on?: Sql,
  ): Query<Columns, Row, Args, From | Name, Nullable, Ordered>;
  /** Joins a query that may use the columns of the tables before it, or nulls: `left join lateral`. */
  leftJoinLateral<Name extends string>(
    source: Joinable<Name>,
    on?: Sql,
  ): Query<Columns, Row, Args, From | Name, Nullable | Name, Ordered>;
  /** Groups rows by expressions; see also `groupingSets`, `rollup` and `cube`. */
  groupBy(
    ...expressions: readonly (Sql | Advice<WriteSql>)[]
  ): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Adds a condition on groups; several are joined by `and`. */
  having(condition: Sql | Advice<WriteSql>): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /**
   * Names a window for `over(name)`.
   *
   * @param name The window's name.
   * @param definition What is between its parentheses: see `windowOf`.
   */
  window(name: string, definition: Sql): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Leaves out rows equal to another: `select distinct`. */
  distinct(): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Keeps the first row of each group of rows with equal expressions: `select distinct on (…)`. */
  distinctOn(...expressions: readonly Sql[]): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Adds another query's rows, without duplicates. What orders and bounds comes after, by `output("name")`. */
  union(other: SameRows<Row>): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Adds another query's rows. */
  unionAll(other: SameRows<Row>): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Keeps rows the other query returns too, without duplicates. */
  intersect(other: SameRows<Row>): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Keeps rows the other query returns too. */
  intersectAll(other: SameRows<Row>): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Leaves out rows the other query returns, and duplicates. */
  except(other: SameRows<Row>): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Leaves out rows the other query returns. */
  exceptAll(other: SameRows<Row>): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Locks the rows against every other lock and change: `for update`. */
  forUpdate(options?: LockOptions): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Locks the rows against changes of their keys and deletes: `for no key update`. */
  forNoKeyUpdate(options?: LockOptions): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Locks the rows against changes: `for share`. */
  forShare(options?: LockOptions): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Locks the rows against changes of their keys: `for key share`. */
  forKeyShare(options?: LockOptions): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Adds a common table expression that the query does not join, but a fragment or a subquery uses. */
  withCte(cte: Joinable): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /**
   * Loads relations with the rows: each becomes a property. Call it after `select()` or `only()`.
   *
   * @param relations Relations of the model, which may be narrowed and have relations of their own.
   * @throws {ValidationError} When one is of another model, or two have the same name.
   */
  with<Relations extends readonly RelationOf<From>[]>(
    ...relations: Relations
  ): Query<Columns, Related<Row, Relations[number]>, Args, From, Nullable, Ordered>;
  /** Forbids to load relations of its rows, and of what is loaded with them, one by one later. */
  strict(): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Includes soft-deleted rows. */
  withTrashed(): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Keeps soft-deleted rows only. */
  onlyTrashed(): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Leaves out the model's default scope. */
  unscoped(): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /**
   * Writes tags into a comment at the end of the statement, in the form of https://google.github.io/sqlcommenter/spec/.
   * Each set of tags is a statement of its own to the server: tag by route, not by request.
   *
   * @param tags Values by key.
   */
  tag(tags: Readonly<Record<string, string>>): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Gives the statement so many milliseconds. */
  timeout(milliseconds: number): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /**
   * Says where its rows may come from, in the place of what the pool prefers. In a transaction, and where the query could
   * write or lock, it is the primary all the same.
   *
   * @param preference `"primary"`, `"replica"`, `"mixed"` or `"strong"`; `docs/replicas.md` says what each promises.
   */
  read(preference: ReadPreference): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /** Gives the statement up when the signal is aborted. */
  signal(signal: AbortSignal): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /**
   * Keeps the result of `all()` and `first()` in the pool's cache, where it has one, until one of the tables it reads
   * changes. Without a cache it changes nothing.
   *
   * @param options Seconds, or also the models of other tables that it reads.
   * @throws {ValidationError} When it reads other tables and does not say which, or a fragment of yours.
   */
  cached(options: number | CachedQueryOptions): Query<Columns, Row, Args, From, Nullable, Ordered>;
  /**
   * The query under a name, to be joined or selected from: its output columns are its properties.
   *
   * @param name The name.
   */
  as<const Name extends string>(name: Name): DerivedSource<Row, Name>;
  /** The statement that `all()` runs. */
  toSQL(): Sql<Row>;
}

/** An order that knows the property it is by. */
export interface OrderedBy<Property extends string> {
  /** See `asc()`; no value at run time. */
  readonly "~ordered": Property;
}

/** Another query of the same rows. */
export interface SameRows<Row> {
  /** The query's rows; no value at run time. */
  readonly "~row"?: Row;
  /** The query as a fragment. */
  readonly [FRAGMENT]: Sql;
}
