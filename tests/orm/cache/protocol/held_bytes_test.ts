import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

import { entryHeader, readEntry } from "../../../../orm/cache/protocol/held_bytes.ts";
import { fc } from "../../../fast_check.ts";
import { test } from "../../../harness.ts";
import { rounds } from "../../../random.ts";

const LSN = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 48n }));

function held({ version, upper, shape, payload }: {
  readonly version: bigint;
  readonly upper: bigint;
  readonly shape: string;
  readonly payload: Uint8Array | undefined;
}): Buffer {
  const header = entryHeader({ version, upper, shape, payload });
  return Buffer.concat([Buffer.from(`E${"e".repeat(16)}${header}`), payload ?? new Uint8Array()]);
}

test("readEntry() reads every entry that entryHeader() describes, whatever was read before", () => {
  const entries = fc.record({
    version: LSN,
    upper: LSN,
    shape: fc.constantFrom("", "0123456789ab", "0123456789ac", "ünïcode"),
    payload: fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 5 }), (written) => {
      for (const one of written) {
        const read = readEntry(held(one))!;
        assert.equal(read.version, one.version);
        assert.equal(read.upper, one.upper);
        assert.equal(read.shape, one.shape);
        assert.deepEqual(
          read.payload && [...read.payload],
          one.payload && [...one.payload],
        );
      }
    }),
    { numRuns: rounds(200, 20_000) },
  );
});

test("readEntry() reads LSNs exactly around the limits of numbers", () => {
  for (
    const lsn of [0n, 9n * 10n ** 15n - 1n, 9n * 10n ** 15n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 64n - 1n]
  ) {
    const read = readEntry(held({ version: lsn, upper: lsn, shape: "", payload: undefined }))!;
    assert.equal(read.version, lsn);
    assert.equal(read.upper, lsn);
  }
});
