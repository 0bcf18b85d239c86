/**
 * For every type, the values it decodes to in the default modes, as fast-check arbitraries: what a codec is given
 * must come back equal, in both formats, by itself and through a server.
 */
import fc from "fast-check";
import {
  Geometry,
  Interval,
  Range,
  type RangeBounds,
  SparseVector,
} from "../../../../pool/wire/codec/mod.ts";
import { fromHalf } from "../../../../pool/wire/codec/half_float.ts";
import { formatAddress } from "../../../../pool/wire/codec/internet_address.ts";

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
  /** False where arrays of the type are not tested. */
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

const unsigned = integer(0, 4_294_967_295);
const upperHex = (value: number): string => value.toString(16).toUpperCase();
const bits = fc.stringMatching(/^[01]{1,20}$/);
const pair = (byte: number): string => byte.toString(16).padStart(2, "0");
const mac = (size: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((value) => [...value].map(pair).join(":"));
/** Addresses whose shortest form has something to shorten. */
const address = (size: 4 | 16): fc.Arbitrary<Uint8Array> =>
  fc.array(fc.oneof(fc.constant(0), fc.constant(255), integer(0, 255)), { minLength: size, maxLength: size })
    .map((value) => Uint8Array.from(value));
const inet = (size: 4 | 16): fc.Arbitrary<string> =>
  fc.tuple(address(size), integer(0, size * 8))
    .map(([value, prefix]) => formatAddress(value) + (prefix === size * 8 ? "" : `/${prefix}`));
const cidr = (size: 4 | 16): fc.Arbitrary<string> =>
  fc.tuple(address(size), integer(0, size)).map(([value, whole]) => {
    value.fill(0, whole);
    return `${formatAddress(value)}/${whole * 8}`;
  });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 }).map((value) =>
  value + 0
);
const point = fc.record({ x: finite, y: finite });
const points = fc.array(point, { minLength: 1, maxLength: 5 });
const sortedBox = ([x1, y1, x2, y2]: number[]) => ({
  high: { x: Math.max(x1, x2), y: Math.max(y1, y2) },
  low: { x: Math.min(x1, x2), y: Math.min(y1, y2) },
});
const word = fc.stringMatching(/^[a-z]{1,8}$/);
const label = fc.stringMatching(/^[a-z]{1,8}$/);
/** Ranges in the form the server normalizes them to; `bounds` where that is fixed. */
function range<Value>(
  values: fc.Arbitrary<Value>,
  compare: (left: Value, right: Value) => number,
  bounds?: RangeBounds,
): fc.Arbitrary<Range<Value>> {
  const full = fc.tuple(values, values, fc.constantFrom<RangeBounds>("[)", "(]", "[]", "()"))
    .filter(([left, right]) => compare(left, right) !== 0)
    .map(([left, right, any]) => {
      const [lower, upper] = compare(left, right) < 0 ? [left, right] : [right, left];
      return new Range<Value>(lower, upper, { bounds: bounds ?? any });
    });
  const half = values.chain((value) =>
    fc.constantFrom(new Range<Value>(value, null), new Range<Value>(null, value))
  );
  return fc.oneof(full, half, fc.constantFrom(Range.empty<Value>(), new Range<Value>(null, null)));
}
const multirange = fc.uniqueArray(integer(-1_000, 1_000), { maxLength: 8 }).map((values) => {
  const sorted = values.sort((left, right) => left - right);
  const ranges: Range<number>[] = [];
  for (let at = 0; at + 1 < sorted.length; at += 2) ranges.push(new Range(sorted[at], sorted[at + 1]));
  return ranges;
});
const float4 = fc.float({ noNaN: true, noDefaultInfinity: true });
const half = integer(0, 0xffff).map(fromHalf).filter(Number.isFinite);
const sparse = fc.uniqueArray(integer(0, 99), { maxLength: 5 }).map((indices) =>
  new SparseVector(100, {
    indices: indices.sort((left, right) => left - right),
    values: indices.map((index) => index + 0.5),
  })
);
/** A point as PostGIS writes it, in EWKB; `srid` 0 is written as none. */
function ewkbPoint(x: number, y: number, srid: number): Geometry {
  const bytes = new Uint8Array(srid === 0 ? 21 : 25);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint32(1, srid === 0 ? 1 : 0x2000_0001, true);
  if (srid !== 0) view.setUint32(5, srid, true);
  view.setFloat64(bytes.length - 16, x, true);
  view.setFloat64(bytes.length - 8, y, true);
  return new Geometry(bytes);
}
const geometry = fc.tuple(finite, finite, fc.constantFrom(0, 4326)).map(([x, y, srid]) =>
  ewkbPoint(x, y, srid)
);
/** PostGIS gives every geography a reference system, and wants degrees. */
const geography = fc.tuple(integer(-179, 179), integer(-89, 89)).map(([x, y]) => ewkbPoint(x + 0.5, y, 4326));

