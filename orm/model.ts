/**
 * Models: a table's columns, typed, with what reads and writes its rows.
 *
 * @module
 */
import type { Executor } from "../pool/executor.ts";
import { FRAGMENT, Sql } from "../pool/sql.ts";
import { kindOf } from "../pool/wire/codec/refusal.ts";
import { ValidationError } from "../pool/wire/errors.ts";
import type { AnyColumn, Column } from "./building/column.ts";
import { type Query, selectQuery } from "./building/query.ts";
import { InsertTexts } from "./compiling/insert.ts";
import { writeSelectByKey } from "./compiling/select.ts";
import { Shape } from "./compiling/shape.ts";
import type { StatementText } from "./compiling/statement_text.ts";
import type { ColumnDefinitions, InsertOf, KeyOf, RowOf, UpdateOf } from "./definition/row_types.ts";
import { defineTable, type ModelOptions, type Table, unknownColumn } from "./definition/table.ts";
import { namingColumn } from "./executing/column_error.ts";
import { type Bound, chooseExecutor, READ, type Unbound } from "./executing/executor_argument.ts";
import { finishRow } from "./executing/rows.ts";

/** What a model does, and the types it stands for. `Args` are its calls' last arguments: an executor. */
export interface ModelMethods<Columns extends ColumnDefinitions, Args extends readonly unknown[]> {
  /** The type of a row, as `typeof User.Row`; no value at run time. */
  readonly Row: RowOf<Columns>;
  /** The type of what an insert takes, as `typeof User.Insert`; no value at run time. */
  readonly Insert: InsertOf<Columns>;
  /** The type of what an update takes, as `typeof User.Update`; no value at run time. */
  readonly Update: UpdateOf<Columns>;
  /** The type of the primary key, as `typeof User.Key`; no value at run time. */
  readonly Key: KeyOf<Columns>;
  /** The table's name, quoted, so that the model can stand in `sql`. */
  readonly [FRAGMENT]: Sql;
  /** A query of every row, to be narrowed. */
  find(): Query<Columns, RowOf<Columns>, Args>;
  /**
   * Finds a row by its primary key.
   *
   * @param key The key: a value, or for a key of several columns an object of them.
   * @param executor What to run on; may be left out where the model is bound.
   * @returns The row, or `undefined` when there is none.
   * @throws {ValidationError} When the key is missing or of the wrong kind, before anything is sent.
   */
  findById(key: KeyOf<Columns>, ...executor: Args): Promise<RowOf<Columns> | undefined>;
  /**
   * Inserts a row.
   *
   * @param values Its columns; what has a default may be left out.
   * @param executor What to run on; may be left out where the model is bound.
   * @returns The whole row as PostgreSQL stored it.
   * @throws {ValidationError} When a column is unknown, missing, generated or of the wrong kind, before anything is sent.
   */
  insert(values: InsertOf<Columns>, ...executor: Args): Promise<RowOf<Columns>>;
  /**
   * The model bound to a pool or a transaction, which its calls then run on unless they are given another.
   *
   * @param executor What to run on.
   */
  on(executor: Executor): BoundModel<Columns>;
}

/** A model's columns, each a fragment with operators. */
export type ModelColumns<Columns extends ColumnDefinitions> = {
  readonly [Property in keyof Columns]: Column<
    Columns[Property]["~types"]["value"],
    Columns[Property]["~types"]["nullable"]
  >;
};

/** A model: see {@link model}. */
export type Model<Columns extends ColumnDefinitions, Args extends readonly unknown[] = Unbound> =
  & ModelMethods<Columns, Args>
  & ModelColumns<Columns>;

/** A model bound to an executor. */
export type BoundModel<Columns extends ColumnDefinitions> = Model<Columns, Bound>;

/** Any model, as far as types are read from it. */
export interface AnyModel {
  /** See {@link ModelMethods}. */
  readonly Row: unknown;
  /** See {@link ModelMethods}. */
  readonly Insert: unknown;
  /** See {@link ModelMethods}. */
  readonly Update: unknown;
  /** See {@link ModelMethods}. */
  readonly Key: unknown;
}

