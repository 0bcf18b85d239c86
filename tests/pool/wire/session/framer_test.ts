import assert from "node:assert/strict";
import { ProtocolError } from "../../../../pool/wire/errors.ts";
import { Framer } from "../../../../pool/wire/session/framer.ts";
import { test } from "../../../harness.ts";
import { backend, GREETING, header, int4, join, message } from "./fake_backend.ts";

const LIMIT = 1_048_576;

/** What a server might say in a short session, with bodies of many lengths. */
const RECORDED: Uint8Array = join([
  ...GREETING,
  backend.parseComplete(),
  backend.parameterDescription(23, 25),
  backend.rowDescription(["id", 23], ["a longer name, in UTF-8: ünï", 25]),
  backend.bindComplete(),
  ...Array.from(
    { length: 12 },
    (_, index) => backend.dataRow(int4(index), new Uint8Array(index * 7).fill(65)),
  ),
  backend.dataRow(null, null),
  backend.commandComplete("SELECT 13"),
  backend.notice(),
  backend.notification(),
  backend.readyForQuery(),
  backend.error("42601"),
  backend.readyForQuery("E"),
]);

/** The messages found in chunks: type and body, as text. */
function framed(chunks: Iterable<Uint8Array>): string[] {
  const found: string[] = [];
  const framer = new Framer(LIMIT, (type, source, offset, end) => {
    found.push(String.fromCharCode(type) + [...source.bytes.subarray(offset, end)].join());
    return true;
  });
  for (const chunk of chunks) {
    const copy = chunk.slice();
    framer.push(copy);
    copy.fill(0xee);
  }
  assert.equal(framer.midMessage, false);
  return found;
}

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("Framer.push() finds the same messages wherever the stream is cut", () => {
  const whole = framed([RECORDED]);
  assert.equal(whole.length, 28);
  for (let at = 0; at <= RECORDED.length; at++) {
    assert.deepEqual(framed([RECORDED.subarray(0, at), RECORDED.subarray(at)]), whole, `cut at ${at}`);
  }
  for (const size of [1, 2, 3, 4, 5, 6, 7, 64, 4096]) {
    assert.deepEqual(framed(pieces(RECORDED, size)), whole, `in pieces of ${size}`);
  }
});

test("Framer.push() finds the same messages when the stream is cut twice anywhere", () => {
  const bytes = join([backend.readyForQuery(), backend.dataRow(int4(1)), backend.commandComplete()]);
  const whole = framed([bytes]);
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const parts = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
      assert.deepEqual(framed(parts), whole, `cut at ${first} and ${second}`);
    }
  }
});

for (const length of [0, 3, LIMIT + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
  test(`Framer.push() refuses a length of ${length} before it allocates`, () => {
    const framer = new Framer(LIMIT, () => assert.fail("there is no message"));
    const bytes = header("D", length);
    assert.throws(() => framer.push(bytes), (error: unknown) => {
      assert.ok(error instanceof ProtocolError);
      assert.equal(error.messageName, "DataRow");
      assert.match(error.message, new RegExp(`its length is ${length}\\b`));
      return true;
    });
    const dribbled = new Framer(LIMIT, () => assert.fail("there is no message"));
    for (const byte of bytes.subarray(0, 4)) dribbled.push(new Uint8Array([byte]));
    assert.throws(() => dribbled.push(bytes.subarray(4)), ProtocolError);
  });
}

test("Framer.push() accepts a message of exactly the limit and not one byte more", () => {
  let sizes: number[] = [];
  const framer = new Framer(100, (_, __, offset, end) => sizes.push(end - offset) > 0);
  framer.push(join([message("D", new Uint8Array(96)), message("D", new Uint8Array(96))]));
  assert.deepEqual(sizes, [96, 96]);
  sizes = [];
  assert.throws(() => framer.push(message("D", new Uint8Array(97))), /more than the limit of 100/);
  assert.deepEqual(sizes, []);
});

test("Framer.push() refuses a type that the protocol does not have by its first byte's header", () => {
  const framer = new Framer(LIMIT, () => assert.fail("there is no message"));
  assert.throws(() => framer.push(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n")), ProtocolError);
  assert.throws(
    () => new Framer(LIMIT, () => true).push(header("!", 4)),
    /a message of unknown type 0x21/,
  );
});
