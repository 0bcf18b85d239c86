/**
 * The conditions of writes: which rows they are about.
 *
 * @module
 */
import { assertSql, Sql } from "../../pool/sql/sql.ts";
import type { AnyColumn } from "../building/column.ts";
import { template } from "../building/composition.ts";
import { Expression } from "../building/expression.ts";
import { OwnSql } from "../building/traits.ts";
import { type Table, unknownColumn } from "../definition/table.ts";

/** A fragment of the caller's may hold an `or`. */
const WHOLE = template("(", ")");

/** A condition as callers give it: an expression, or values that columns are equal to. */
export type GivenCondition = Sql | Readonly<Record<string, unknown>>;

/**
 * The expressions of a condition.
 *
 * @param table The table whose columns an object's properties are.
 * @param condition The condition; where a value of an object is null, the column is null.
 * @param subject What errors call it.
 * @returns None for a condition that names no row: `{}`, `and()`, `sql`true``.
 * @throws {ValidationError} When it is none, or a value is undefined or of the wrong kind.
 */
export function conditionsOf(table: Table, condition: GivenCondition, subject: string): readonly Sql[] {
  if (condition instanceof Sql || !isPlainObject(condition)) {
    assertSql(condition, subject);
    if (isAlwaysTrue(condition)) return [];
    if (condition instanceof Expression) return [condition];
    const composed = WHOLE.of([condition]);
    return [new OwnSql(composed.strings, composed.values, composed)];
  }
  return Object.entries(condition).map(([property, value]) => {
    const column = table.columns.get(property);
    if (column === undefined) throw unknownColumn(table, property);
    return value === null ? column.isNull() : column.eq(value);
  });
}

/** What is left of a list of conditions that turned out to be empty. */
const ALWAYS_TRUE = /^(?:[()\s]|\btrue\b|\band\b|\bnot \(false\))*$/i;

/** Whether a condition is true of every row, by its text: a write of every row is to say so, with `all()`. */
function isAlwaysTrue({ strings }: Sql): boolean {
  return strings.length === 1 && ALWAYS_TRUE.test(strings[0]);
}

/** The conditions that columns are equal to values. */
export function equal(columns: readonly AnyColumn[], values: readonly unknown[]): readonly Sql[] {
  return columns.map((column, index) => column.eq(values[index]));
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
