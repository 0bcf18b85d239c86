/**
 * A column as a model declares it: an immutable value, each modifier of which returns a new one.
 *
 * What the type level knows of it lies in one phantom property, read by lookup: the compiler's work per column is
 * then constant, and that per model linear in its columns.
 *
 * @module
 */
import { assertSql, Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import {
  type AnyFieldValidator,
  assertFieldValidators,
  type FieldValidator,
} from "../behaviour/validators/validator.ts";
import type { ExpressionOf } from "../building/expression.ts";
import type {
  ColumnSettings,
  Deferral,
  GeneratedOptions,
  IdentityOptions,
  ReferenceOptions,
  UniqueOptions,
} from "./column_settings.ts";
import { arrayType } from "./column_type.ts";
import { checkIdentity } from "./identity_options.ts";
import { checkReference } from "./reference_options.ts";

export type {
  ColumnReference,
  ColumnSettings,
  Deferral,
  GeneratedOptions,
  IdentityOptions,
  ReferenceAction,
  ReferenceOptions,
  UniqueOptions,
} from "./column_settings.ts";

/** How a column takes part in an insert: it must be given, it may be, or it must not be. */
export type ColumnInput = "required" | "optional" | "never";

/** The input of a column that has gained a default. */
export interface WithDefault {
  /** What must be given may now be left out. */
  readonly required: "optional";
  /** What may be left out still may. */
  readonly optional: "optional";
  /** What must not be given still must not. */
  readonly never: "never";
}

/** What the type level knows of a column. */
export interface ColumnTypes<
  Value,
  Null,
  Input extends ColumnInput,
  Key extends boolean,
  Row = Value | Null,
> {
  /** Its value where it is not null. */
  readonly value: Value;
  /** `null` when it may be null, else `never`. */
  readonly nullable: Null;
  /** Its value in the database, also where it is null. */
  readonly stored: Value | Null;
  /** Its value in a row: `undefined` when it is skipped. */
  readonly row: Row;
  /** Its part in an insert. */
  readonly input: Input;
  /** Whether it belongs to the primary key. */
  readonly key: Key;
}

/** Any column definition, as far as types are read from it. */
export interface AnyColumnDefinition {
  /** See {@link ColumnTypes}; no value at run time. */
  readonly "~types": ColumnTypes<unknown, unknown, ColumnInput, boolean>;
}

/** A column that a foreign key of such values can refer to; compared by its type alone, which costs little. */
export interface ReferencedColumn<Value> extends ExpressionOf<Value> {
  /** Its name in the database. */
  readonly columnName: string;
}

/**
 * A column of a model; made by {@link column}.
 *
 * @example
 * ```ts
 * import { column, model, sql } from "@lifeguard/core";
 * const Account = model("accounts", {
 *   id: column.integer().identityAlways().primaryKey(),
 *   owner: column.text().unique(),
 *   balance: column.numeric(12, 2).default("0").check(sql`balance >= 0`),
 *   closedAt: column.timestamptz().nullable(),
 * });
 * const values: typeof Account.Insert = { owner: "Ada" };
 * console.assert(values.owner === "Ada");
 * ```
 */
export class ColumnDefinition<Value, Null, Input extends ColumnInput, Key extends boolean, Row = Value | Null>
  implements AnyColumnDefinition {
  /** What the type level knows; never set. */
  declare readonly "~types": ColumnTypes<Value, Null, Input, Key, Row>;
  /** What is known at run time. */
  readonly settings: ColumnSettings;

  /** Creates a definition from its settings; user code calls {@link column}'s functions. */
  constructor(settings: ColumnSettings) {
    this.settings = settings;
  }

  /** Makes it the primary key, or one of several columns that are. */
  primaryKey(): ColumnDefinition<Value, Null, Input, true, Row> {
    if (this.settings.skipped === true) throw refused("it is skipped and a primary key; remove one");
    if (this.settings.nullable === true) throw refused("it is nullable and a primary key; remove one");
    return new ColumnDefinition({ ...this.settings, primaryKey: true });
  }

  /** Lets it be null; it may then be left out of an insert. */
  nullable(): ColumnDefinition<Value, null, WithDefault[Input], Key, Row | null> {
    if (this.settings.primaryKey === true) throw refused("it is nullable and a primary key; remove one");
    return new ColumnDefinition({ ...this.settings, nullable: true });
  }

  /**
   * Gives it a default; it may then be left out of an insert.
   *
   * @param value A value, or an expression made with `sql`.
   * @throws {ValidationError} When the value does not fit the type, or the column is generated.
   */
  default(value: Value | Sql): ColumnDefinition<Value, Null, WithDefault[Input], Key, Row> {
    const { type } = this.settings;
    if (value === undefined) throw refused("its default is undefined; give a value or leave default() out");
    if (!(value instanceof Sql) && type.accepts?.(value) === false) {
      throw refused(`its default does not fit ${type.sql}; give ${type.expected}`);
    }
    return this.#withDefault({ default: value });
  }

  /** Gives it the time of the transaction's start as default. */
  defaultNow(): ColumnDefinition<Value, Null, WithDefault[Input], Key, Row> {
    if (!TIMES.has(this.settings.type.base) || this.settings.type.dimensions > 0) {
      throw refused(
        `defaultNow() is for dates and times and this is ${this.settings.type.sql}; use default()`,
      );
    }
    return this.#withDefault({ default: NOW });
  }

  /**
   * Has it count by itself, unless a value is given.
   *
   * @param options Where it starts and how it counts.
   */
  identity(options?: IdentityOptions): ColumnDefinition<Value, Null, WithDefault[Input], Key, Row> {
    return this.#withIdentity("by default", options);
  }

  /**
   * Has it count by itself; no value can be given.
   *
   * @param options Where it starts and how it counts.
   */
  identityAlways(options?: IdentityOptions): ColumnDefinition<Value, Null, "never", Key, Row> {
    return this.#withIdentity("always", options);
  }

  /**
   * Has PostgreSQL compute it from other columns; no value can be given. The model is not there yet, so columns are
   * called by their names in the database: `lower(first_name)`.
   *
   * @param expression The expression, made with `sql`.
   * @param options Whether it is kept with the row.
   */
  generated(
    expression: Sql,
    { virtual = false }: GeneratedOptions = {},
  ): ColumnDefinition<Value, Null, "never", Key, Row> {
    assertSql(expression, "the expression of generated()");
    return this.#withDefault(virtual ? { generated: expression, virtual } : { generated: expression });
  }

  /**
   * Allows each value only once.
   *
   * @param options The constraint's name, and whether null is equal to null.
   */
  unique(options?: UniqueOptions): ColumnDefinition<Value, Null, Input, Key, Row> {
    return this.#with(
      options === undefined ? { unique: true } : { unique: true, uniqueOptions: { ...options } },
    );
  }

  /**
   * Names it in the database, where its name is not the property's in snake case.
   *
   * @param name The column's name, as it is stored, without quotes.
   */
  name(name: string): ColumnDefinition<Value, Null, Input, Key, Row> {
    return new ColumnDefinition({ ...this.settings, name });
  }

  /**
   * Allows only values that satisfy a condition. The model is not there yet, so the column is called by its name in the
   * database: `unit_price >= 0`; the model's option `checks` takes a function of its columns.
   *
   * @param condition The condition, made with `sql`.
   */
  check(condition: Sql): ColumnDefinition<Value, Null, Input, Key, Row> {
    assertSql(condition, "the condition of check()");
    return new ColumnDefinition({ ...this.settings, check: condition });
  }

  /**
   * Makes it a foreign key.
   *
   * @param target A function that returns the column referred to. Where models refer to each other, or one to itself,
   * write its type, or the compiler would go in circles: `.references((): Column<number> => Category.id)`.
   * @param options What happens to this row when that one goes.
   */
  references(
    target: () => ReferencedColumn<Value>,
    options: ReferenceOptions = {},
  ): ColumnDefinition<Value, Null, Input, Key, Row> {
    if (typeof target !== "function") {
      throw refused("references() takes a function that returns a column: references(() => User.id)");
    }
    checkReference(options);
    return new ColumnDefinition({
      ...this.settings,
      references: { ...options, target: target as () => unknown as () => Sql },
    });
  }

  /**
   * Checks its values before they are written, besides their type; called again, it adds to what there is.
   *
   * @param validators Built-in ones such as `email()`, your own made with `check()`, or any Standard Schema.
   * @throws {ValidationError} When one is no validator.
   */
  validate(
    ...validators: readonly FieldValidator<Value>[]
  ): ColumnDefinition<Value, Null, Input, Key, Row> {
    assertFieldValidators(validators);
    const all = [...(this.settings.validators ?? []), ...validators as readonly AnyFieldValidator[]];
    return new ColumnDefinition({ ...this.settings, validators: all });
  }

  /**
   * Has its foreign key checked at the end of the transaction where `set constraints` says so.
   *
   * @param initially When it is checked unless the transaction says otherwise. Default `"immediate"`.
   */
  deferrable(initially: Deferral = "immediate"): ColumnDefinition<Value, Null, Input, Key, Row> {
    const { references } = this.settings;
    if (references === undefined) throw refused("deferrable() is for foreign keys; call references() first");
    if (initially !== "immediate" && initially !== "deferred") {
      throw refused('deferrable() takes "immediate" or "deferred"; use one of them');
    }
    return this.#with({ references: { ...references, deferrable: initially } });
  }

  /**
   * Sorts and compares it by a collation.
   *
   * @param name The collation's name, as it is stored, without quotes: `"C"`, `"de-x-icu"`.
   */
  collate(name: string): ColumnDefinition<Value, Null, Input, Key, Row> {
    return this.#with({ collation: stringOf("collate", name) });
  }

  /**
   * Gives it a comment in the database.
   *
   * @param text The comment.
   */
  comment(text: string): ColumnDefinition<Value, Null, Input, Key, Row> {
    return this.#with({ comment: stringOf("comment", text) });
  }

  /**
   * Says which name it had before, so that a migration renames it and keeps what is in it.
   *
   * @param name The name it had in the database.
   */
  renamedFrom(name: string): ColumnDefinition<Value, Null, Input, Key, Row> {
    return this.#with({ renamedFrom: stringOf("renamedFrom", name) });
  }

  /** Keeps it out of every insert and update: something else writes it, such as a trigger. */
  readOnly(): ColumnDefinition<Value, Null, "never", Key, Row> {
    return this.#with({ readOnly: true });
  }

  /**
   * Leaves it out of rows unless a selection names it. It can still be written, and stand in conditions.
   *
   * @example
   * ```ts
   * import { column, model } from "@lifeguard/core";
   * const User = model("users", { id: column.identity().primaryKey(), photo: column.bytea().skipped() });
   * const row: typeof User.Row = { id: 1, photo: undefined };
   * console.assert(User.find().toSQL().text === 'select "users"."id" from "users"' && row.id === 1);
   * ```
   */
  skipped(): ColumnDefinition<Value, Null, Input, Key, undefined> {
    if (this.settings.primaryKey === true) throw refused("it is skipped and a primary key; remove one");
    return this.#with({ skipped: true });
  }

  /**
   * Selects an expression in its place.
   *
   * @param expression From the column as SQL to the expression, which is of the column's type.
   *
   * @example
   * ```ts
   * import { column, model, sql } from "@lifeguard/core";
   * const Tag = model("tags", { name: column.text().selectAs((name) => sql`lower(${name})`) });
   * console.assert(Tag.find().toSQL().text === 'select lower("tags"."name") as "name" from "tags"');
   * ```
   */
  selectAs(expression: (column: Sql) => Sql): ColumnDefinition<Value, Null, Input, Key, Row> {
    return this.#with({ selectAs: functionOf("selectAs", expression) });
  }

  /**
   * Writes an expression in the place of a value, in inserts and updates.
   *
   * @param expression From the value as SQL, a placeholder, to the expression.
   *
   * @example
   * ```ts
   * import { column, model, sql } from "@lifeguard/core";
   * const Tag = model("tags", { name: column.text().saveAs((value) => sql`lower(${value})`) });
   * const written = Tag.name.settings.saveAs?.(sql`${"Red"}`);
   * console.assert(written?.text === "lower($1)");
   * ```
   */
  saveAs(expression: (value: Sql) => Sql): ColumnDefinition<Value, Null, Input, Key, Row> {
    return this.#with({ saveAs: functionOf("saveAs", expression) });
  }

  /** Makes it an array of what it was; called again, an array of arrays. Call it before the other modifiers. */
  array(): ColumnDefinition<readonly Value[], Null, Input, Key> {
    if ("default" in this.settings) throw refused("array() comes after default(); call array() first");
    if (this.settings.validators !== undefined) {
      throw refused("array() comes after validate(); call array() first, and check elements with each()");
    }
    return new ColumnDefinition({ ...this.settings, type: arrayType(this.settings.type) });
  }

  #with<NextInput extends ColumnInput, NextRow>(
    settings: Partial<ColumnSettings>,
  ): ColumnDefinition<Value, Null, NextInput, Key, NextRow> {
    return new ColumnDefinition({ ...this.settings, ...settings });
  }

  #withIdentity<Next extends ColumnInput>(
    identity: "always" | "by default",
    options: IdentityOptions | undefined,
  ): ColumnDefinition<Value, Null, Next, Key, Row> {
    const { base, sql } = this.settings.type;
    if (!/^int[248]$/.test(base)) {
      throw refused(`identity is for whole numbers and this is ${sql}; use integer, bigint or smallint`);
    }
    const next = this.#withDefault<Next>({ identity });
    if (options === undefined) return next;
    checkIdentity(options);
    return new ColumnDefinition({ ...next.settings, identityOptions: { ...options } });
  }

  #withDefault<Next extends ColumnInput>(
    source: Pick<ColumnSettings, "default" | "generated" | "identity" | "virtual">,
  ): ColumnDefinition<Value, Null, Next, Key, Row> {
    for (const other of ["default", "generated", "identity", "serial"] as const) {
      if (other in this.settings) {
        throw refused(
          `it has ${other} already; a column takes its value from one of default, generated, identity, serial`,
        );
      }
    }
    return new ColumnDefinition({ ...this.settings, ...source });
  }
}

/** The types `now()` is a value of, or becomes one. */
const TIMES: ReadonlySet<string> = new Set(["date", "time", "timetz", "timestamp", "timestamptz"]);

const NOW: Sql = new Sql(["now()"], []);

function stringOf(modifier: string, text: string): string {
  if (typeof text === "string" && text !== "") return text;
  throw refused(`${modifier}() takes a text that is not empty and was given none; give one`);
}

function functionOf<Given>(modifier: string, given: Given): Given {
  if (typeof given === "function") return given;
  throw refused(`${modifier}() takes a function that returns sql: ${modifier}((it) => sql\`lower(\${it})\`)`);
}

function refused(problem: string): ValidationError {
  return new ValidationError("a column definition", problem);
}
