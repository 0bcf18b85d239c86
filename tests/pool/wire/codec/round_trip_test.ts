import assert from "node:assert/strict";
import fc from "fast-check";
import { BUILTIN_TYPES } from "../../../../pool/wire/codec/builtin_types.ts";
import { type Codec, CodecRegistry, PgArray } from "../../../../pool/wire/codec/mod.ts";
import { ByteSource } from "../../../../pool/wire/byte_source.ts";
import { ByteWriter } from "../../../../pool/wire/byte_writer.ts";
import { test } from "../../../harness.ts";
import { canonical } from "./canonical.ts";
import { SAMPLES } from "./samples.ts";

const registry = new CodecRegistry();

function builtin(sqlName: string): readonly [Codec, Codec | undefined] {
  const name = sqlName.replaceAll('"', "");
  const [, oid, arrayOid] = BUILTIN_TYPES.find(([typname]) => typname === name)!;
  return [registry.get(oid)!, registry.get(arrayOid)];
}

/** The value after a way through the binary form, between bytes that are not its own. */
function throughBinary(codec: Codec, value: unknown): unknown {
  const writer = new ByteWriter(16);
  writer.i32(-1);
  codec.encode(value, writer);
  const { length } = writer;
  writer.i32(-1);
  return codec.decode(new ByteSource(writer.take()), 4, length - 4);
}

function assertRoundTrip(codec: Codec, value: unknown): void {
  const expected = canonical(value);
  if (codec.binary) assert.deepStrictEqual(canonical(throughBinary(codec, value)), expected);
  assert.deepStrictEqual(canonical(codec.decodeText(codec.encodeText(value))), expected);
}

for (const { type, values, extension, array } of SAMPLES) {
  if (extension !== undefined) continue;
  test(`Codec of ${type} returns what it was given, in binary and in text`, () => {
    const [codec] = builtin(type);
    fc.assert(fc.property(values, (value) => assertRoundTrip(codec, value)));
  });
  if (array === false) continue;
  test(`Codec of ${type}[] returns what it was given, in binary and in text`, () => {
    const [, codec] = builtin(type);
    const elements = fc.array(fc.option(values), { maxLength: 5 });
    fc.assert(fc.property(elements, (value) => assertRoundTrip(codec!, value)), { numRuns: 30 });
    const shaped = fc.array(values, { minLength: 4, maxLength: 4 }).map((four) =>
      new PgArray([{ length: 2, lowerBound: 0 }, { length: 2, lowerBound: -3 }], four)
    );
    fc.assert(fc.property(shaped, (value) => assertRoundTrip(codec!, value)), { numRuns: 10 });
  });
}
