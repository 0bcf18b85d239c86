/**
 * The codecs: PostgreSQL's types as JavaScript values and back. Every type has both wire formats, and nothing is lost
 * unseen: what no JavaScript value can hold is an error, or a value class of our own. `docs/types.md` has the table.
 *
 * @module
 */
export * from "./array_value.ts";
export * from "./catalog.ts";
export * from "./codec.ts";
export * from "./custom.ts";
export * from "./geometric_value.ts";
export * from "./geometry_value.ts";
export * from "./interval_value.ts";
export * from "./range_value.ts";
export * from "./registry.ts";
export * from "./sparse_vector.ts";