/** The types, by the names SQL has for them. */
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
  { type: "xml", values: fc.stringMatching(/^<a>[a-z0-9]{0,9}<\/a>$/) },
  { type: "jsonpath", values: fc.stringMatching(/^\$\."[a-z]{1,9}"(\[[0-9]\])?$/) },
  { type: "money", values: integer(0, 99_999).map((cents) => `$${(cents / 100).toFixed(2)}`) },
  { type: "tid", values: fc.tuple(integer(0, 4_294_967_295), integer(0, 65_535)).map((pair) => `(${pair})`) },
  { type: "pg_lsn", values: fc.tuple(unsigned, unsigned).map((halves) => halves.map(upperHex).join("/")) },
  { type: "int2vector", values: fc.array(integer(-32_768, 32_767), { maxLength: 9 }), array: false },
  { type: "oidvector", values: fc.array(unsigned, { maxLength: 9 }), array: false },
  { type: "refcursor", values: text },
  { type: "bit varying", values: bits },
  { type: "bit(8)", values: fc.stringMatching(/^[01]{8}$/) },
  { type: "inet", values: fc.oneof(inet(4), inet(16)) },
  { type: "cidr", values: fc.oneof(cidr(4), cidr(16)) },
  { type: "macaddr", values: mac(6) },
  { type: "macaddr8", values: mac(8) },
  { type: "point", values: point },
  { type: "line", values: fc.record({ a: fc.constant(1), b: finite, c: finite }) },
  { type: "lseg", values: fc.record({ start: point, end: point }) },
  { type: "box", values: fc.tuple(finite, finite, finite, finite).map(sortedBox) },
  { type: "path", values: fc.record({ closed: fc.boolean(), points }) },
  { type: "polygon", values: fc.record({ points }) },
  { type: "circle", values: fc.record({ center: point, radius: finite.map(Math.abs) }) },
  {
    type: "tsvector",
    values: fc.uniqueArray(word).map((words) => words.sort().map((one) => `'${one}'`).join(" ")),
  },
  { type: "tsquery", values: fc.tuple(word, word).map(([left, right]) => `'${left}' & !'${right}'`) },
  { type: "regclass", values: fc.constantFrom("pg_class", "pg_type") },
  { type: "regtype", values: fc.constantFrom("integer", "text") },
  { type: "regproc", values: fc.constantFrom("pg_backend_pid", "array_in") },
  { type: "regprocedure", values: fc.constantFrom("pg_backend_pid()", "abs(integer)") },
  { type: "regoper", values: fc.constantFrom("|/", "||/") },
  { type: "regoperator", values: fc.constantFrom("+(integer,integer)", "||(text,text)") },
  { type: "regconfig", values: fc.constantFrom("simple", "english") },
  { type: "regdictionary", values: fc.constant("simple") },
  { type: "regnamespace", values: fc.constantFrom("pg_catalog", "public") },
  { type: "regrole", values: fc.constant("pg_monitor") },
  { type: "regcollation", values: fc.constantFrom('"C"', '"POSIX"') },
  { type: "aclitem", values: fc.constantFrom("=r/pg_monitor", "pg_monitor=arw/pg_monitor") },
  { type: "txid_snapshot", values: integer(10, 99).map((value) => `${value}:${value + 3}:${value + 1}`) },
  { type: "pg_snapshot", values: integer(10, 99).map((value) => `${value}:${value + 3}:${value + 1}`) },
  { type: "int4range", values: range(integer(-1_000_000, 1_000_000), (left, right) => left - right, "[)") },
  {
    type: "int8range",
    values: range(bigint(-(2n ** 60n), 2n ** 60n), (left, right) => Number(left - right), "[)"),
  },
  {
    type: "numrange",
    values: range(integer(-1_000, 1_000).map(String), (left, right) => Number(left) - Number(right)),
  },
  { type: "tsrange", values: range(plainDateTime, Temporal.PlainDateTime.compare) },
  { type: "tstzrange", values: range(instant, Temporal.Instant.compare) },
  { type: "daterange", values: range(plainDate, Temporal.PlainDate.compare, "[)") },
  { type: "int4multirange", values: multirange, since: 14 },
  {
    type: "hstore",
    values: fc.dictionary(text, fc.option(text), { maxKeys: 5 }).map((value) => ({ ...value })),
    extension: "hstore",
  },
  { type: "citext", values: text, extension: "citext" },
  { type: "ltree", values: label, extension: "ltree" },
  { type: "lquery", values: label, extension: "ltree" },
  { type: "ltxtquery", values: label, extension: "ltree" },
  { type: "vector", values: fc.array(float4, { minLength: 1, maxLength: 9 }), extension: "vector" },
  { type: "halfvec", values: fc.array(half, { minLength: 1, maxLength: 9 }), extension: "vector" },
  { type: "sparsevec", values: sparse, extension: "vector" },
  { type: "geometry", values: geometry, extension: "postgis" },
  { type: "geography", values: geography, extension: "postgis" },
];

/** The name by which the catalog calls a built-in type. */
export function catalogName(type: string): string {
  return type === "bit varying" ? "varbit" : type.replace(/"|\(\d+\)/g, "");
}
