import assert from "node:assert/strict";
import type { Watermark } from "../../../../orm/cache/protocol/watermark.ts";
import { formatWatermark, lsnDigits, parseWatermark } from "../../../../orm/cache/protocol/watermark_text.ts";
import { fc } from "../../../fast_check.ts";
import { test } from "../../../harness.ts";
import { rounds } from "../../../random.ts";

const lsn = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const id = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
const name = fc.string({
  unit: fc.constantFrom("a", ".", "\\", "\n", "\t", "n", "t", "é", "\u{1f600}"),
  maxLength: 8,
});
const watermarks: fc.Arbitrary<Watermark> = fc.record({
  term: fc.maxSafeNat(),
  epoch: id(16),
  timeline: name,
  database: name,
  lsn,
  floor: lsn,
  seq: fc.maxSafeNat(),
  delay: fc.nat(99_999_999),
  runId: id(40),
  coverage: name,
  tables: fc.array(fc.tuple(name, lsn), { maxLength: 4 }).map((entries) => new Map(entries)),
}, { noNullPrototype: true });

test("parseWatermark() reads what formatWatermark() writes, for every watermark", () => {
  fc.assert(
    fc.property(watermarks, (watermark) => {
      assert.deepEqual(parseWatermark(formatWatermark(watermark)), watermark);
    }),
    { numRuns: rounds(500, 20_000) },
  );
});

test("parseWatermark() refuses what is no watermark", () => {
  for (const text of ["", "x", "0".repeat(136), "0".repeat(200), `${"0".repeat(136)}\nonly\ntwo`]) {
    assert.equal(parseWatermark(text), undefined);
  }
});

test("lsnDigits() compares as the number does", () => {
  fc.assert(
    fc.property(lsn, lsn, (one, other) => assert.equal(lsnDigits(one) < lsnDigits(other), one < other)),
  );
});

test("formatWatermark() counts a part of a millisecond of delay as a whole one", () => {
  const [watermark] = fc.sample(watermarks, 1);
  assert.equal(parseWatermark(formatWatermark({ ...watermark, delay: 4.01 }))?.delay, 5);
});
