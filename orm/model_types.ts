/**
 * What a model is to the compiler: its columns and its methods. Members are looked at one by one, when they are used.
 *
 * @module
 */
import type { Executor } from "../pool/executor.ts";
import type { FRAGMENT, Sql } from "../pool/sql/sql.ts";
import type { Column } from "./building/column.ts";
import type { ExpressionTypes } from "./building/expression.ts";
import type { Query } from "./building/query.ts";
import type { SOURCE, Source } from "./building/source.ts";
import type { ColumnDefinitions, InsertOf, KeyOf, RowOf, UpdateOf } from "./definition/row_types.ts";
import type { Bound, Unbound } from "./executing/executor_argument.ts";
import type { ModelRecords } from "./tracking/record_types.ts";
import type { ModelWrites, WriteMethod } from "./writing/model_writes.ts";

/** What a model does, and the types it stands for. `Args` are its calls' last arguments: an executor. */
export interface ModelMethods<
  Name extends string,
  Columns extends ColumnDefinitions,
  Args extends readonly unknown[],
> extends ModelWrites<Columns, Args>, ModelRecords<Columns, Args> {
  /** The type of a row, as `typeof User.Row`; no value at run time. */
  readonly Row: RowOf<Columns>;
  /** The type of what an insert takes, as `typeof User.Insert`; no value at run time. */
  readonly Insert: InsertOf<Columns>;
  /** The type of what an update takes, as `typeof User.Update`; no value at run time. */
  readonly Update: UpdateOf<Columns>;
  /** The type of the primary key, as `typeof User.Key`; no value at run time. */
  readonly Key: KeyOf<Columns>;
  /** What the model's rows are as a part of a query's. */
  readonly "~types": ExpressionTypes<RowOf<Columns>, never, Name>;
  /** The model's columns; no value at run time. */
  readonly "~columns"?: Columns;
  /** The last arguments of calls that run something; no value at run time. */
  readonly "~args"?: Args;
  /** The table's name, quoted, so that the model can stand in `sql`. */
  readonly [FRAGMENT]: Sql;
  /** What the model is at run time, for the ORM's own parts. */
  readonly [SOURCE]: Source;
  /** A query of every row, to be narrowed. */
  find(): Query<Columns, RowOf<Columns>, Args, Name>;
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
   * The model bound to a pool or a transaction, which its calls then run on unless they are given another.
   *
   * @param executor What to run on.
   */
  on(executor: Executor): Model<Name, Columns, Bound>;
  /**
   * The model under another name in queries, so that its table can be joined with itself.
   *
   * @param name The name.
   */
  as<const Alias extends string>(name: Alias): Model<Alias, Columns, Args>;
  /**
   * The model with methods of your own: queries that have a name, scopes, whatever belongs to it.
   *
   * @param extension A function from the model, as it is bound, to its methods.
   *
   * @example
   * ```ts
   * import { column, model, or, Pool, sql } from "@lifeguard/core";
   * const User = model("users", { email: column.text(), age: column.integer(), banned: column.boolean().default(false) });
   * const Users = User.extend((users) => ({
   *   adult: (from = 18) => User.age.gte(from), // a scope: conditions combine
   *   staff: () => User.email.like("%@example.org"),
   *   outcasts: () => users.find().where({ banned: true }), // a query, on what the model is bound to
   * }));
   * const query = Users.find().where(or(Users.adult(21), Users.staff()));
   * console.assert(query.toSQL().text.endsWith('where ("users"."age" >= $1 or "users"."email" like $2)'));
   * await using pool = new Pool("pglite:");
   * await pool.execute(sql`create table users (email text, age int, banned bool not null default false)`);
   * console.assert((await Users.on(pool).outcasts().all()).length === 0);
   * ```
   */
  extend<Members extends object>(
    extension: (model: Model<Name, Columns, Bound>) => Members,
  ): ExtendedModel<Name, Columns, Args, Members>;
}

/** A model with members of the user's own. */
export type ExtendedModel<
  Name extends string,
  Columns extends ColumnDefinitions,
  Args extends readonly unknown[],
  Members extends object,
> = Members & Rebound<Name, Columns, Args, Members> & Model<Name, Columns, Args>;

/** The calls of an extended model that lead to another, which keeps its members. */
export interface Rebound<
  Name extends string,
  Columns extends ColumnDefinitions,
  Args extends readonly unknown[],
  Members extends object,
> {
  /** The model bound to a pool or a transaction: see {@link ModelMethods.on}. */
  on(executor: Executor): ExtendedModel<Name, Columns, Bound, Members>;
  /** The model with more methods of your own: see {@link ModelMethods.extend}. */
  extend<More extends object>(
    extension: (model: ExtendedModel<Name, Columns, Bound, Members>) => More,
  ): ExtendedModel<Name, Columns, Args, Members & More>;
}

/** A model's columns, each a fragment with operators. */
export type ModelColumns<Columns extends ColumnDefinitions, Name extends string> = {
  readonly [Property in keyof Columns & string]: Column<
    Columns[Property]["~types"]["value"],
    Columns[Property]["~types"]["nullable"],
    Name,
    Property
  >;
};

/** A model: see {@link model}. */
export type Model<
  Name extends string,
  Columns extends ColumnDefinitions,
  Args extends readonly unknown[] = Unbound,
> =
  & ModelMethods<Name, Columns, Args>
  & ModelColumns<Columns, Name>;

/** A model bound to an executor. */
export type BoundModel<Name extends string, Columns extends ColumnDefinitions> = Model<Name, Columns, Bound>;

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

/** What a model writes with, which no column can be named. */
export type ReservedWrites = { readonly [Method in WriteMethod]?: Reserved };

/** The properties a model has itself, which no column can have. */
export interface ReservedProperties extends ReservedWrites {
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
  readonly record?: Reserved;
  /** See {@link Reserved}. */
  readonly edit?: Reserved;
  /** See {@link Reserved}. */
  readonly fromJSON?: Reserved;
  /** See {@link Reserved}. */
  readonly on?: Reserved;
  /** See {@link Reserved}. */
  readonly as?: Reserved;
  /** See {@link Reserved}. */
  readonly extend?: Reserved;
}
