import assert from "node:assert/strict";
import { fc } from "../../../fast_check.ts";
import { BUILTIN_RANGES, BUILTIN_TYPES } from "../../../../pool/wire/codec/builtin_types.ts";
import { type Codec, CodecRegistry, PgArray } from "../../../../pool/wire/codec/mod.ts";
import { test } from "../../../harness.ts";
import { canonical } from "./canonical.ts";
import { catalogRow } from "./catalog_row.ts";
import { catalogName, SAMPLES } from "./samples.ts";
import { decoded, encoded } from "./wire_form.ts";

const registry = new CodecRegistry();
const extensions = [
  ...new Set(SAMPLES.filter(({ extension }) => extension !== undefined).map(({ type }) => type)),
];
registry.register(extensions.flatMap((name, index) => [
  catalogRow({ oid: String(90_000 + index), name, kind: "base" }),
  catalogRow({
    oid: String(91_000 + index),
    name: `_${name}`,
    kind: "array",
    target: String(90_000 + index),
  }),
]));

function codecsOf(sqlName: string): readonly [Codec, Codec] {
  const index = extensions.indexOf(sqlName);
  if (index >= 0) return [registry.get(90_000 + index)!, registry.get(91_000 + index)!];
  const name = catalogName(sqlName);
  const types = [...BUILTIN_TYPES, ...BUILTIN_RANGES.flatMap(({ range, multirange }) => [range, multirange])];
  const [, oid, arrayOid] = types.find(([typname]) => typname === name)!;
  return [registry.get(oid)!, registry.get(arrayOid)!];
}

function assertRoundTrip(codec: Codec, value: unknown): void {
  const expected = canonical(value);
  if (codec.binary) assert.deepStrictEqual(canonical(decoded(codec, encoded(codec, value))), expected);
  assert.deepStrictEqual(canonical(codec.decodeText(codec.encodeText(value))), expected);
}

for (const { type, values, array } of SAMPLES) {
  test(`Codec of ${type} returns what it was given, in binary and in text`, () => {
    const [codec] = codecsOf(type);
    fc.assert(fc.property(values, (value) => assertRoundTrip(codec, value)));
  });
  if (array === false) continue;
  test(`Codec of ${type}[] returns what it was given, in binary and in text`, () => {
    const [, codec] = codecsOf(type);
    const elements = fc.array(fc.option(values), { maxLength: 5 });
    fc.assert(fc.property(elements, (value) => assertRoundTrip(codec, value)), { numRuns: 30 });
    const shaped = fc.array(values, { minLength: 4, maxLength: 4 }).map((four) =>
      new PgArray([{ length: 2, lowerBound: 0 }, { length: 2, lowerBound: -3 }], four)
    );
    fc.assert(fc.property(shaped, (value) => assertRoundTrip(codec, value)), { numRuns: 10 });
  });
}
