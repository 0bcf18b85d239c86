/**
 * Checks what callers give, before anything is sent: each error names the column and what it takes.
 *
 * @module
 */
import { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import { fragmentOf } from "../building/composition.ts";
import { isRequired, whyNotWritten } from "../definition/column_input.ts";
import { type Table, unknownColumn } from "../definition/table.ts";

/**
 * Checks a primary key.
 *
 * @param table The model's table.
 * @param key What was given.
 * @returns The values of the key's columns, in order.
 * @throws {ValidationError} When it is no key of the table.
 */
export function checkKey(table: Table, key: unknown): unknown[] {
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

/** What a record of a write is given: values by property. */
export type GivenValues = Readonly<Record<string, unknown>>;

/**
 * Checks what an insert is given.
 *
 * @param table The model's table.
 * @param values What was given: values, expressions and fragments.
 * @returns The columns given, in the order they are given in.
 * @throws {ValidationError} When a column is unknown, missing, generated, read-only or of the wrong kind.
 */
export function checkInsert(table: Table, values: GivenValues): AnyColumn[] {
  const given = checkGiven(table, values);
  for (const column of table.columns.values()) {
    if (isRequired(column.settings) && !Object.hasOwn(values, column.property) && !isTime(table, column)) {
      throw new ValidationError(column.subject, "it has no default and was not given; give a value");
    }
  }
  return given;
}

/**
 * Checks what an update is given.
 *
 * @param table The model's table.
 * @param values What was given: values, expressions and fragments.
 * @returns The columns given, in the order they are given in.
 * @throws {ValidationError} When nothing is given, or a column is unknown, generated, read-only or of the wrong kind.
 */
export function checkUpdate(table: Table, values: GivenValues): AnyColumn[] {
  const given = checkGiven(table, values, "to keep what it is");
  if (given.length > 0) return given;
  throw new ValidationError(`an update of model "${table.name}"`, "it is given no values; give some");
}

/** Whether a column gets the database's time when an insert does not give it. */
export function isTime(table: Table, column: AnyColumn): boolean {
  return column === table.createdAt || column === table.updatedAt;
}

/** Refuses what is not a record of values. */
export function checkRecord(table: Table, values: unknown): asserts values is GivenValues {
  if (typeof values === "object" && values !== null && !Array.isArray(values)) return;
  throw new ValidationError(
    `the values of model "${table.name}"`,
    `${kindOf(values)} was given; give an object`,
  );
}

function checkGiven(table: Table, values: GivenValues, omission?: string): AnyColumn[] {
  checkRecord(table, values);
  const given: AnyColumn[] = [];
  for (const property of Object.keys(values)) {
    const column = table.columns.get(property);
    if (column === undefined) throw unknownColumn(table, property);
    checkValue(column, values[property], omission);
    given.push(column);
  }
  return given;
}

/**
 * Checks a value that is to be written.
 *
 * @param column Its column.
 * @param value The value, an expression or a fragment.
 * @param omission What leaving the column out is for. Default: for its default.
 * @throws {ValidationError} When the column cannot be given, or not this.
 */
export function checkValue(column: AnyColumn, value: unknown, omission = "for its default"): void {
  const { nullable } = column.settings;
  const reason = whyNotWritten(column.settings);
  if (reason !== undefined) throw new ValidationError(column.subject, `${reason}; leave it out`);
  if (value === undefined) {
    throw new ValidationError(
      column.subject,
      `undefined was given; leave it out ${omission}${nullable === true ? ", or give null" : ""}`,
    );
  }
  if (value === null) {
    if (nullable === true) return;
    throw new ValidationError(column.subject, "null was given and it is not nullable; give a value");
  }
  if (fragmentOf(value) !== undefined) return;
  const refusal = column.refuse(value);
  if (refusal !== undefined) throw refusal;
}
