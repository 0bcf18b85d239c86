/**
 * Indexes as a model declares them.
 *
 * @module
 */
import { assertSql, Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { type AnyColumn, Column } from "../building/column.ts";
import { Order } from "../building/expression.ts";

/** What an index is, as a plain record. */
export interface IndexDefinition {
  /** What it is made of, in order. */
  readonly keys: readonly IndexKey[];
  /** Its name; `undefined` where it follows from the table's and the columns'. */
  readonly name?: string;
  /** Whether the same values cannot be there twice. */
  readonly unique: boolean;
  /** Whether null is equal to null in a unique index. */
  readonly nullsNotDistinct: boolean;
  /** The access method; `undefined` is `btree`. */
  readonly method?: string;
  /** The columns kept beside the keys. */
  readonly include: readonly AnyColumn[];
  /** Which rows are in it. */
  readonly where?: Sql;
  /** The access method's parameters. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** Whether it is built without keeping writers waiting. */
  readonly concurrently: boolean;
}

/** One key of an index. */
export interface IndexKey extends IndexKeyOptions {
  /** A column, or an expression. */
  readonly expression: Sql;
}

/** How a key is sorted and compared. */
export interface IndexKeyOptions {
  /** The direction. Default `"asc"`. */
  readonly order?: "asc" | "desc";
  /** Where nulls stand. Default: last when ascending, first when descending. */
  readonly nulls?: "first" | "last";
  /** The collation's name. */
  readonly collation?: string;
  /** The operator class' name: `"gin_trgm_ops"`. */
  readonly opclass?: string;
}

/** What can be a key of an index: a column, one with an order, an expression, what {@link indexKey} makes. */
export type IndexElement = Sql | IndexKeyValue;

/** A key with options; made by {@link indexKey}. */
export class IndexKeyValue {
  /** The key. */
  readonly key: IndexKey;

  /** Creates it from a record. */
  constructor(key: IndexKey) {
    this.key = key;
  }
}

/**
 * A key of an index with an operator class, a collation or an order.
 *
 * @param element A column or an expression.
 * @param options See {@link IndexKeyOptions}.
 * @throws {ValidationError} When an option is unknown or of the wrong kind.
 *
 * @example
 * ```ts
 * import { column, createTablesSQL, index, indexKey, model } from "@lifeguard/core";
 * const Song = model("songs", { title: column.text() }, {
 *   indexes: (t) => [index(indexKey(t.title, { opclass: "text_pattern_ops" }))],
 * });
 * const [, created] = createTablesSQL([Song]);
 * console.assert(created.text === 'create index "songs_title_idx" on "songs" ("title" "text_pattern_ops")');
 * ```
 */
export function indexKey(element: Sql, options: IndexKeyOptions): IndexKeyValue {
  const { order, nulls, collation, opclass, ...rest } = options;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw refused(`its key has an option "${unknown}"; use order, nulls, collation, opclass`);
  }
  if (order !== undefined && order !== "asc" && order !== "desc") {
    throw refused('its key has an unknown order; use "asc" or "desc"');
  }
  if (nulls !== undefined && nulls !== "first" && nulls !== "last") {
    throw refused('its key has unknown "nulls"; use "first" or "last"');
  }
  for (const name of [collation, opclass]) {
    if (name !== undefined && typeof name !== "string") {
      throw refused(`a name of its key is ${kindOf(name)}; give a string`);
    }
  }
  return new IndexKeyValue({ ...keyOf(element), ...options });
}

/** An index of a model; made by {@link index}. Each method returns a new one. */
export class IndexBuilder {
  /** What it is. */
  readonly definition: IndexDefinition;

  /** Creates it from a record; user code calls {@link index}. */
  constructor(definition: IndexDefinition) {
    this.definition = definition;
  }

  /** Allows the same values only once. */
  unique(): IndexBuilder {
    return this.#with({ unique: true });
  }