/** The type of a model's rows: `Row<typeof User>`. */
export type Row<M extends AnyModel> = M["Row"];
/** The type of what an insert takes: `Insert<typeof User>`. */
export type Insert<M extends AnyModel> = M["Insert"];
/** The type of what an update takes: `Update<typeof User>`. */
export type Update<M extends AnyModel> = M["Update"];
/** The type of a model's primary key: `Key<typeof User>`. */
export type Key<M extends AnyModel> = M["Key"];

/** What the compiler says of a column whose property a model has itself. */
export type Reserved = 'a model has this property itself: name it differently and add .name("the_column")';

/** The properties a model has itself, which no column can have. */
export interface ReservedProperties {
  /** See {@link Reserved}. */
  readonly Row?: Reserved;
  /** See {@link Reserved}. */
  readonly Insert?: Reserved;
  /** See {@link Reserved}. */
  readonly Update?: Reserved;
  /** See {@link Reserved}. */
  readonly Key?: Reserved;
  /** See {@link Reserved}. */
  readonly find?: Reserved;
  /** See {@link Reserved}. */
  readonly findById?: Reserved;
  /** See {@link Reserved}. */
  readonly insert?: Reserved;
  /** See {@link Reserved}. */
  readonly on?: Reserved;
}

const RESERVED: ReadonlySet<string> = new Set(
  [
    "Row",
    "Insert",
    "Update",
    "Key",
    "find",
    "findById",
    "insert",
    "on",
  ] satisfies (keyof ReservedProperties)[],
);

/**
 * Declares a model: a table and its columns. Each property is a column, named in snake case in the database unless
 * it says otherwise. Nothing is sent, and the table is not created.
 *
 * @param table The table's name, without its schema.
 * @param columns The columns by property.
 * @param options The schema and the comment.
 * @returns The model.
 * @throws {ValidationError} When a name or a column cannot be used.
 *
 * @example
 * ```ts
 * import { column, model, Pool, sql } from "@lifeguard/core";
 * const User = model("users", {
 *   id: column.identity().primaryKey(),
 *   email: column.text().unique(),
 *   firstName: column.text().nullable(),
 *   createdAt: column.timestamptz().defaultNow(),
 * });
 * await using pool = new Pool("pglite:");
 * await pool.execute(sql`create table users (
 *   id integer generated by default as identity primary key,
 *   email text not null unique,
 *   first_name text,
 *   created_at timestamptz not null default now()
 * )`);
 * const users = User.on(pool);
 * const ada = await users.insert({ email: "ada@example.org", firstName: "Ada" });
 * const found = await users.find().where(User.email.like("ada%")).orderBy(User.id).limit(10).all();
 * console.assert(found[0].firstName === "Ada");
 * console.assert((await users.findById(ada.id))?.email === "ada@example.org");
 * ```
 */
export function model<Columns extends ColumnDefinitions>(
  table: string,
  columns: Columns & ReservedProperties,
  options: ModelOptions = {},
): Model<Columns> {
  const definition = defineTable(table, columns as Columns, options, RESERVED);
  return new ModelObject(new Core(definition)) as unknown as Model<Columns>;
}

/** What a model and its bound forms share. */
class Core {
  readonly table: Table;
  readonly shape: Shape;
  readonly inserts: InsertTexts;
  #byKey: StatementText | undefined;

  constructor(table: Table) {
    this.table = table;
    this.shape = Shape.root(table);
    this.inserts = new InsertTexts(table);
  }

  get byKey(): StatementText {
    return this.#byKey ??= writeSelectByKey(this.table);
  }
}

/** A model at run time: the columns are its own properties, so its state is private. */
class ModelObject {
  readonly #core: Core;
  readonly #executor: Executor | undefined;

  constructor(core: Core, executor?: Executor) {
    this.#core = core;
    this.#executor = executor;
    Object.assign(this, Object.fromEntries(core.table.columns));
    Object.freeze(this);
  }

  get [FRAGMENT](): Sql {
    return this.#core.table.fragment;
  }

