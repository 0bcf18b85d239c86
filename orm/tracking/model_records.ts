/**
 * How records of a model begin.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import type { GivenValues } from "../executing/input.ts";
import { LifeRecordObject } from "./life_record.ts";
import { type FromJsonOptions, valuesOfJson } from "./record_json.ts";
import type { ModelRecords } from "./record_types.ts";
import type { RecordHome } from "./record_writes.ts";

/** The names of a model's methods that make records, which no column can have. */
export const RECORD_METHODS: readonly (keyof ModelRecords<never, never>)[] = ["record", "edit", "fromJSON"];

/** A new record. */
export function newRecord(
  home: RecordHome,
  executor: Executor | undefined,
  values: GivenValues = {},
): LifeRecordObject {
  return new LifeRecordObject(home, executor).set(values);
}

/** A record of a row. */
export function recordOfRow(
  home: RecordHome,
  executor: Executor | undefined,
  row: unknown,
): LifeRecordObject {
  return LifeRecordObject.of(home, executor, row);
}

/** A record of values that came as JSON. */
export function recordOfJson(
  home: RecordHome,
  executor: Executor | undefined,
  given: { readonly json: unknown; readonly options?: FromJsonOptions | undefined },
): LifeRecordObject {
  const options = given.options ?? {};
  const values = valuesOfJson(home.table, given.json, options);
  return options.stored === true ? recordOfRow(home, executor, values) : newRecord(home, executor, values);
}
