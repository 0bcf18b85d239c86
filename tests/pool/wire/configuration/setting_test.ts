import assert from "node:assert/strict";
import { ConfigError } from "../../../../pool/wire/errors.ts";
import { nearestWord } from "../../../../pool/wire/configuration/nearest_word.ts";
import {
  amount,
  listed,
  parseSetting,
  rangeText,
  type Setting,
  snakeCase,
  type ValueForm,
} from "../../../../pool/wire/configuration/setting.ts";
import { test } from "../../../harness.ts";

const DURATION: Setting = { key: "d", type: "duration", min: 1, max: 86_400_000, description: "" };
const BYTES: Setting = { key: "b", type: "bytes", min: 1, max: 1024 ** 3, description: "" };
const BOOLEAN: Setting = { key: "b", type: "boolean", description: "" };
const INTEGER: Setting = { key: "i", type: "integer", min: 1, max: 9, description: "" };

function parse(setting: Setting, value: unknown, form: ValueForm = "text"): unknown {
  return parseSetting(setting, { name: setting.key, value, source: "test", form, printable: true });
}

test("parseSetting() reads durations in every unit", () => {
  const table: readonly (readonly [unknown, number])[] = [
    [5, 5],
    ["5", 5],
    ["250ms", 250],
    ["250 ms", 250],
    ["30s", 30_000],
    ["1.5 s", 1500],
    ["5 min", 300_000],
    ["5 Minutes", 300_000],
    ["2h", 7_200_000],
    ["1 day", 86_400_000],
  ];
  for (const [value, expected] of table) assert.equal(parse(DURATION, value), expected, String(value));
  for (
    const value of ["", "s", "5 m", "1e3", "-5", "0", "0x10", "5 min 3 s", "constructor", NaN, Infinity, 0.5]
  ) {
    assert.throws(() => parse(DURATION, value), ConfigError, `accepted "${value}"`);
  }
});

test("parseSetting() reads sizes in every unit", () => {
  assert.equal(parse(BYTES, "64MiB"), 64 * 1024 ** 2);
  assert.equal(parse(BYTES, "64 MB"), 64 * 1024 ** 2);
  assert.equal(parse(BYTES, "100 kB"), 100 * 1024);
  assert.equal(parse(BYTES, "12"), 12);
  assert.throws(() => parse(BYTES, "2GiB"));
});

test("parseSetting() reads words and digits from text only", () => {
  for (const [text, expected] of [["true", true], ["ON", true], ["1", true], ["no", false], ["off", false]]) {
    assert.equal(parse(BOOLEAN, text), expected);
    assert.throws(() => parse(BOOLEAN, text, "option"));
    assert.throws(() => parse(BOOLEAN, text, "table"));
  }
  assert.equal(parse(INTEGER, "5"), 5);
  assert.equal(parse(INTEGER, 5, "option"), 5);
  assert.throws(() => parse(INTEGER, "5", "option"));
  assert.throws(() => parse(INTEGER, "5 s"));
  assert.throws(() => parse(BOOLEAN, "maybe"));
});

test("rangeText() and amount() use the largest unit that is exact", () => {
  assert.equal(rangeText(DURATION), "1 ms to 1 d");
  assert.equal(rangeText({ ...DURATION, zero: "never" }), "1 ms to 1 d, or 0 (never)");
  assert.equal(rangeText(BYTES), "1 B to 1 GiB");
  assert.equal(amount(DURATION, 90_000), "90 s");
  assert.equal(amount(INTEGER, 10_000_000), "10,000,000");
});

test("snakeCase() and listed() write names and words", () => {
  assert.equal(snakeCase("maxLifetimeJitter"), "max_lifetime_jitter");
  assert.equal(snakeCase("int8"), "int8");
  assert.equal(listed(["a"]), '"a"');
  assert.equal(listed(["a", "b", "c"]), '"a", "b" or "c"');
});

test("nearestWord() finds slips and nothing else", () => {
  const words = ["host", "port", "sslRootCert", "acquireTimeout"];
  const table: readonly (readonly [string, string | undefined])[] = [
    ["hots", "host"],
    ["prot", "port"],
    ["ssl_root_cert", "sslRootCert"],
    ["sslrootcrt", "sslRootCert"],
    ["aquireTimout", "acquireTimeout"],
    ["x", undefined],
    ["database", undefined],
    ["", undefined],
    ["a".repeat(100_000), undefined],
  ];
  for (const [word, expected] of table) assert.equal(nearestWord(word, words), expected, word.slice(0, 20));
});