  /** Has null be equal to null in a unique index. PostgreSQL 15 or later. */
  nullsNotDistinct(): IndexBuilder {
    return this.#with({ nullsNotDistinct: true });
  }

  /**
   * Indexes only rows that satisfy a condition.
   *
   * @param condition The condition, made with `sql` or of columns; its values become literals.
   */
  where(condition: Sql): IndexBuilder {
    assertSql(condition, "the condition of an index");
    return this.#with({ where: condition });
  }

  /** Keeps further columns beside the keys, so that they can be read from the index alone. */
  include(...columns: readonly AnyColumn[]): IndexBuilder {
    for (const column of columns) {
      if (!(column instanceof Column)) {
        throw refused(`it includes ${kindOf(column)}; give columns of the model`);
      }
    }
    return this.#with({ include: [...columns] });
  }

  /**
   * Sets the access method.
   *
   * @param method `"btree"`, `"hash"`, `"gin"`, `"gist"`, `"brin"`, `"hnsw"`, …
   * @param parameters The method's parameters, as in `{ fillfactor: 70 }`.
   */
  using(
    method: string,
    parameters: Readonly<Record<string, string | number | boolean>> = {},
  ): IndexBuilder {
    if (typeof method !== "string") throw refused(`its access method is ${kindOf(method)}; give a name`);
    return this.#with({ method, parameters: { ...parameters } });
  }

  /** Names it. Default: the name of the table, those of the columns, and `idx`. */
  name(name: string): IndexBuilder {
    if (typeof name !== "string" || name === "") throw refused("its name is no text; give one");
    return this.#with({ name });
  }

  /** Has it built without keeping writers waiting; it is then created outside of the transaction. */
  concurrently(): IndexBuilder {
    return this.#with({ concurrently: true });
  }

  #with(changes: Partial<IndexDefinition>): IndexBuilder {
    return new IndexBuilder({ ...this.definition, ...changes });
  }
}

/**
 * Declares an index, in the option `indexes` of a model.
 *
 * @param elements Columns, as they are or with `asc()` or `desc()`; expressions made with `sql`; what {@link indexKey}
 * makes.
 * @returns The index, to which its methods add.
 * @throws {ValidationError} When there is no element, or one is none of these: a misspelt column.
 *
 * @example
 * ```ts
 * import { column, createTablesSQL, index, model, sql } from "@lifeguard/core";
 * const User = model("users", {
 *   email: column.text(),
 *   seenAt: column.timestamptz().nullable(),
 * }, {
 *   indexes: (t) => [
 *     index(sql`lower(${t.email})`).unique().name("users_email_lower"),
 *     index(t.seenAt.desc({ nulls: "last" })).where(t.seenAt.isNotNull()).include(t.email),
 *   ],
 * });
 * const [, first, second] = createTablesSQL([User]);
 * console.assert(first.text === 'create unique index "users_email_lower" on "users" ((lower("users"."email")))');
 * console.assert(second.text.startsWith('create index "users_seen_at_idx" on "users" ("seen_at" desc nulls last)'));
 * ```
 */
export function index(...elements: readonly IndexElement[]): IndexBuilder {
  if (elements.length === 0) throw refused("it has no columns; give at least one");
  return new IndexBuilder({
    keys: elements.map((element) => element instanceof IndexKeyValue ? element.key : keyOf(element)),
    unique: false,
    nullsNotDistinct: false,
    include: [],
    parameters: {},
    concurrently: false,
  });
}

function keyOf(element: Sql): IndexKey {
  if (element instanceof Order) {
    const { expression, direction: order, nulls } = element;
    return nulls === undefined ? { expression, order } : { expression, order, nulls };
  }
  if (element instanceof Sql) return { expression: element };
  throw refused(
    `one of its columns is ${kindOf(element)}; give columns of the model or expressions made with sql`,
  );
}

function refused(problem: string): ValidationError {
  return new ValidationError("an index", problem);
}
