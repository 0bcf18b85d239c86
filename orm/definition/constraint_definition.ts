/**
 * Constraints of a table as a model declares them, where one column's modifiers do not say enough.
 *
 * @module
 */
import { assertSql, Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { type AnyColumn, Column } from "../building/column.ts";
import type { Deferral, ReferenceOptions, UniqueOptions } from "./column_settings.ts";
import { checkReference } from "./reference_options.ts";

/** A constraint of a table, as a plain record. */
export type ConstraintDefinition =
  | UniqueConstraint
  | CheckConstraint
  | ForeignKeyConstraint
  | ExclusionConstraint;

/** Several columns whose values together are unique. */
export interface UniqueConstraint extends UniqueOptions {
  /** Tells the kinds apart. */
  readonly kind: "unique";
  /** The columns. */
  readonly columns: readonly AnyColumn[];
  /** Whether it can be checked at the end of a transaction. */
  readonly deferrable?: Deferral;
}

/** A condition every row satisfies. */
export interface CheckConstraint {
  /** Tells the kinds apart. */
  readonly kind: "check";
  /** The condition. */
  readonly condition: Sql;
  /** Its name. */
  readonly name?: string;
}

/** Several columns that refer to a row of a table. */
export interface ForeignKeyConstraint extends ReferenceOptions {
  /** Tells the kinds apart. */
  readonly kind: "foreign key";
  /** The columns. */
  readonly columns: readonly AnyColumn[];
  /** The columns referred to, called late, so that models may refer to each other. */
  readonly target: () => readonly Sql[];
  /** Whether it can be checked at the end of a transaction. */
  readonly deferrable?: Deferral;
}

/** Rows no two of which may have all of some things in common. */
export interface ExclusionConstraint {
  /** Tells the kinds apart. */
  readonly kind: "exclude";
  /** What is compared, and the operator. */
  readonly elements: readonly (readonly [expression: Sql, operator: string])[];
  /** The index' access method. */
  readonly method: string;
  /** Which rows it is about. */
  readonly where?: Sql;
  /** Its name. */
  readonly name?: string;
  /** Whether it can be checked at the end of a transaction. */
  readonly deferrable?: Deferral;
}

/** The options of a unique constraint over several columns. */
export interface UniqueConstraintOptions extends UniqueOptions {
  /** Whether it can be checked at the end of a transaction. */
  readonly deferrable?: Deferral;
}

/** The options of a foreign key over several columns. */
export interface ForeignKeyOptions extends ReferenceOptions {
  /** Whether it can be checked at the end of a transaction. */
  readonly deferrable?: Deferral;
}

/** The options of an exclusion constraint. */
export interface ExclusionOptions {
  /** The index' access method. Default `"gist"`. */
  readonly using?: string;
  /** Which rows it is about. Default: all. */
  readonly where?: Sql;
  /** Its name. Default: PostgreSQL's choice. */
  readonly name?: string;
  /** Whether it can be checked at the end of a transaction. */
  readonly deferrable?: Deferral;
}

/** The functions that make constraints. */
export interface ConstraintBuilders {
  /**
   * Columns whose values together are unique.
   *
   * @param columns The columns.
   * @param options See {@link UniqueConstraintOptions}.
   */
  unique(columns: readonly AnyColumn[], options?: UniqueConstraintOptions): UniqueConstraint;
  /**
   * A condition every row satisfies.
   *
   * @param condition The condition; its values become literals.
   * @param options The constraint's name.
   */
  check(condition: Sql, options?: { readonly name?: string }): CheckConstraint;
  /**
   * Columns that together refer to a row of a table.
   *
   * @param columns The columns.
   * @param target A function that returns the columns referred to.
   * @param options See {@link ForeignKeyOptions}.
   */
  foreignKey(
    columns: readonly AnyColumn[],
    target: () => readonly Sql[],
    options?: ForeignKeyOptions,
  ): ForeignKeyConstraint;
  /**
   * Excludes rows that have all of some things in common.
   *
   * @param elements Pairs of a column or an expression and the operator that compares it: `[t.during, "&&"]`.
   * @param options See {@link ExclusionOptions}.
   */
  exclude(
    elements: readonly (readonly [expression: Sql, operator: string])[],
    options?: ExclusionOptions,
  ): ExclusionConstraint;
}

/**
 * Makes constraints over several columns, for the option `constraints` of a model.
 *
 * @example
 * ```ts
 * import { column, constraint, createTablesSQL, model } from "@lifeguard/core";
 * const Seat = model("seats", { hall: column.integer().primaryKey(), place: column.integer().primaryKey() });
 * const Ticket = model("tickets", { id: column.identity().primaryKey(), hall: column.integer(), place: column.integer() }, {
 *   constraints: (t) => [
 *     constraint.foreignKey([t.hall, t.place], () => [Seat.hall, Seat.place], { onDelete: "cascade" }),
 *     constraint.unique([t.hall, t.place]),
 *   ],
 * });
 * const [, tickets] = createTablesSQL([Ticket, Seat]);
 * console.assert(tickets.text.includes(
 *   'foreign key ("hall", "place") references "seats" ("hall", "place") on delete cascade',
 * ));
 * ```
 */
export const constraint: ConstraintBuilders = {
  unique: (columns, options = {}) => ({
    kind: "unique",
    columns: checkColumns("a unique constraint", columns),
    ...options,
  }),
  check(condition, options = {}) {
    assertSql(condition, "the condition of a check constraint");
    return { kind: "check", condition, ...options };
  },
  foreignKey(columns, target, options = {}) {
    if (typeof target !== "function") {
      throw new ValidationError(
        "a foreign key",
        "what it refers to is no function; give () => [Other.a, Other.b]",
      );
    }
    checkReference(options);
    return { kind: "foreign key", columns: checkColumns("a foreign key", columns), target, ...options };
  },
  exclude(elements, { using = "gist", ...options } = {}) {
    const subject = "an exclusion constraint";
    if (!Array.isArray(elements) || elements.length === 0) {
      throw new ValidationError(subject, "it has no elements; give a list of [column, operator]");
    }
    for (const [expression, operator] of elements) {
      if (!(expression instanceof Sql)) {
        throw new ValidationError(subject, `an element is ${kindOf(expression)}; give a column of the model`);
      }
      if (!OPERATOR.test(operator)) {
        throw new ValidationError(subject, 'an operator is none; give one such as "=" or "&&"');
      }
    }
    return { kind: "exclude", elements: [...elements], method: using, ...options };
  },
};

/** The characters of an operator: https://www.postgresql.org/docs/18/sql-syntax-lexical.html#SQL-SYNTAX-OPERATORS */
const OPERATOR = /^(?!.*(--|\/\*))[+\-*/<>=~!@#%^&|`?]+$/;

function checkColumns(subject: string, columns: readonly AnyColumn[]): readonly AnyColumn[] {
  if (!Array.isArray(columns) || columns.length === 0) {
    throw new ValidationError(subject, "it has no columns; give a list of them");
  }
  for (const column of columns) {
    if (!(column instanceof Column)) {
      throw new ValidationError(
        subject,
        `one of its columns is ${kindOf(column)}; give columns of the model`,
      );
    }
  }
  return [...columns];
}
