import assert from "node:assert/strict";
import type { CodecOptions } from "../../../../pool/wire/codec/mod.ts";
import { DecodeError } from "../../../../pool/wire/errors.ts";
import { test } from "../../../harness.ts";
import { canonical } from "./canonical.ts";
import { builtinCodec, decoded, encoded } from "./wire_form.ts";

interface Case {
  readonly type: string;
  readonly options: CodecOptions;
  /** What is given, and what it comes back as in the mode. */
  readonly values: readonly (readonly [given: unknown, returned: unknown])[];
  /** What is given and does not fit the mode, with words of the error. */
  readonly unfit?: readonly (readonly [given: unknown, words: RegExp])[];
}

const CASES: readonly Case[] = [
  {
    type: "int8",
    options: { int8: "number" },
    values: [[7n, 7], [-1, -1], [2n ** 53n - 1n, 2 ** 53 - 1], [-(2n ** 53n) + 1n, -(2 ** 53) + 1]],
    unfit: [[2n ** 53n, /does not fit a number; use the option int8: "bigint" or "string"/], [
      -(2n ** 63n),
      /fit/,
    ]],
  },
  {
    type: "int8",
    options: { int8: "string" },
    values: [[2n ** 63n - 1n, "9223372036854775807"], [-1, "-1"]],
  },
  {
    type: "numeric",
    options: { numeric: "number" },
    values: [
      ["1.50", 1.5],
      ["NaN", NaN],
      ["-Infinity", -Infinity],
      ["0.1", 0.1],
      ["12345678901234560000000", 12_345_678_901_234_560_000_000],
      ["0.0000000000000000000123", 1.23e-20],
      ["-0.00", 0],
    ],
    unfit: [["0.12345678901234567891", /use the option numeric: "string"/], [
      "9007199254740993",
      /more digits/,
    ]],
  },
  {
    type: "date",
    options: { dates: "Date" },
    values: [["2024-02-29", new Date("2024-02-29T00:00Z")], ["infinity", Infinity], [
      "-000043-03-15",
      new Date("-000043-03-15"),
    ]],
    unfit: [["5000000-01-01", /beyond the years of Date; use the option dates: "string"/]],
  },
  {
    type: "date",
    options: { dates: "string" },
    values: [["2024-02-29", "2024-02-29"], [-Infinity, "-infinity"], ["-000043-03-15", "0044-03-15 BC"], [
      "5874897-12-31",
      "5874897-12-31",
    ]],
  },
  { type: "time", options: { dates: "Date" }, values: [["12:34:56.5", "12:34:56.5"], ["24:00", "24:00:00"]] },
  {
    type: "timestamp",
    options: { dates: "Date" },
    values: [["2024-02-29T12:00:00.123999", new Date("2024-02-29T12:00:00.123Z")], [Infinity, Infinity]],
    unfit: [["290000-01-01T00:00", /beyond the years of JavaScript/]],
  },
  {
    type: "timestamptz",
    options: { dates: "Date" },
    values: [
      ["2024-02-29T12:00:00.5+01", new Date("2024-02-29T11:00:00.5Z")],
      ["1969-12-31T23:59:59.9999Z", new Date(-1)],
      ["-000043-03-15T00:00Z", new Date("-000043-03-15T00:00Z")],
    ],
  },
  {
    type: "timestamptz",
    options: { dates: "string" },
    values: [
      ["2024-02-29T12:00:00.5+01", "2024-02-29 11:00:00.5+00"],
      ["-000043-03-15T00:00Z", "0044-03-15 00:00:00+00 BC"],
      ["infinity", "infinity"],
      ["294276-12-31T23:59:59.999999Z", "294276-12-31 23:59:59.999999+00"],
    ],
  },
  { type: "timestamp", options: { dates: "string" }, values: [["2024-02-29", "2024-02-29 00:00:00"]] },
  {
    type: "interval",
    options: { dates: "string" },
    values: [
      ["P1Y2M-3DT4H", "1 year 2 mons -3 days +04:00:00"],
      ["P-1M", "-1 mons"],
      ["PT0S", "00:00:00"],
    ],
  },
  {
    type: "date",
    options: { dates: "Temporal" },
    values: [],
    unfit: [["5000000-01-01", /beyond the years of Temporal/]],
  },
  { type: "timestamp", options: {}, values: [], unfit: [["290000-01-01", /beyond the years of JavaScript/]] },
];

for (const { type, options, values, unfit } of CASES) {
  test(`Codec of ${type} with ${JSON.stringify(options)} returns that, or a DecodeError for what does not fit`, () => {
    const codec = builtinCodec(type, options);
    const exact = builtinCodec(type, { int8: "string", numeric: "string", dates: "string" });
    for (const [given, returned] of values) {
      assert.deepStrictEqual(canonical(decoded(codec, encoded(codec, given))), canonical(returned));
      const printed = String(decoded(exact, encoded(exact, given)));
      assert.deepStrictEqual(canonical(codec.decodeText(printed)), canonical(returned));
    }
    for (const [given, words] of unfit ?? []) {
      const bytes = encoded(codec, given);
      const printed = String(decoded(exact, bytes));
      for (const decode of [() => decoded(codec, bytes), () => codec.decodeText(printed)]) {
        assert.throws(decode, (error: unknown) => error instanceof DecodeError && words.test(error.message));
      }
    }
  });
}
