/**
 * Records: rows that are being worked on, one by one or as a unit of work.
 *
 * @module
 */
export type {
  LifeRecord,
  ModelRecords,
  RecordAccessors,
  RecordValues,
  Settable,
  SettableProperty,
} from "./record_types.ts";
export type { FromJsonOptions, RecordJson } from "./record_json.ts";
export {
  type AnyRecord,
  type RecordOf,
  RecordReference,
  ref,
  type ReferredRecord,
} from "./record_reference.ts";
export type { ValueState } from "./record_state.ts";
export { Session, type SessionChanges, type SessionModel, type SessionOptions } from "./session.ts";
export { type StaleReason, StaleRecordError } from "./stale_record_error.ts";
