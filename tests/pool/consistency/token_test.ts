/** Positions, timelines and tokens as text. */
import assert from "node:assert/strict";
import { formatLsn, LAST_LSN, maxLsn, parseLsn } from "../../../pool/consistency/lsn.ts";
import { formatTimeline, parseTimeline, timelineOfWalFile } from "../../../pool/consistency/timeline.ts";
import { formatToken, parseToken } from "../../../pool/consistency/token.ts";
import { ValidationError } from "../../../pool/mod.ts";
import { fc } from "../../fast_check.ts";
import { test } from "../../harness.ts";

const lsns = fc.bigInt({ min: 0n, max: LAST_LSN });
const timelines = fc.record({
  system: fc.bigInt({ min: 0n, max: LAST_LSN }).map(String),
  number: fc.integer({ min: 1, max: 2 ** 31 }),
});

test("parseLsn() reads what PostgreSQL and formatLsn() write", () => {
  assert.equal(parseLsn("16/B374D848"), 0x16B374D848n);
  assert.equal(parseLsn("0/0"), 0n);
  assert.equal(parseLsn("FFFFFFFF/FFFFFFFF"), LAST_LSN);
  assert.equal(formatLsn(0x16B374D848n), "16/B374D848");
  assert.equal(maxLsn(3n, 2n), 3n);
  fc.assert(fc.property(lsns, (lsn) => parseLsn(formatLsn(lsn)) === lsn));
});

test("parseLsn() refuses what is no position", () => {
  for (const text of ["", "0", "0/", "/0", "x/0", "0/0/0", "123456789/0", " 0/0"]) {
    assert.throws(() => parseLsn(text), ValidationError);
  }
});

test("A timeline is a system identifier and a number", () => {
  assert.deepEqual(parseTimeline("7467001/2"), { system: "7467001", number: 2 });
  assert.equal(timelineOfWalFile("0000000A0000000000000001"), 10);
  for (const text of ["", "7", "7/", "7/0", "/1", "-7/1", "7/1 ", "07/1"]) {
    assert.equal(parseTimeline(text), undefined);
  }
  fc.assert(fc.property(timelines, (parts) => {
    assert.deepEqual(parseTimeline(formatTimeline(parts)), { ...parts });
  }));
});

test("parseToken() reads what formatToken() writes", () => {
  assert.deepEqual(parseToken("7467001/1@0/16B3748"), { timeline: "7467001/1", lsn: 0x16B3748n });
  fc.assert(fc.property(timelines, lsns, (parts, lsn) => {
    const token = { timeline: formatTimeline(parts), lsn };
    assert.deepEqual(parseToken(formatToken(token)), token);
  }));
});

test("parseToken() refuses anything else and says what to give", () => {
  const refused: [unknown, RegExp][] = [
    ["", /does not begin with a timeline/],
    ["hello@0/1", /does not begin with a timeline/],
    ["7/1@", /does not end with a log position/],
    ["7/1@0/1@0/1", /does not end with a log position/],
    ["9".repeat(2_000_000), /has 2000000 characters/],
    [undefined, /undefined was given/],
    [null, /null was given/],
  ];
  for (const [text, problem] of refused) {
    assert.throws(() => parseToken(text as string), (error: unknown) => {
      assert.ok(error instanceof ValidationError);
      assert.match(error.message, problem);
      assert.match(error.message, /give what pool\.token\(\) returned/);
      return true;
    });
  }
});
