/**
 * Records as JSON and back: what JSON has no type for is a string, which the column's type reads again.
 *
 * @module
 */
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { type ModelIssue, ModelValidationError } from "../behaviour/model_validation_error.ts";
import type { AnyColumn } from "../building/column.ts";
import { whyNotWritten } from "../definition/column_input.ts";
import type { ColumnDefinitions } from "../definition/row_types.ts";
import type { Table } from "../definition/table.ts";
import type { GivenValues } from "../executing/input.ts";
import { checkOptions } from "../writing/write_options.ts";
import { jsonValue, MALFORMED, valueOfJson } from "./json_value.ts";

/** A record's values as JSON holds them. */
export type RecordJson<Columns extends ColumnDefinitions> = {
  readonly [Property in keyof Columns]?: unknown;
};

/** How JSON becomes a record. */
export interface FromJsonOptions {
  /** What happens to properties that are no columns: `"ignore"` leaves them out. Default `"error"`. */
  readonly unknown?: "error" | "ignore";
  /**
   * Whether it is the JSON of a row that is there, as `toJSON()` of a record made it: generated columns are taken over
   * too, and nothing of it is a change. Only for JSON you trust. Default false: a new record.
   */
  readonly stored?: boolean;
}

const OPTIONS: readonly (keyof FromJsonOptions)[] = ["unknown", "stored"];

/** The values of a record as JSON holds them, in the columns' order; without those that are not known. */
export function jsonOf(table: Table, valueOf: (property: string) => unknown): GivenValues {
  const json: Record<string, unknown> = {};
  for (const [property, { settings }] of table.columns) {
    const value = valueOf(property);
    if (value !== undefined) json[property] = jsonValue(settings.type, value);
  }
  return json;
}

/**
 * Reads values from JSON.
 *
 * @param table The model's table.
 * @param json What was parsed.
 * @param options See {@link FromJsonOptions}.
 * @returns The values by property.
 * @throws {ModelValidationError} When there is anything wrong with them.
 */
export function valuesOfJson(table: Table, json: unknown, options: FromJsonOptions): GivenValues {
  const subject = `fromJSON() of model "${table.name}"`;
  checkOptions(options, OPTIONS, subject);
  const { unknown = "error", stored = false } = options;
  if (unknown !== "error" && unknown !== "ignore") {
    throw new ValidationError(`option "unknown" of ${subject}`, 'it is unknown; use "error" or "ignore"');
  }
  const refusal = `the JSON of model "${table.name}"`;
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    const message = `must be an object, not ${kindOf(json)}`;
    throw new ModelValidationError(refusal, [{ path: [], code: "type", message }]);
  }
  const issues: ModelIssue[] = [];
  const values: Record<string, unknown> = {};
  for (const [property, value] of Object.entries(json)) {
    const column = table.columns.get(property);
    if (column === undefined) {
      if (unknown === "error") issues.push(unknownProperty(table, property));
      continue;
    }
    const result = readValue(column, value, stored);
    if ("issue" in result) issues.push({ path: [property], ...result.issue });
    else values[property] = result.value;
  }
  if (stored) {
    for (const { property } of table.key) {
      if (!Object.hasOwn(json, property)) {
        issues.push({ path: [property], code: "required", message: "must be given" });
      }
    }
  }
  if (issues.length > 0) throw new ModelValidationError(refusal, issues);
  return values;
}

type Reading = { readonly value: unknown } | { readonly issue: Omit<ModelIssue, "path"> };

function readValue(column: AnyColumn, json: unknown, stored: boolean): Reading {
  const { type, nullable } = column.settings;
  const reason = stored ? undefined : whyNotWritten(column.settings);
  if (reason !== undefined) {
    return { issue: { code: "readOnly", message: "must be left out, since it cannot be written" } };
  }
  if (json === null) {
    if (nullable === true) return { value: null };
    return { issue: { code: "required", message: "must not be null" } };
  }
  const value = valueOfJson(type, json);
  if (value !== MALFORMED && column.refuse(value) === undefined) return { value };
  return { issue: { code: "type", message: `must be ${type.expected}` } };
}

function unknownProperty(table: Table, property: string): ModelIssue {
  const near = nearestWord(property, [...table.columns.keys()]);
  return {
    path: [property],
    code: "unknown",
    message: near === undefined ? "must be left out, since it is unknown" : `must be called "${near}"`,
  };
}
