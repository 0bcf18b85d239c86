/**
 * What a model writes, to the compiler. Members are looked at one by one, when they are used.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import type { Joinable } from "../building/source.ts";
import type { ColumnDefinitions, InsertOf, KeyOf, RowOf, UpdateOf } from "../definition/row_types.ts";
import type { InsertManyOptions } from "./insert_many.ts";
import type { MergeAction } from "./merge.ts";
import type { UnboundedWrite } from "./rows_write_types.ts";
import type { UpdateManyOptions } from "./update_many.ts";
import type { RunOptions } from "./write_options.ts";
import type { ExcludedColumns, InsertValues, UpdateRow, UpdateValues } from "./write_types.ts";

/** What a conflict of an upsert is about. */
export type Conflict<Property> =
  | readonly Property[]
  | {
    /** The columns of a unique index. */
    readonly columns: readonly Property[];
    /** The condition of a partial index, written as it was declared: with constants, not values. */
    readonly where?: Sql;
  }
  | {
    /** The name of a constraint. */
    readonly constraint: string;
  };

/** What happens to a row that is there already. */
export interface UpsertOptions<Columns extends ColumnDefinitions> extends RunOptions {
  /** What a conflict is: the columns of a unique index, a partial one, or a constraint. Default: the primary key. */
  readonly conflict?: Conflict<keyof Columns & string>;
  /**
   * The columns to overwrite, or values, which may use the row that was to be inserted:
   * `(excluded) => ({ count: Counter.count.plus(excluded.count) })`. Default: every column given but those of the
   * conflict and of the primary key.
   */
  readonly update?:
    | readonly (keyof Columns & string)[]
    | UpdateValues<Columns>
    | ((excluded: ExcludedColumns<Columns>) => UpdateValues<Columns>);
  /** Never set: see {@link PartialUpsertOptions}. */
  readonly where?: undefined;
}

/** What happens to a row that is there already, where it may be nothing. */
export interface PartialUpsertOptions<Columns extends ColumnDefinitions> extends RunOptions {
  /** See {@link UpsertOptions}. */
  readonly conflict?: Conflict<keyof Columns & string>;
  /** `"nothing"` leaves it as it is; else see {@link UpsertOptions}. */
  readonly update?: "nothing" | UpsertOptions<Columns>["update"];
  /** Updates only where this is true. */
  readonly where?: Sql | ((excluded: ExcludedColumns<Columns>) => Sql);
}

/** What merged rows come from. */
export type SourceOfMerge<Columns extends ColumnDefinitions> =
  | readonly Readonly<Partial<InsertOf<Columns> & UpdateOf<Columns>>>[]
  | Joinable;

/** How rows are merged. */
export interface MergeOptions<Columns extends ColumnDefinitions> extends RunOptions {
  /** What makes a row of the source and one of the table the same: columns, or a condition. */
  readonly on: readonly (keyof Columns & string)[] | ((source: ExcludedColumns<Columns>) => Sql);
  /**
   * What happens to a row of the table that the source has too. `"update"` writes each column the source has but those
   * of `on` and of the primary key. Default `"update"`.
   */
  readonly whenMatched?:
    | "update"
    | "delete"
    | "nothing"
    | readonly (keyof Columns & string)[]
    | UpdateValues<Columns>
    | ((source: ExcludedColumns<Columns>) => UpdateValues<Columns>);
  /** What happens to a row that only the source has. Default `"insert"`, of all its columns. */
  readonly whenNotMatched?:
    | "insert"
    | "nothing"
    | InsertValues<Columns>
    | ((source: ExcludedColumns<Columns>) => InsertValues<Columns>);
  /** What happens to a row that only the table has. PostgreSQL 17 or later. Default `"nothing"`. */
  readonly whenNotMatchedBySource?: "delete" | "nothing" | UpdateValues<Columns>;
  /** Whether what was done is returned row by row, instead of how many rows it was done to. PostgreSQL 17 or later. */
  readonly returning?: boolean;
}

/** What a merge did to one row. */
export interface Merged<Row> {
  /** What was done. A soft delete is an update. */
  readonly action: MergeAction;
  /** The row: as it is now, or of a delete, as it was. */
  readonly row: Row;
}

