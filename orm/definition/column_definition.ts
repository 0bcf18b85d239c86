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
import type { Column } from "../building/column.ts";
import { arrayType, type ColumnType } from "./column_type.ts";

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
export interface ColumnTypes<Value, Null, Input extends ColumnInput, Key extends boolean> {
  /** Its value where it is not null. */
  readonly value: Value;
  /** `null` when it may be null, else `never`. */
  readonly nullable: Null;
  /** Its value in a row. */
  readonly row: Value | Null;
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

/** What happens to rows that refer to a row that is deleted, or whose key changes. */
export type ReferenceAction = "no action" | "restrict" | "cascade" | "set null" | "set default";

/** The actions of a foreign key. */
export interface ReferenceOptions {
  /** When the row referred to is deleted. Default `"no action"`. */
  readonly onDelete?: ReferenceAction;
  /** When its key changes. Default `"no action"`. */
  readonly onUpdate?: ReferenceAction;
}

/** A foreign key of one column. */
export interface ColumnReference extends ReferenceOptions {
  /** The column referred to; called late, so that models may refer to each other. */
  readonly target: () => Sql;
}

/** What is known of a column at run time. */
export interface ColumnSettings {
  /** Its type. */
  readonly type: ColumnType;
  /** Its name in the database; `undefined` is the property's name in snake case. */
  readonly name?: string;
  /** Whether it may be null. */
  readonly nullable?: boolean;
  /** Whether it belongs to the primary key. */
  readonly primaryKey?: boolean;
  /** Whether its values are unique. */
  readonly unique?: boolean;
  /** Its default: a value or an expression. */
  readonly default?: unknown;
  /** The expression it is generated from. */
  readonly generated?: Sql;
  /** Whether it counts by itself, and whether a value may be given all the same. */
  readonly identity?: "always" | "by default";
  /** Whether its default is the next number of a sequence that belongs to it. */
  readonly serial?: boolean;
  /** A condition its values satisfy. */
  readonly check?: Sql;
  /** Its foreign key. */
  readonly references?: ColumnReference;
  /** What its values are checked with before they are sent. */
  readonly validators?: readonly AnyFieldValidator[];
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
export class ColumnDefinition<Value, Null, Input extends ColumnInput, Key extends boolean>
  implements AnyColumnDefinition {
  /** What the type level knows; never set. */
  declare readonly "~types": ColumnTypes<Value, Null, Input, Key>;
  /** What is known at run time. */
  readonly settings: ColumnSettings;

  /** Creates a definition from its settings; user code calls {@link column}'s functions. */
  constructor(settings: ColumnSettings) {
    this.settings = settings;
  }

  /** Makes it the primary key, or one of several columns that are. */
  primaryKey(): ColumnDefinition<Value, Null, Input, true> {
    if (this.settings.nullable === true) throw refused("it is nullable and a primary key; remove one");
    return new ColumnDefinition({ ...this.settings, primaryKey: true });
  }

  /** Lets it be null; it may then be left out of an insert. */
  nullable(): ColumnDefinition<Value, null, WithDefault[Input], Key> {
    if (this.settings.primaryKey === true) throw refused("it is nullable and a primary key; remove one");
    return new ColumnDefinition({ ...this.settings, nullable: true });
  }

  /**
   * Gives it a default; it may then be left out of an insert.
   *
   * @param value A value, or an expression made with `sql`.
   * @throws {ValidationError} When the value does not fit the type, or the column is generated.
   */
  default(value: Value | Sql): ColumnDefinition<Value, Null, WithDefault[Input], Key> {
    const { type } = this.settings;
    if (value === undefined) throw refused("its default is undefined; give a value or leave default() out");
    if (!(value instanceof Sql) && type.accepts?.(value) === false) {
      throw refused(`its default does not fit ${type.sql}; give ${type.expected}`);
    }
    return this.#withDefault({ default: value });
  }

  /** Gives it the time of the transaction's start as default. */
  defaultNow(): ColumnDefinition<Value, Null, WithDefault[Input], Key> {
    if (!/^(date|time)/.test(this.settings.type.sql)) {
      throw refused(
        `defaultNow() is for dates and times and this is ${this.settings.type.sql}; use default()`,
      );
    }
    return this.#withDefault({ default: NOW });
  }

  /** Has it count by itself, unless a value is given. */
  identity(): ColumnDefinition<Value, Null, WithDefault[Input], Key> {
    return this.#withDefault({ identity: "by default" });
  }

  /** Has it count by itself; no value can be given. */
  identityAlways(): ColumnDefinition<Value, Null, "never", Key> {
    return this.#withDefault({ identity: "always" });
  }

  /**
   * Has PostgreSQL compute it from other columns; no value can be given.
   *
   * @param expression The expression, made with `sql`.
   */
  generated(expression: Sql): ColumnDefinition<Value, Null, "never", Key> {
    assertSql(expression, "the expression of generated()");
    return this.#withDefault({ generated: expression });
  }

  /** Allows each value only once. */
  unique(): ColumnDefinition<Value, Null, Input, Key> {
    return new ColumnDefinition({ ...this.settings, unique: true });
  }

  /**
   * Names it in the database, where its name is not the property's in snake case.
   *
   * @param name The column's name, as it is stored, without quotes.
   */
  name(name: string): ColumnDefinition<Value, Null, Input, Key> {
    return new ColumnDefinition({ ...this.settings, name });
  }

  /**
   * Allows only values that satisfy a condition.
   *
   * @param condition The condition, made with `sql`.
   */
  check(condition: Sql): ColumnDefinition<Value, Null, Input, Key> {
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
    target: () => Column<Value, unknown>,
    options: ReferenceOptions = {},
  ): ColumnDefinition<Value, Null, Input, Key> {
    if (typeof target !== "function") {
      throw refused("references() takes a function that returns a column: references(() => User.id)");
    }
    return new ColumnDefinition({ ...this.settings, references: { ...options, target } });
  }

  /**
   * Checks its values before they are written, besides their type; called again, it adds to what there is.
   *
   * @param validators Built-in ones such as `email()`, your own made with `check()`, or any Standard Schema.
   * @throws {ValidationError} When one is no validator.
   */
  validate(...validators: readonly FieldValidator<Value>[]): ColumnDefinition<Value, Null, Input, Key> {
    assertFieldValidators(validators);
    const all = [...(this.settings.validators ?? []), ...validators as readonly AnyFieldValidator[]];
    return new ColumnDefinition({ ...this.settings, validators: all });
  }

  /** Makes it an array of what it was; called again, an array of arrays. Call it before the other modifiers. */
  array(): ColumnDefinition<readonly Value[], Null, Input, Key> {
    if ("default" in this.settings) throw refused("array() comes after default(); call array() first");
    if (this.settings.validators !== undefined) {
      throw refused("array() comes after validate(); call array() first, and check elements with each()");
    }
    return new ColumnDefinition({ ...this.settings, type: arrayType(this.settings.type) });
  }

  #withDefault<Next extends ColumnInput>(
    source: Pick<ColumnSettings, "default" | "generated" | "identity">,
  ): ColumnDefinition<Value, Null, Next, Key> {
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

const NOW: Sql = new Sql(["now()"], []);

function refused(problem: string): ValidationError {
  return new ValidationError("a column definition", problem);
}
