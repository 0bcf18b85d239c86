import assert from "node:assert/strict";
import { ProtocolError } from "../../../../pool/wire/errors.ts";
import { PgOutputDecoder } from "../../../../pool/wire/replication/pgoutput/decode.ts";
import { SKIPPED, UNCHANGED } from "../../../../pool/wire/replication/pgoutput/message.ts";
import { ByteSource } from "../../../../pool/wire/byte_source.ts";
import { fc } from "../../../fast_check.ts";
import { test } from "../../../harness.ts";
import { randomIntegers, rounds, SEED } from "../../../random.ts";
import { anyMessage, decode, decoderAt, encoded } from "./pgoutput_messages.ts";

for (const isInPiece of [false, true]) {
  const where = isInPiece ? "in a piece of a transaction" : "outside of pieces";

  test(`PgOutputDecoder.decode() gives back every message as it was encoded, ${where}`, () => {
    fc.assert(
      fc.property(anyMessage(isInPiece), (message) => {
        assert.deepEqual(decode(decoderAt(isInPiece), encoded(message)), message);
      }),
      { numRuns: rounds(500, 20_000) },
    );
  });

  test(`PgOutputDecoder.decode() refuses every message cut short or made longer, ${where}`, () => {
    fc.assert(
      fc.property(anyMessage(isInPiece), (message) => {
        const whole = encoded(message);
        for (let length = 0; length < whole.length; length++) {
          assert.throws(() => decode(decoderAt(isInPiece), whole.subarray(0, length)), ProtocolError);
        }
        const longer = new Uint8Array(whole.length + 1);
        longer.set(whole);
        assert.throws(() => decode(decoderAt(isInPiece), longer), ProtocolError);
      }),
      { numRuns: rounds(200, 5_000) },
    );
  });

  test(`PgOutputDecoder.decode() decodes or refuses whatever bytes are changed, ${where}`, () => {
    const below = randomIntegers(SEED);
    let refused = 0;
    let decoded = 0;
    fc.assert(
      fc.property(anyMessage(isInPiece), (message) => {
        for (let round = 0; round < 20; round++) {
          const bytes = encoded(message);
          for (let changes = 1 + below(3); changes > 0; changes--) bytes[below(bytes.length)] = below(256);
          try {
            decode(decoderAt(isInPiece), bytes);
            decoded++;
          } catch (error) {
            assert.ok(error instanceof ProtocolError, String(error));
            refused++;
          }
        }
      }),
      { numRuns: rounds(200, 5_000) },
    );
    assert.ok(refused > 0 && decoded > 0, `${refused} refused, ${decoded} decoded`);
  });
}

test("PgOutputDecoder.decode() takes no memory for what a message only announces", () => {
  const lie = (...bytes: number[]) => () => decode(new PgOutputDecoder(), new Uint8Array(bytes));
  // 65,535 columns in no bytes; a text of 2 GiB; 2³²-1 tables; a message of -1 bytes.
  assert.throws(lie(0x49, 0, 0, 0, 1, 0x4e, 0xff, 0xff), ProtocolError);
  assert.throws(lie(0x49, 0, 0, 0, 1, 0x4e, 0, 1, 0x74, 0x7f, 0xff, 0xff, 0xff), ProtocolError);
  assert.throws(lie(0x54, 0xff, 0xff, 0xff, 0xff, 0), ProtocolError);
  assert.throws(lie(0x4d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), ProtocolError);
});

test("PgOutputDecoder.decode() gives only the columns that are wanted, and checks the others", () => {
  const row = { kind: "insert", xid: undefined, relation: 7, new: ["1", "two", null, UNCHANGED] } as const;
  const bytes = encoded(row);
  const decoder = new PgOutputDecoder((relation) => {
    assert.equal(relation, 7);
    return [true, false];
  });
  assert.deepEqual(decode(decoder, bytes), { ...row, new: ["1", SKIPPED, SKIPPED, SKIPPED] });
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decode(decoder, bytes.subarray(0, length)), ProtocolError);
  }
});

test("PgOutputDecoder.decode() refuses messages of other versions and out of order", () => {
  for (const type of ["b", "P", "K", "r", "p", "?"]) {
    assert.throws(() => decode(new PgOutputDecoder(), new Uint8Array([type.charCodeAt(0), 0])), {
      name: "ProtocolError",
      message: /no message of type/,
    });
  }
  const stop = encoded({ kind: "stream stop" });
  assert.throws(() => decode(new PgOutputDecoder(), stop), /out of order/);
  const start = encoded({ kind: "stream start", xid: 2, isFirst: false });
  assert.throws(() => decode(decoderAt(true), start), /out of order/);
  const decoder = decoderAt(true);
  decode(decoder, stop);
  assert.equal(decoder.isInPiece, false);
  decode(decoder, start);
  assert.equal(decoder.isInPiece, true);
});

test("PgOutputDecoder.decode() refuses texts that are not UTF-8", () => {
  const bytes = encoded({ kind: "insert", xid: undefined, relation: 1, new: ["ab"] });
  bytes[bytes.length - 1] = 0xff;
  assert.throws(() => new PgOutputDecoder().decode(new ByteSource(bytes), 0, bytes.length), /UTF-8/);
});
