/**
 * Rows with names, which tests refer to: declared once, loaded in the order their references ask for.
 *
 * @module
 */
import type { AnyColumn } from "../orm/building/column.ts";
import type { Joinable } from "../orm/building/source.ts";
import { type Table, tableOf, unknownColumn } from "../orm/definition/table.ts";
import { chooseExecutor } from "../orm/executing/executor_argument.ts";
import type { Executor } from "../pool/executor.ts";
import { sql } from "../pool/sql/sql.ts";
import { nearestWord } from "../pool/wire/configuration/nearest_word.ts";
import { ValidationError } from "../pool/wire/errors.ts";
import type { TestedModel } from "./factory_types.ts";

/** The value of another row's column, by the names of its set and of the row; made by {@link ref}. */
export class FixtureReference {
  /** The set's name and the row's: `"users.ada"`. */
  readonly path: string;
  /** The property; undefined is the one that the column refers to. */
  readonly property: string | undefined;

  /** Made by {@link ref}. */
  constructor(path: string, property: string | undefined) {
    this.path = path;
    this.property = property;
  }
}

/** The values of a named row: as an insert takes them, or references. */
export type FixtureValues<Values> = {
  readonly [Property in keyof Values]: Values[Property] | FixtureReference;
};

/** Named rows of one model; made by {@link rows}. */
export interface FixtureSet<M extends TestedModel, Name extends string> {
  /** The model. */
  readonly model: M;
  /** The rows by name. */
  readonly values: Readonly<Record<Name, FixtureValues<M["Insert"]>>>;
}

/** Any set, as far as types are read from it. */
export interface AnyFixtureSet {
  /** See {@link FixtureSet}. */
  readonly model: TestedModel;
  /** See {@link FixtureSet}. */
  readonly values: Readonly<Record<string, object>>;
}

/** The rows as they were stored, by set and name. */
export type LoadedFixtures<Sets extends Readonly<Record<string, AnyFixtureSet>>> = {
  readonly [Set in keyof Sets]: {
    readonly [Name in keyof Sets[Set]["values"]]: Sets[Set]["model"]["Row"];
  };
};

/** Named rows, ready to be loaded any number of times; made by {@link fixtures}. */
export interface Fixtures<Sets extends Readonly<Record<string, AnyFixtureSet>>> {
  /**
   * Inserts every row, in one transaction where that is to be had.
   *
   * @param executor A pool, a test's transaction, a transaction.
   * @returns The rows as PostgreSQL stored them.
   */
  load(executor: Executor): Promise<LoadedFixtures<Sets>>;
}

/**
 * Names rows of a model.
 *
 * @param model The model.
 * @param values The rows by name.
 */
export function rows<M extends TestedModel, const Name extends string>(
  model: M,
  values: Readonly<Record<Name, FixtureValues<M["Insert"]>>>,
): FixtureSet<M, Name> {
  return { model, values };
}

/**
 * The value of another named row: what the column refers to, as a rule its primary key.
 *
 * @param path The set's name and the row's: `"users.ada"`.
 * @param property Another property of that row.
 */
export function ref(path: string, property?: string): FixtureReference {
  if (typeof path !== "string" || path.split(".").length !== 2) {
    throw new ValidationError(
      "a reference to a fixture",
      'it names no set and row; give both, as in "users.ada"',
    );
  }
  return new FixtureReference(path, property);
}

/**
 * Declares named rows that refer to each other by name. They are inserted in the order of their foreign keys and
 * references, whatever the order they are declared in.
 *
 * @param sets Sets of rows, by name.
 * @returns What loads them.
 * @throws {ValidationError} When a column or a name is unknown, or rows refer to each other in a circle.
 *
 * @example
 * ```ts
 * import { column, model } from "@lifeguard/core";
 * import { fixtures, ref, rows, testPool } from "@lifeguard/core/testkit";
 * const User = model("users", { id: column.identity().primaryKey(), email: column.text() });
 * const Post = model("posts", {
 *   id: column.identity().primaryKey(),
 *   authorId: column.integer().references(() => User.id),
 *   title: column.text(),
 * });
 * const blog = fixtures({
 *   posts: rows(Post, { hello: { authorId: ref("users.ada"), title: "Hello" } }),
 *   users: rows(User, { ada: { email: "ada@example.org" }, bob: { email: "bob@example.org" } }),
 * });
 * await using pool = await testPool({ models: [User, Post] });
 * const { posts, users } = await blog.load(pool);
 * console.assert(posts.hello.authorId === users.ada.id);
 * ```
 */
export function fixtures<const Sets extends Readonly<Record<string, AnyFixtureSet>>>(
  sets: Sets,
): Fixtures<Sets> {
  const named = new Map<string, FixtureRow>();
  for (const [set, { model, values }] of Object.entries(sets)) {
    const table = tableOf(model as unknown as Joinable);
    for (const [name, given] of Object.entries(values)) {
      const row = { set, name, table, model, values: given as Record<string, unknown> };
      for (const property of Object.keys(given)) {
        if (!table.columns.has(property)) throw unknownColumn(table, property);
      }
      named.set(`${set}.${name}`, row);
    }
  }
  const order = inOrder(named);
  return {
    load: (executor) => load(order, sets, executor) as Promise<LoadedFixtures<Sets>>,
  };
}

