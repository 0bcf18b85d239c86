/** The codecs: PostgreSQL's types as JavaScript values and back. @module */
export * from "./array_value.ts";
export * from "./catalog.ts";
export * from "./codec.ts";
export * from "./custom.ts";
export * from "./interval_value.ts";
export * from "./registry.ts";
