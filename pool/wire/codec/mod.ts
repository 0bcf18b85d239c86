/** The codecs: PostgreSQL's types as JavaScript values and back. @module */
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