/** One row, and what it is called. */
interface FixtureRow {
  readonly set: string;
  readonly name: string;
  readonly table: Table;
  readonly model: TestedModel;
  readonly values: Readonly<Record<string, unknown>>;
}

/** The rows, each after those it refers to, by name or by the foreign keys of its table. */
function inOrder(named: ReadonlyMap<string, FixtureRow>): FixtureRow[] {
  const order = new Set<FixtureRow>();
  const open: FixtureRow[] = [];
  const visit = (row: FixtureRow): void => {
    if (order.has(row)) return;
    if (open.includes(row)) throw circle(open.slice(open.indexOf(row)));
    open.push(row);
    for (const [property, value] of Object.entries(row.values)) {
      if (value instanceof FixtureReference) visit(referred(named, value, row.table.columns.get(property)!));
    }
    open.pop();
    order.add(row);
  };
  // Within what the names ask for, tables come after those their foreign keys refer to, except in a circle.
  for (const table of tablesInOrder([...new Set([...named.values()].map(({ table }) => table))])) {
    for (const row of named.values()) if (row.table === table) visit(row);
  }
  return [...order];
}

function tablesInOrder(tables: readonly Table[]): Set<Table> {
  const order = new Set<Table>();
  const open = new Set<Table>();
  const visit = (table: Table): void => {
    if (order.has(table) || open.has(table)) return;
    open.add(table);
    for (const column of table.columns.values()) {
      const target = column.settings.references?.target() as AnyColumn | undefined;
      const other = tables.find(({ columns }) =>
        target !== undefined && [...columns.values()].includes(target)
      );
      if (other !== undefined) visit(other);
    }
    order.add(table);
  };
  for (const table of tables) visit(table);
  return order;
}

/** The row that a reference names. */
function referred(
  named: ReadonlyMap<string, FixtureRow>,
  { path }: FixtureReference,
  column: AnyColumn,
): FixtureRow {
  const row = named.get(path);
  if (row !== undefined) return row;
  const near = nearestWord(path, [...named.keys()]);
  throw new ValidationError(
    column.subject,
    `there is no fixture "${path}"; ${
      near === undefined ? "name one of fixtures()" : `did you mean "${near}"?`
    }`,
  );
}

function circle(rows: readonly FixtureRow[]): ValidationError {
  const path = [...rows, rows[0]].map(({ set, name }) => `${set}.${name}`).join(" → ");
  return new ValidationError(
    "the fixtures",
    `they refer to each other in a circle, ${path}; leave one reference out`,
  );
}

async function load(
  order: readonly FixtureRow[],
  sets: Readonly<Record<string, AnyFixtureSet>>,
  executor: Executor,
): Promise<unknown> {
  const target = chooseExecutor("fixtures", executor, undefined) as Executor & {
    transaction?(work: (tx: Executor) => Promise<unknown>): Promise<unknown>;
  };
  const insertAll = async (on: Executor): Promise<unknown> => {
    const loaded = new Map<string, Record<string, unknown>>();
    for (const row of order) {
      const values = Object.entries(row.values).map(([property, value]) => [
        property,
        value instanceof FixtureReference
          ? valueOf(loaded.get(value.path)!, value, { row, property, order })
          : value,
      ]);
      const stored = await row.model.insert(Object.fromEntries(values) as never, on);
      loaded.set(`${row.set}.${row.name}`, stored as Record<string, unknown>);
    }
    await passSequences(order, on);
    return Object.fromEntries(
      Object.entries(sets).map(([set, { values }]) => [
        set,
        Object.fromEntries(Object.keys(values).map((name) => [name, loaded.get(`${set}.${name}`)])),
      ]),
    );
  };
  return await (typeof target.transaction === "function" ? target.transaction(insertAll) : insertAll(target));
}

/** The value that a reference stands for. */
function valueOf(
  stored: Readonly<Record<string, unknown>>,
  { path, property: named }: FixtureReference,
  { row, property, order }: { row: FixtureRow; property: string; order: readonly FixtureRow[] },
): unknown {
  const column = row.table.columns.get(property)!;
  const { table } = order.find(({ set, name }) => `${set}.${name}` === path)!;
  const target = column.settings.references?.target() as AnyColumn | undefined;
  const isOfTable = target !== undefined && [...table.columns.values()].includes(target);
  const chosen = named ??
    (isOfTable ? target.property : table.key.length === 1 ? table.key[0].property : undefined);
  if (chosen === undefined || !table.columns.has(chosen)) {
    throw new ValidationError(
      column.subject,
      `its reference "${path}" does not say which column; give its property, as in ref("${path}", "id")`,
    );
  }
  return stored[chosen];
}

/** Moves sequences behind the numbers that rows were given, so that the next row does not get one of these. */
async function passSequences(order: readonly FixtureRow[], executor: Executor): Promise<void> {
  const given = new Map<AnyColumn, Table>();
  for (const { table, values } of order) {
    for (const property of Object.keys(values)) {
      const column = table.columns.get(property)!;
      if (column.settings.identity !== undefined || column.settings.serial === true) given.set(column, table);
    }
  }
  for (const [{ columnName }, { fragment }] of given) {
    // Never backwards: another test may count on at the same time.
    await executor.query(sql`
      select setval(name, greatest(pg_sequence_last_value(name), (select max(${
      sql.identifier(columnName)
    }) from ${fragment})))
      from cast(pg_get_serial_sequence(${fragment.text}, ${columnName}) as regclass) as name`);
  }
}
