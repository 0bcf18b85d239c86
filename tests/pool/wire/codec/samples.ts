/**
 * For every type, the values it decodes to in the default modes, as fast-check arbitraries: what a codec is given
 * must come back equal, in both formats, by itself and through a server.
 */
import fc from "fast-check";
import { Interval } from "../../../../pool/wire/codec/mod.ts";

/** A type's name in SQL, and its values. */
export interface Sample {
  /** The name by which SQL calls the type. */
  readonly type: string;
  /** Values the type decodes to. */
  readonly values: fc.Arbitrary<unknown>;
  /** The extension the type comes from. */
  readonly extension?: string;
  /** The first version of PostgreSQL that has the type, where that is not 13. */
  readonly since?: number;
  /** Whether the server has no equality of its own for it; texts are compared anyway. */
  readonly array?: false;
}

const DAY_MICROS = 86_400_000_000;
const integer = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const bigint = (min: bigint, max: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min, max });
/** Text that PostgreSQL can hold: no NUL, no lone surrogates. */
export const text: fc.Arbitrary<string> = fc.string({ unit: "binary", maxLength: 40 })
  .map((value) => value.replaceAll("\0", "").toWellFormed());
const float8 = fc.double();
const infinities = fc.constantFrom(Infinity, -Infinity);
const mostly = <Value>(usual: fc.Arbitrary<Value>, rare: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: rare });

/** A decimal as PostgreSQL prints it. */
const decimal = fc.tuple(
  fc.constantFrom("", "-"),
  fc.stringMatching(/^(0|[1-9][0-9]{0,40})$/),
  fc.stringMatching(/^([0-9]{1,30})?$/),
).map(([sign, whole, fraction]) => {
  const digits = fraction === "" ? whole : `${whole}.${fraction}`;
  return /[1-9]/.test(digits) ? sign + digits : digits;
});
const epochNanoseconds = bigint(-210_866_803_200_000_000n, 8_640_000_000_000_000_000n - 1n)
  .map((micros) => micros * 1_000n);
const instant = epochNanoseconds.map((nanoseconds) => new Temporal.Instant(nanoseconds));
const plainDateTime = instant.map((value) => value.toZonedDateTimeISO("UTC").toPlainDateTime());
const plainDate = plainDateTime.map((value) => value.toPlainDate());
const plainTime = integer(0, DAY_MICROS - 1).map((micros) => {
  const seconds = Math.floor(micros / 1_000_000);
  return new Temporal.PlainTime(
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    seconds % 60,
    Math.floor(micros / 1_000) % 1_000,
    micros % 1_000,
  );
});
const two = (value: number): string => String(value).padStart(2, "0");
const timetz = fc.tuple(plainTime, integer(-57_599, 57_599)).map(([time, offset]) => {
  const size = Math.abs(offset);
  const clock = time.toString().replace(/(\.\d*?)0*$/, "$1").replace(/\.$/, "");
  const minutes = Math.floor(size / 60) % 60;
  let zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}`;
  if (minutes !== 0 || size % 60 !== 0) zone += `:${two(minutes)}`;
  return clock + zone + (size % 60 === 0 ? "" : `:${two(size % 60)}`);
});
const duration = fc.tuple(
  fc.constantFrom(1, -1),
  integer(0, 178_000_000),
  integer(0, 11),
  integer(0, 2_147_483_647),
  bigint(0n, 9_000_000_000_000_000_000n),
).map(([sign, years, months, days, micros]) => {
  const seconds = Number(micros / 1_000_000n);
  const fraction = Number(micros % 1_000_000n);
  const parts = [
    years,
    months,
    0,
    days,
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60) % 60,
    seconds % 60,
    Math.floor(fraction / 1000),
    fraction % 1000,
  ].map((part) => part * sign) as [number, number, number, number, number, number, number, number, number];
  return new Temporal.Duration(...parts);
});
const mixedInterval = fc.record({
  months: integer(1, 2_147_483_647),
  days: integer(-2_147_483_648, -1),
  microseconds: bigint(-9_000_000_000_000_000_000n, 9_000_000_000_000_000_000n),
}).map((parts) => new Interval(parts));
const json = fc.jsonValue({ depthSize: "small" }).filter((value) => value !== null)
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll("\\u0000", "").replace(/\\ud[89a-f]../g, "")))
  .filter((value) => value !== null);
const bytes = fc.uint8Array({ maxLength: 64 });

/** The scalar types. */
export const SAMPLES: readonly Sample[] = [
  { type: "bool", values: fc.boolean() },
  { type: "int2", values: integer(-32_768, 32_767) },
  { type: "int4", values: integer(-2_147_483_648, 2_147_483_647) },
  { type: "int8", values: bigint(-(2n ** 63n), 2n ** 63n - 1n) },
  { type: "oid", values: integer(0, 4_294_967_295) },
  { type: "xid", values: integer(0, 4_294_967_295) },
  { type: "cid", values: integer(0, 4_294_967_295) },
  { type: "xid8", values: bigint(0n, 2n ** 64n - 1n) },
  { type: "float4", values: fc.float() },
  { type: "float8", values: float8 },
  { type: "numeric", values: mostly(decimal, fc.constant("NaN")) },
  { type: "text", values: text },
  { type: "varchar", values: text },
  { type: "bpchar", values: text },
  { type: "name", values: fc.stringMatching(/^[a-zäöü ]{0,30}$/) },
  { type: '"char"', values: integer(0, 127).map((byte) => byte === 0 ? "" : String.fromCharCode(byte)) },
  { type: "uuid", values: fc.uuid() },
  { type: "json", values: json },
  { type: "jsonb", values: json },
  { type: "bytea", values: bytes },
  { type: "date", values: mostly(plainDate, infinities) },
  { type: "time", values: mostly(plainTime, fc.constant("24:00:00")) },
  { type: "timetz", values: timetz },
  { type: "timestamp", values: mostly(plainDateTime, infinities) },
  { type: "timestamptz", values: mostly(instant, infinities) },
  { type: "interval", values: fc.oneof(duration, mixedInterval) },
];
