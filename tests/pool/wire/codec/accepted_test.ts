import assert from "node:assert/strict";
import { test } from "../../../harness.ts";
import { canonical } from "./canonical.ts";
import { builtinCodec, decoded, encoded } from "./wire_form.ts";

const moment = Temporal.Instant.from("2024-02-29T12:00:00.5Z");

/** What a type takes besides the values it returns, and what that comes back as. */
const ACCEPTED: Readonly<Record<string, readonly (readonly [unknown, unknown])[]>> = {
  int4: [[7n, 7]],
  int8: [[-7, -7n], ["+9007199254740993", 9_007_199_254_740_993n], [
    -9_007_199_254_740_991,
    -9_007_199_254_740_991n,
  ]],
  numeric: [
    [1e21, "1000000000000000000000"],
    [-0.00012, "-0.00012"],
    [12n, "12"],
    ["1.50e3", "1500"],
    ["1.5e-3", "0.0015"],
    ["+.5", "0.5"],
    ["-000.10", "-0.10"],
    ["10000.0001", "10000.0001"],
    ["0.00", "0.00"],
    ["-0", "0"],
    ["-inf", "-Infinity"],
    ["1e131071", `1${"0".repeat(131_071)}`],
    ["12e-16383", `0.${"0".repeat(16_381)}12`],
    ["0e9", "0"],
    ["1e-9", "0.000000001"],
    ["10000000000000000.5", "10000000000000000.5"],
    [NaN, "NaN"],
  ],
  uuid: [
    ["{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    ["a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  ],
  char: [["\\200", "\\200"]],
  json: [["text", "text"], [new Date(0), "1970-01-01T00:00:00.000Z"]],
  bytea: [[new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2])], [
    new Uint16Array([1]),
    new Uint8Array([1, 0]),
  ]],
  date: [
    ["0044-03-15 BC", Temporal.PlainDate.from("-000043-03-15")],
    [new Date("2024-02-29T23:00:00Z"), Temporal.PlainDate.from("2024-02-29")],
    [Temporal.PlainDate.from("2024-02-29").withCalendar("hebrew"), Temporal.PlainDate.from("2024-02-29")],
    ["-infinity", -Infinity],
  ],
  time: [["12:34", Temporal.PlainTime.from("12:34")], ["24:00", "24:00:00"]],
  timetz: [["12:34Z", "12:34:00+00"], ["12:34:56.70-0330", "12:34:56.7-03:30"]],
  timestamp: [
    ["2024-02-29 12:00", Temporal.PlainDateTime.from("2024-02-29T12:00")],
    ["2024-02-29", Temporal.PlainDateTime.from("2024-02-29T00:00")],
    [new Date("2024-02-29T12:00Z"), Temporal.PlainDateTime.from("2024-02-29T12:00")],
    [
      Temporal.PlainDateTime.from("2024-02-29T12:00:00.0000005"),
      Temporal.PlainDateTime.from("2024-02-29T12:00:00.000001"),
    ],
  ],
  timestamptz: [
    [moment.toZonedDateTimeISO("Asia/Tokyo"), moment],
    [new Date(moment.epochMilliseconds), moment],
    [new Date(-62_198_755_200_000), Temporal.Instant.fromEpochMilliseconds(-62_198_755_200_000)],
    ["2024-02-29T14:00:00.5+02:00", moment],
    ["1969-12-31 23:59:59.999999+00", new Temporal.Instant(-1_000n)],
    [new Temporal.Instant(-1n), new Temporal.Instant(0n)],
    [new Temporal.Instant(-501n), new Temporal.Instant(-1_000n)],
    ["0044-03-15 00:00:00+00 BC", Temporal.Instant.from("-000043-03-15T00:00Z")],
  ],
  interval: [
    ["1 year 2 mons -3 days +04:05:06.7", new Map()],
    ["90 minutes", Temporal.Duration.from("PT1H30M")],
    ["-1.5 seconds", Temporal.Duration.from("-PT1.5S")],
    ["P1Y2M3W4DT5H6M7.89S", Temporal.Duration.from("P1Y2M25DT5H6M7.89S")],
    [Temporal.Duration.from("P14MT0.0000006S"), Temporal.Duration.from("P1Y2MT0.000001S")],
    ["infinity", Infinity],
  ],
  inet: [["2001:DB8:0:0:0:0:0:1", "2001:db8::1"], ["::FFFF:1.2.3.4/128", "::ffff:1.2.3.4"], ["::", "::"]],
  cidr: [["10.0.0.0/8", "10.0.0.0/8"], ["1.2.3.4", "1.2.3.4/32"]],
  macaddr: [["0800.2B01.0203", "08:00:2b:01:02:03"], ["08002b:010203", "08:00:2b:01:02:03"]],
  macaddr8: [["08:00:2b:01:02:03", "08:00:2b:ff:fe:01:02:03"]],
  _float8: [[new Float64Array([1, 2]), [1, 2]]],
};

for (const [type, values] of Object.entries(ACCEPTED)) {
  test(`Codec of ${type} takes other forms of its values, in both formats`, () => {
    const codec = builtinCodec(type);
    for (const [value, returned] of values) {
      const expected = returned instanceof Map ? decoded(codec, encoded(codec, value)) : returned;
      assert.deepStrictEqual(canonical(decoded(codec, encoded(codec, value))), canonical(expected));
      if (type === "numeric") continue;
      assert.deepStrictEqual(canonical(codec.decodeText(codec.encodeText(value))), canonical(expected));
    }
  });
}

test("Codec of timestamptz takes the time of now, whatever its precision", () => {
  const codec = builtinCodec("timestamptz");
  const now = Temporal.Now.instant();
  const back = decoded(codec, encoded(codec, now)) as Temporal.Instant;
  const difference = back.epochNanoseconds - now.epochNanoseconds;
  assert.ok(difference <= 500n && difference >= -500n);
});

test("Codec.decodeText() of timestamptz reads the offset of any session", () => {
  const codec = builtinCodec("timestamptz");
  const texts: [string, string][] = [
    ["2024-02-29 14:00:00.5+02", "2024-02-29T12:00:00.5Z"],
    ["2024-03-01 01:00:00+05:30", "2024-02-29T19:30:00Z"],
    ["1890-01-01 00:19:32+00:19:32", "1890-01-01T00:00:00Z"],
    ["0001-12-31 20:00:00-04 BC", "0001-01-01T00:00:00Z"],
  ];
  for (const [text, expected] of texts) assert.equal(String(codec.decodeText(text)), expected);
});
