/**
 * What records are to the compiler. Members are looked at one by one, when they are used.
 *
 * @module
 */
import type { Anything, ColumnDefinitions, KeyOf, RowOf, UpdateOf } from "../definition/row_types.ts";
import type { WriteExpression } from "../writing/write_types.ts";
import type { FromJsonOptions, RecordJson } from "./record_json.ts";
import type { RecordReference } from "./record_reference.ts";
import type { ValueState } from "./record_state.ts";

/** What can be set: a value, an expression, or the value another record will have. */
export type Settable<Value> = Value | WriteExpression<Value> | RecordReference<NonNullable<Value>>;

/** Values by property, or what stands for them. */
export type RecordValues<Columns extends ColumnDefinitions> =
  & { readonly [Property in keyof UpdateOf<Columns>]: Settable<UpdateOf<Columns>[Property]> }
  & Anything;

/** The properties that can be set: those of all columns but the generated and the read-only. */
export type SettableProperty<Columns extends ColumnDefinitions> = keyof UpdateOf<Columns> & string;

/** A record's values as properties; those that are not set are undefined. */
export type RecordAccessors<Columns extends ColumnDefinitions> =
  & { readonly [Property in keyof Columns]?: Columns[Property]["~types"]["stored"] }
  & { -readonly [Property in keyof UpdateOf<Columns>]?: UpdateOf<Columns>[Property] };

/** What a model's records begin with. */
export interface ModelRecords<Columns extends ColumnDefinitions, Args extends readonly unknown[]> {
  /**
   * A record of a row that is not there yet.
   *
   * @param values What is set of it; may be left out.
   *
   * @example
   * ```ts
   * import { column, createTables, model, Pool } from "@lifeguard/core";
   * const User = model("users", { id: column.identity().primaryKey(), email: column.text(), visits: column.integer().default(0) });
   * await using pool = new Pool("pglite:");
   * await createTables([User], pool);
   * const user = User.record({ email: "ada@example.org" });
   * await user.save(pool); // insert into "users" ("email") values ($1) returning "users"."id", …
   * user.set("visits", User.visits.plus(1));
   * await user.save(pool); // update "users" set "visits" = ("users"."visits" + $1) where "users"."id" = $2 returning …
   * console.assert(user.get("visits") === 1 && !user.isDirty);
   * ```
   */
  record(values?: RecordValues<Columns>): LifeRecord<Columns, Args>;
  /**
   * A record of a row that was read.
   *
   * @param row The row, which stays as it is; what relations added to it is left out.
   * @throws {ValidationError} When its primary key is not known.
   */
  edit(row: RowOf<Columns>): LifeRecord<Columns, Args>;
  /**
   * A new record of values that came as JSON, each read by its column's type: ISO strings as dates and times, digits as
   * bigints, base64 as bytes.
   *
   * @param json What `JSON.parse()` returned; it may come from anybody.
   * @param options What happens to unknown properties, and whether the row is there already.
   * @throws {ModelValidationError} When a property is unknown or cannot be written, or a value is not of its column's
   * type: all of them with their paths.
   */
  fromJSON(json: unknown, options?: FromJsonOptions): LifeRecord<Columns, Args>;
}

/**
 * One row that is being worked on: what changed is known, and only that is written. Made by `User.record()` and
 * `User.edit()`.
 *
 * Each call that writes returns the whole row and leaves the record with it, without changes. One that fails leaves it
 * as it was, and so does a rollback later of the transaction it ran in, but for what was set since.
 */
export interface LifeRecord<
  Columns extends ColumnDefinitions,
  Args extends readonly unknown[] = readonly unknown[],
> {
  /** The model's columns; no value at run time. */
  readonly "~columns"?: Columns;
  /** The values as properties: `record.values.email = "ada@example.org"`. Made when it is first asked for. */
  readonly values: RecordAccessors<Columns>;
  /** The row as it was last read or written; `undefined` while the record is new. */
  readonly original: RowOf<Columns> | undefined;
  /** Whether there is no row yet. */
  readonly isNew: boolean;
  /** Whether its row was deleted by it, for good. */
  readonly isDeleted: boolean;
  /** Whether anything was set that is not written. */
  readonly isDirty: boolean;
  /** The properties that were set and are not written, in the columns' order. */
  readonly dirty: readonly (keyof Columns & string)[];
  /** The primary key: of the row, or as far as it was set. `undefined` while it is not known. */
  readonly key: KeyOf<Columns> | undefined;
  /**
   * A value: as it was set, else the row's; `undefined` when it is not set.
   *
   * @throws {ValidationError} When it is an expression, whose value only PostgreSQL knows: save the record first.
   */
  get<Property extends keyof Columns & string>(
    property: Property,
  ): Columns[Property]["~types"]["stored"] | undefined;
  /**
   * Sets a value. The row's own value, compared by what it is, is no change.
   *
   * @param property The property.
   * @param value A value, an expression such as `User.visits.plus(1)`, or `ref()` to another record's.
   * @throws {ValidationError} When it cannot be written to the column.
   */
  set<Property extends SettableProperty<Columns>>(
    property: Property,
    value: Settable<Columns[Property]["~types"]["stored"]>,
  ): this;
  /** Sets values: all, or none where one cannot be written. */
  set(values: RecordValues<Columns>): this;
  /** How a property stands. `"unchanged"` is the row's value, also when that is null. */
  state(property: keyof Columns & string): ValueState;
  /** What was set and is not written, by property. */
  changes(): RecordValues<Columns>;
  /** Takes back what was set: of one property, or of all. */
  reset(property?: keyof Columns & string): this;
  /** Takes a value out, which is then not set, and not written. */
  take<Property extends keyof Columns & string>(
    property: Property,
  ): Columns[Property]["~types"]["stored"] | undefined;
  /** The values as JSON holds them: bigints and dates as strings, bytes as base64; without expressions. */
  toJSON(): RecordJson<Columns>;
  /** Inserts the row. */
  insert(...executor: Args): Promise<RowOf<Columns>>;
  /**
   * Updates the row: what changed, and nothing is sent when nothing did.
   *
   * @throws {StaleRecordError} When the row is gone, or has another version than the record knows.
   */
  update(...executor: Args): Promise<RowOf<Columns>>;
  /**
   * Writes the record by one statement: an update of the row that is there; of a new record an insert, which updates the
   * row of its primary key where that was set and is there already.
   *
   * @throws {StaleRecordError} As update() does.
   */
  save(...executor: Args): Promise<RowOf<Columns>>;
  /**
   * Deletes the row: softly where the model has `softDelete`.
   *
   * @throws {StaleRecordError} As update() does.
   */
  delete(...executor: Args): Promise<RowOf<Columns>>;
  /** Deletes the row for good, also where the model has `softDelete`. */
  forceDelete(...executor: Args): Promise<RowOf<Columns>>;
  /** Brings the soft-deleted row back. */
  restore(...executor: Args): Promise<RowOf<Columns>>;
  /**
   * Reads the row again and forgets what was set.
   *
   * @throws {StaleRecordError} When it is gone.
   */
  refresh(...executor: Args): Promise<RowOf<Columns>>;
}
