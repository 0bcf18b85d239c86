/**
 * The codecs: PostgreSQL's types as JavaScript values and back. Every type has both wire formats, and nothing is lost
 * unseen: what no JavaScript value can hold is an error, or a value class of our own.
 *
 * | PostgreSQL | JavaScript | also taken as a parameter |
 * |---|---|---|
 * | `bool` | boolean | |
 * | `int2`, `int4`, `oid`, `xid`, `cid` | number | bigint |
 * | `int8` | bigint (`int8: "number"` or `"string"`) | safe integer, decimal string |
 * | `xid8` | bigint | safe integer, decimal string |
 * | `float4`, `float8` | number; a `float4` is the exact value of its 32 bits | |
 * | `numeric` | string (`numeric: "number"`) | number, bigint |
 * | `text`, `varchar`, `bpchar`, `name`, `citext`, `xml`, enums | string | |
 * | `"char"` | string: `""` for zero, `"\\377"` above 127 | |
 * | `money`, `tsvector`, `tsquery`, `regclass` and its kin, `aclitem`, snapshots | string, as printed | |
 * | `bytea` | Uint8Array | Buffer, ArrayBuffer, any view |
 * | `uuid` | string | with braces, without hyphens, in capitals |
 * | `json`, `jsonb` | parsed; JSON's null is SQL's NULL | anything `JSON.stringify` writes without loss |
 * | `jsonpath`, `ltree`, `lquery`, `ltxtquery` | string | |
 * | `date` | Temporal.PlainDate (`dates: "Date"`: midnight UTC; `"string"`) | Date (its day in UTC), ISO string |
 * | `time` | Temporal.PlainTime, or the string `"24:00:00"` (otherwise string) | ISO string |
 * | `timetz` | string with an offset | |
 * | `timestamp` | Temporal.PlainDateTime (Date read in UTC, cut to milliseconds; string) | Date, ISO string without offset |
 * | `timestamptz` | Temporal.Instant (Date, cut to milliseconds; string in UTC) | ZonedDateTime, Date, ISO string with offset |
 * | `interval` | Temporal.Duration; {@link Interval} where signs differ (otherwise string) | string |
 * | `infinity` of dates and times | the number `Infinity`, `-Infinity` (`"string"`: `"infinity"`) | the string |
 * | `inet`, `cidr`, `macaddr`, `macaddr8` | string, as printed | |
 * | `bit`, `varbit` | string of `0` and `1` | |
 * | `point`, `line`, `lseg`, `box`, `path`, `polygon`, `circle` | plain objects: {@link Point} … | |
 * | arrays | nested arrays; {@link PgArray} for lower bounds other than 1 | typed arrays |
 * | ranges, multiranges | {@link Range}, arrays of it | |
 * | composites, row types | plain objects | |
 * | `record` | array of values | |
 * | domains | as their base type | |
 * | `hstore` | plain object of strings and nulls | Map |
 * | `vector`, `halfvec` | array of numbers | Float32Array, Float64Array |
 * | `sparsevec` | {@link SparseVector} | |
 * | `geometry`, `geography` | {@link Geometry} | EWKB bytes or their hexadecimal text |
 * | `tid`, `pg_lsn` | string | |
 * | `int2vector`, `oidvector` | array of numbers | |
 * | `void` | undefined | |
 * | anything else | string, as printed | |
 *
 * Nanoseconds are rounded to microseconds. On servers before 17, which have no infinite intervals, the interval with
 * every field at its limit reads as `Infinity`.
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