/** What a model writes. `Args` are its calls' last arguments: an executor. */
export interface ModelWrites<Columns extends ColumnDefinitions, Args extends readonly unknown[]> {
  /**
   * Inserts a row.
   *
   * @param values Its columns, as values or expressions; what has a default may be left out.
   * @param executor What to run on; may be left out where the model is bound.
   * @returns The whole row as PostgreSQL stored it.
   * @throws {ValidationError} When a column is unknown, missing, generated or of the wrong kind, before anything is sent.
   */
  insert(values: InsertValues<Columns>, ...executor: Args): Promise<RowOf<Columns>>;
  /** Inserts rows and returns how many. See the other form. */
  insertMany(
    rows: readonly InsertValues<Columns>[],
    options: InsertManyOptions & { readonly returning: false },
    ...executor: Args
  ): Promise<number>;
  /** Inserts rows. See the other form. */
  insertMany(
    rows: readonly InsertValues<Columns>[],
    options: InsertManyOptions & { readonly returning?: true },
    ...executor: Args
  ): Promise<RowOf<Columns>[]>;
  /**
   * Inserts any number of rows, all or none. They may give different columns. With no rows nothing is sent.
   *
   * @param rows The rows.
   * @param options How; may be left out. `{ returning: false }` is the fastest.
   * @param executor What to run on; may be left out where the model is bound.
   * @returns The whole rows in the order given.
   * @throws {ValidationError} When a row cannot be inserted, which it names, before anything is sent.
   */
  insertMany(rows: readonly InsertValues<Columns>[], ...executor: Args): Promise<RowOf<Columns>[]>;
  /**
   * Begins an update of the rows a condition finds.
   *
   * @param values What changes: values, or expressions such as `User.balance.plus(10)`.
   * @returns What says of which rows, and runs: `.where(…).run()`, `.all().returning()`.
   */
  update(values: UpdateValues<Columns>): UnboundedWrite<Columns, RowOf<Columns>, Args>;
  /**
   * Updates the row of a primary key.
   *
   * @returns The whole row, or `undefined` when there is none.
   */
  updateById(
    key: KeyOf<Columns>,
    values: UpdateValues<Columns>,
    ...executor: Args
  ): Promise<RowOf<Columns> | undefined>;
  /** Updates rows, with options. See the other form. */
  updateMany(
    rows: readonly UpdateRow<Columns>[],
    options: UpdateManyOptions,
    ...executor: Args
  ): Promise<RowOf<Columns>[]>;
  /**
   * Updates many rows, each with values of its own, by one statement. They may change different columns.
   *
   * @param rows The keys with what changes, each key once.
   * @param options What a missing row is; may be left out.
   * @param executor What to run on; may be left out where the model is bound.
   * @returns The updated rows in the order given, without those that are missing.
   */
  updateMany(rows: readonly UpdateRow<Columns>[], ...executor: Args): Promise<RowOf<Columns>[]>;
  /** Begins a delete of the rows a condition finds: a soft one where the model has `softDelete`. */
  delete(): UnboundedWrite<Columns, RowOf<Columns>, Args>;
  /** Begins a delete that leaves nothing, of soft-deleted rows too. */
  forceDelete(): UnboundedWrite<Columns, RowOf<Columns>, Args>;
  /** Begins to bring soft-deleted rows back. */
  restore(): UnboundedWrite<Columns, RowOf<Columns>, Args>;
  /** Deletes the row of a primary key: softly where the model has `softDelete`. Returns whether there was one. */
  deleteById(key: KeyOf<Columns>, ...executor: Args): Promise<boolean>;
  /** Deletes the rows of primary keys by one statement, and returns how many there were. */
  deleteMany(keys: readonly KeyOf<Columns>[], ...executor: Args): Promise<number>;
  /** Inserts a row, or updates the one that is there already. See the other form. */
  upsert(
    values: InsertValues<Columns>,
    options: UpsertOptions<Columns>,
    ...executor: Args
  ): Promise<RowOf<Columns>>;
  /**
   * Inserts a row, or does something with the one that is there already, by one statement.
   *
   * @param values The row.
   * @param options What a conflict is and what happens then.
   * @param executor What to run on; may be left out where the model is bound.
   * @returns The whole row; `undefined` when nothing was done.
   */
  upsert(
    values: InsertValues<Columns>,
    options: PartialUpsertOptions<Columns>,
    ...executor: Args
  ): Promise<RowOf<Columns> | undefined>;
  /**
   * Inserts rows, or updates those that are there already. No two rows may be about the same one.
   *
   * @returns The whole rows in the order given, without those of which nothing was done.
   */
  upsertMany(
    rows: readonly InsertValues<Columns>[],
    options: PartialUpsertOptions<Columns>,
    ...executor: Args
  ): Promise<RowOf<Columns>[]>;
  /** Merges rows into the table and tells what was done. See the other form. */
  merge(
    source: SourceOfMerge<Columns>,
    options: MergeOptions<Columns> & { readonly returning: true },
    ...executor: Args
  ): Promise<Merged<RowOf<Columns>>[]>;
  /**
   * Merges rows, or what a query returns, into the table by one statement. PostgreSQL 15 or later.
   *
   * @param source Rows that all give the same columns, or a named query or common table expression.
   * @param options What makes rows match, and what happens then.
   * @param executor What to run on; may be left out where the model is bound.
   * @returns How many rows of the table were changed.
   */
  merge(
    source: SourceOfMerge<Columns>,
    options: MergeOptions<Columns>,
    ...executor: Args
  ): Promise<number>;
}

/** The name of a method that writes. */
export type WriteMethod = keyof ModelWrites<ColumnDefinitions, readonly unknown[]>;

/** The names of the methods that write, which no column can have. */
export const WRITE_METHODS: readonly WriteMethod[] = [
  "insert",
  "insertMany",
  "update",
  "updateById",
  "updateMany",
  "delete",
  "forceDelete",
  "restore",
  "deleteById",
  "deleteMany",
  "upsert",
  "upsertMany",
  "merge",
];
