/**
 * The codecs: PostgreSQL's types as JavaScript values and back. Every type has both wire formats, and nothing is lost
 * unseen: what no JavaScript value can hold is an error, or a value class of our own. `docs/types.md` has the table.
 *
 * @module
 */
export * from "./array_value.ts";
export { type CodecOptions, DATE_MODES, INT8_MODES, NUMERIC_MODES } from "./codec.ts";
export * from "./custom.ts";
export * from "./geometric_value.ts";
export * from "./geometry_value.ts";
export { Interval, type IntervalParts } from "./interval_value.ts";
export * from "./range_value.ts";
export * from "./sparse_vector.ts";
