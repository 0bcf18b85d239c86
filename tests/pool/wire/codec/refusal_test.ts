import assert from "node:assert/strict";
import { Interval, PgArray, Range, SparseVector } from "../../../../pool/wire/codec/mod.ts";
import { ValidationError } from "../../../../pool/wire/errors.ts";
import { test } from "../../../harness.ts";
import { builtinCodec, encoded } from "./wire_form.ts";

const SECRET = "hunter2";
const cycle: Record<string, unknown> = {};
cycle.self = cycle;

/** Values that a type refuses, each with words its message has. */
const REFUSED: Readonly<Record<string, readonly (readonly [unknown, RegExp])[]>> = {
  bool: [["true", /a string was given; give true or false/], [1, /an integer was given/]],
  int2: [[32_768, /give an integer between -32768 and 32767/], [-32_769n, /a bigint was given/]],
  int4: [
    [1.5, /a number with a fraction was given; give an integer between -2147483648 and 2147483647/],
    [2 ** 31, /an integer was given/],
    [NaN, /NaN was given/],
    [[1, 2], /an array was given; .*, or compare with = any\(\$\{…\}\) to give several$/],
    ["1", /a string was given/],
    [2 ** 60, /too large to be an exact integer/],
  ],
  oid: [[-1, /between 0 and 4294967295/], [2 ** 32, /between 0/]],
  int8: [
    [2n ** 63n, /a bigint was given/],
    [2 ** 53, /too large to be an exact integer/],
    ["1.5", /string/],
    ["", /s/],
  ],
  xid8: [[-1n, /between 0 and 2\^64 - 1/]],
  float4: [[1e39, /outside the range of a 32-bit float/], [1e-50, /outside/], [
    "1",
    /a string was given; give a number/,
  ]],
  float8: [["1", /give a number/], [1n, /a bigint was given/]],
  numeric: [["1,5", /not a decimal number/], ["", /not a decimal/], [".", /not a decimal/], [
    true,
    /a boolean was given/,
  ]],
  text: [
    [5, /as String\(value\) makes one, or name the parameter's type in the statement, as in \$\{…\}::int/],
    [SECRET + "\0", /contains a NUL character; remove it, or use bytea/],
    [SECRET + "\ud800", /half of a surrogate pair/],
    [1, /an integer was given; give a string, as String\(value\) makes one/],
    [null, /null was given/],
  ],
  char: [["ab", /not one ASCII character/], ["é", /not one ASCII character/]],
  uuid: [["a0eebc99", /not a UUID/], [SECRET, /not a UUID/], [
    "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    /not a UUID/,
  ]],
  json: [
    [{ a: [1, undefined] }, /undefined was given at \$\.a\[1\]/],
    [{ a: 1n }, /a bigint was given at \$\.a/],
    [{ run: () => SECRET }, /a function was given at \$\.run/],
    [[NaN], /NaN was given at \$\[0\]/],
    [{ a: new Map() }, /an object of class Map was given at \$\.a/],
    [cycle, /an object that contains itself was given at \$\.self/],
    [() => 1, /a function was given at \$/],
    [Symbol("s"), /a symbol was given at \$/],
    [{ toJSON: () => undefined }, /toJSON\(\) returns nothing/],
  ],
  bytea: [[SECRET, /a string was given; give a Uint8Array/], [[1, 2], /an array was given/]],
  date: [
    ["2024-02-30", /not an ISO date/],
    ["29.02.2024", /not an ISO date/],
    [new Date(NaN), /an invalid Date was given/],
    ["-004800-01-01", /outside PostgreSQL's range/],
    [0, /an integer was given/],
  ],
  time: [["25:00", /not a time of day/], ["24:00:01", /not a time/], ["12:00+02", /without an offset/]],
  timetz: [["12:00", /with an offset/], [12, /an integer/]],
  timestamp: [["2024-01-01T00:00:00Z", /has an offset from UTC, which this type would drop/], [
    "now",
    /not an ISO/,
  ]],
  timestamptz: [
    ["2024-01-01T00:00:00", /has no offset from UTC; add one/],
    [
      Temporal.PlainDateTime.from("2024-01-01T00:00"),
      /an object of class PlainDateTime was given; give a Temporal.Instant/,
    ],
    [Temporal.Instant.fromEpochMilliseconds(-8.64e15), /outside PostgreSQL's range/],
  ],
  interval: [["soon", /not an interval/], ["1.5 hours", /not an interval/], [60, /an integer was given/], [
    "",
    /not an/,
  ]],
  inet: [["300.1.1.1", /not an IPv4 or IPv6 address/], ["1.2.3.4/33", /prefix is longer/], [
    "1::2::3",
    /not an/,
  ], [":1", /not/]],
  macaddr: [["08:00:2b:01:02", /not an address of 6 bytes/], [SECRET, /not an address/]],
  varbit: [["012", /other characters than 0 and 1/]],
  point: [[[1, 2], /give \{ x, y \}/], [{ x: 1 }, /a plain object was given/]],
  path: [[{ points: [] }, /give \{ closed, points/]],
  polygon: [[{ points: [{ x: "1", y: 1 }] }, /give \{ points/]],
  tid: [["0,1", /not a block and a row/], ["(0,70000)", /not a block/]],
  pg_lsn: [["16-B3", /not two hexadecimal numbers/]],
  int4range: [["[1,2)", /give a Range, as in new Range\(1, 10\)/], [
    new Range(1.5, 2),
    /type int4: a number with a fraction/,
  ]],
  int4multirange: [[new Range(1, 2), /give an array of Range/]],
  record: [[[1], /takes no anonymous records/]],
  _int4: [
    [1, /type _int4: an integer was given; give an array/],
    [[1, undefined], /type int4: element 2: undefined was given/],
    [[[1, 2], [3]], /inner arrays differ in length/],
    [[[1], 2], /inner arrays differ in length/],
    [[[]], /an inner array is empty/],
    [[[[[[[[1]]]]]]], /nested too deeply/],
    [new Set([1]), /an object of class Set was given/],
  ],
};

for (const [type, values] of Object.entries(REFUSED)) {
  test(`Codec of ${type} refuses what its type does not take, in both formats, without printing it`, () => {
    const codec = builtinCodec(type);
    for (const [value, words] of [...values, [undefined, /undefined was given; give null/] as const]) {
      for (const encode of [() => encoded(codec, value), () => codec.encodeText(value)]) {
        assert.throws(encode, (error: unknown) => {
          assert.ok(error instanceof ValidationError, `${type} ${String(value)}: ${error}`);
          assert.match(error.message, words);
          assert.match(error.message, /^Cannot use a value of type \w+: /);
          assert.ok(!error.message.includes(SECRET) && !error.message.endsWith("."));
          return true;
        });
      }
    }
  });
}

test("Interval, PgArray, Range and SparseVector refuse parts that do not fit", () => {
  const refused = [
    () => new Interval({ months: 1.5 }),
    () => new Interval({ days: 2 ** 31 }),
    () => new Interval({ microseconds: 2n ** 63n }),
    () => new PgArray([{ length: 2, lowerBound: 1 }], [1]),
    () => new PgArray([{ length: 0, lowerBound: 1 }], []),
    () => new PgArray([{ length: 2, lowerBound: 2_147_483_647 }], [1, 2]),
    () => new Range(1, undefined as unknown as number),
    () => new Range(1, 2, { bounds: "<>" as "[)" }),
    () => new SparseVector(2, { indices: [1, 0], values: [1, 2] }),
    () => new SparseVector(2, { indices: [2], values: [1] }),
    () => new SparseVector(2, { indices: [1], values: [] }),
  ];
  for (const make of refused) assert.throws(make, ValidationError);
});

test("Codec.encode() of numeric refuses more digits than PostgreSQL holds", () => {
  const codec = builtinCodec("numeric");
  for (const value of ["1e131072", "1e-16384", "1e9999999"]) {
    assert.throws(
      () => encoded(codec, value),
      /the number has too many digits; give at most 131072 before the point/,
    );
  }
});
