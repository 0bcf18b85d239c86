import assert from "node:assert/strict";
import { fc } from "../../../fast_check.ts";
import { BUILTIN_RANGES, BUILTIN_TYPES } from "../../../../pool/wire/codec/builtin_types.ts";
import { type Codec, CodecRegistry } from "../../../../pool/wire/codec/mod.ts";
import { test } from "../../../harness.ts";
import { catalogRow } from "./catalog_row.ts";
import { catalogName, SAMPLES } from "./samples.ts";
import { builtinCodec, decoded, encoded } from "./wire_form.ts";

const registry = new CodecRegistry();
registry.register([
  ...["hstore", "vector", "halfvec", "sparsevec", "geometry", "ltree", "citext"]
    .map((name, index) => catalogRow({ oid: String(90_000 + index), name, kind: "base" })),
  catalogRow({ oid: "90100", name: "pair", kind: "composite", attributes: '[["a",23],["b",1009]]' }),
]);
const oids = [
  ...BUILTIN_TYPES,
  ...BUILTIN_RANGES.flatMap(({ range, multirange }) => [range, multirange]),
  ...[0, 1, 2, 3, 4, 5, 6, 100].map((index) => ["", 90_000 + index, 0] as const),
].flatMap(([, oid, arrayOid]) => arrayOid === 0 ? [oid] : [oid, arrayOid]);
const codecs = oids.map((oid) => registry.get(oid)!).filter((codec) => codec.binary);

/** Small numbers are likely, so that counts and lengths are often nearly right. */
const bytes = fc.array(fc.oneof(fc.constantFrom(0, 0, 0, 0, 1, 2, 4, 8, 255), fc.nat(255)), { maxLength: 64 })
  .map((values) => Uint8Array.from(values));

function attempt(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
}

test("Codec.decode() returns or throws for any bytes at once, in every binary codec", () => {
  assert.ok(codecs.length > 120);
  for (const codec of codecs) {
    fc.assert(
      fc.property(bytes, (value) => {
        const start = performance.now();
        attempt(() => decoded(codec, value));
        assert.ok(performance.now() - start < 5_000, codec.type);
      }),
      { numRuns: 60 },
    );
  }
});

test("Codec.decodeText() returns or throws for any text at once, in every codec", () => {
  const texts = fc.string({
    unit: fc.constantFrom(...'{}[]()<>"\\,;:=-+.0123456789/ abPTNULL'),
    maxLength: 40,
  });
  for (const oid of oids) {
    const codec = registry.get(oid)!;
    fc.assert(
      fc.property(texts, (text) => {
        attempt(() => codec.decodeText(text));
      }),
      { numRuns: 60 },
    );
  }
});

/** Types whose binary form may end anywhere. */
const OPEN_ENDED = new Set([
  "text",
  "varchar",
  "bpchar",
  "name",
  "refcursor",
  "citext",
  "bytea",
  "json",
  "jsonb",
]);

test("Codec.decode() refuses a form that is cut short or followed by more, in every type with a length", () => {
  for (const { type, values, extension } of SAMPLES) {
    const name = catalogName(type);
    if (extension !== undefined || OPEN_ENDED.has(name)) continue;
    const scalar = builtinCodec(name);
    const array = builtinCodec(`_${name}`);
    if (!scalar.binary || name === "jsonpath") continue;
    const cases: [Codec, unknown[]][] = [[scalar, fc.sample(values, 5)], [
      array,
      fc.sample(fc.array(values), 5),
    ]];
    for (const [codec, samples] of cases) {
      for (const sample of samples) {
        const whole = encoded(codec, sample);
        for (let length = 0; length < whole.length; length++) {
          assert.throws(() => decoded(codec, whole.subarray(0, length)), `${codec.type} cut to ${length}`);
        }
        const longer = new Uint8Array(whole.length + 1);
        longer.set(whole);
        assert.throws(() => decoded(codec, longer), `${codec.type} with a byte more`);
      }
    }
  }
});

test("Codec.decode() of an array refuses a count beyond its bytes before it allocates", () => {
  const codec = registry.get(1007)!;
  const header = new Uint8Array(28);
  const view = new DataView(header.buffer);
  view.setInt32(0, 2);
  view.setUint32(8, 23);
  view.setInt32(12, 2 ** 30);
  view.setInt32(16, 1);
  view.setInt32(20, 2 ** 30);
  assert.throws(() => decoded(codec, header), /the server's array is malformed/);
});