  find(): Query<ColumnDefinitions, unknown, Bound> {
    return selectQuery(this.#core.shape, this.#executor);
  }

  async findById(key: unknown, executor?: Executor): Promise<unknown> {
    const { table, byKey } = this.#core;
    const values = keyValues(table, key);
    const target = chooseExecutor(table.name, executor, this.#executor);
    try {
      const rows = await target.query(new Sql(byKey.strings, values, byKey.text), READ);
      return rows.length === 0 ? undefined : finishRow(table, rows[0]);
    } catch (error) {
      throw namingColumn(error, table.key);
    }
  }

  async insert(values: Readonly<Record<string, unknown>>, executor?: Executor): Promise<unknown> {
    const { table, inserts } = this.#core;
    const given = insertColumns(table, values);
    const { strings, text } = inserts.for(given);
    const bound = given.map((column) => values[column.property]);
    const target = chooseExecutor(table.name, executor, this.#executor);
    try {
      return finishRow(table, await target.one(new Sql(strings, bound, text)));
    } catch (error) {
      throw namingColumn(error, given);
    }
  }

  on(executor: Executor): ModelObject {
    return new ModelObject(this.#core, chooseExecutor(this.#core.table.name, executor, undefined));
  }
}

function keyValues(table: Table, key: unknown): unknown[] {
  if (table.key.length === 0) {
    throw new ValidationError(
      `findById of model "${table.name}"`,
      "the model has no primary key; call .primaryKey() on its column, or use find().where()",
    );
  }
  if (table.key.length === 1) return [keyValue(table.key[0], key)];
  const properties = table.key.map((column) => column.property).join(", ");
  if (typeof key !== "object" || key === null || Object.keys(key).length !== table.key.length) {
    throw new ValidationError(
      `the key of model "${table.name}"`,
      `${kindOf(key)} was given; give an object of ${properties} and nothing else`,
    );
  }
  return table.key.map((column) => keyValue(column, (key as Record<string, unknown>)[column.property]));
}

function keyValue(column: AnyColumn, value: unknown): unknown {
  if (value === undefined || value === null || value instanceof Sql) {
    throw new ValidationError(
      column.subject,
      `a row is looked for by it and ${kindOf(value)} was given; give a value`,
    );
  }
  const refusal = column.refuse(value);
  if (refusal !== undefined) throw refusal;
  return value;
}

/** The columns an insert gives, checked, in the order it gives them. */
function insertColumns(table: Table, values: Readonly<Record<string, unknown>>): AnyColumn[] {
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new ValidationError(
      `the values of model "${table.name}"`,
      `${kindOf(values)} was given; give an object`,
    );
  }
  const given: AnyColumn[] = [];
  for (const property of Object.keys(values)) {
    const column = table.columns.get(property);
    if (column === undefined) throw unknownColumn(table, property);
    checkInsert(column, values[property]);
    given.push(column);
  }
  for (const column of table.columns.values()) {
    if (isRequired(column) && !Object.hasOwn(values, column.property)) {
      throw new ValidationError(column.subject, "it has no default and was not given; give a value");
    }
  }
  return given;
}

function checkInsert(column: AnyColumn, value: unknown): void {
  const { generated, identity, nullable } = column.settings;
  if (generated !== undefined || identity === "always") {
    throw new ValidationError(column.subject, "PostgreSQL generates it; leave it out");
  }
  if (value === undefined) {
    throw new ValidationError(
      column.subject,
      `undefined was given; leave it out for its default${nullable === true ? ", or give null" : ""}`,
    );
  }
  if (value === null) {
    if (nullable === true) return;
    throw new ValidationError(column.subject, "null was given and it is not nullable; give a value");
  }
  if (value instanceof Sql) {
    throw new ValidationError(
      column.subject,
      "a sql fragment was given; give a value, or write the insert with sql",
    );
  }
  const refusal = column.refuse(value);
  if (refusal !== undefined) throw refusal;
}

function isRequired({ settings }: AnyColumn): boolean {
  return settings.nullable !== true && settings.identity === undefined && settings.serial !== true &&
    settings.generated === undefined && !("default" in settings);
}
