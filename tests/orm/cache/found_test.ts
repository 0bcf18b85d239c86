/** Who may have what was found. */
import assert from "node:assert/strict";
import { accepts, type Found, type Reader } from "../../../orm/cache/found.ts";
import { test } from "../../harness.ts";

const FOUND: Found<number> = {
  value: 1,
  timeline: "7/1",
  asOf: 100n,
  applied: 90n,
  upper: 105n,
  currentAt: 5_000,
  in: "store",
};

function reader(startedAt: number, token?: bigint, floor?: bigint, timeline = "7/1"): Reader {
  return {
    startedAt,
    bounds: {
      token: token === undefined ? undefined : { timeline, lsn: token },
      floor: floor === undefined ? undefined : { timeline, lsn: floor },
    },
  };
}

test("A mixed reader may have what was current within the last second", () => {
  assert.equal(accepts(FOUND, { startedAt: 6_000 }), true);
  assert.equal(accepts(FOUND, { startedAt: 6_001 }), false);
});

test("A strong reader may have what reaches its token, and what is applied up to what it has read", () => {
  assert.equal(accepts(FOUND, reader(5_500)), true);
  assert.equal(accepts(FOUND, reader(5_500, 100n)), true);
  assert.equal(accepts(FOUND, reader(5_500, 101n)), false);
  assert.equal(accepts(FOUND, reader(5_500, undefined, 90n)), true);
  assert.equal(accepts(FOUND, reader(5_500, undefined, 91n)), false);
  assert.equal(accepts(FOUND, reader(5_500, 100n, 91n)), false);
  assert.equal(accepts(FOUND, reader(6_001)), false, "it is too old for anybody");
});

test("A strong reader may have whatever is as new as its own reading", () => {
  assert.equal(accepts(FOUND, reader(5_000, 1_000n, 1_000n)), true);
});

test("A strong reader of another timeline may have nothing, however new: its write may be lost", () => {
  assert.equal(accepts(FOUND, reader(5_000, 1n, undefined, "7/2")), false);
  assert.equal(accepts(FOUND, reader(5_000, undefined, 1n, "7/2")), false);
});
