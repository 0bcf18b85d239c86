/** What real servers sent (`select encode(numeric_send('…'), 'hex')`; pgvector 0.8.0, PostGIS 3.3), and its values. */
import assert from "node:assert/strict";
import {
  type Codec,
  CodecRegistry,
  Geometry,
  Interval,
  PgArray,
  Range,
  SparseVector,
} from "../../../../pool/wire/codec/mod.ts";
import { formatHex, parseHex } from "../../../../pool/wire/codec/hex.ts";
import { test } from "../../../harness.ts";
import { canonical } from "./canonical.ts";
import { catalogRow } from "./catalog_row.ts";
import { builtinCodec, decoded, encoded } from "./wire_form.ts";

const LINE = "0102000020e610000002000000000000000000f03f000000000000004000000000000008400000000000001040";

const RECORDED: readonly (readonly [type: string, hex: string, value: unknown])[] = [
  ["numeric", "0003000140000006000109291a85", "-12345.678900"],
  ["numeric", "0001fffe0000000503e8", "0.00001"],
  ["numeric", "00000000c0000000", "NaN"],
  ["numeric", "00010001000000000001", "10000"],
  ["date", "fff49d7b", Temporal.PlainDate.from("-000043-03-15")],
  ["timestamptz", "ffffffffffffffff", Temporal.Instant.from("1999-12-31T23:59:59.999999Z")],
  ["timetz", "0000000a8be4ca6000003138", "12:34:56.7-03:30"],
  ["interval", "0000000000000001ffffffff00000001", new Interval({ months: 1, days: -1, microseconds: 1n })],
  ["inet", "0364001000000000000000000000ffff01020304", "::ffff:1.2.3.4/100"],
  ["cidr", "020801040a000000", "10.0.0.0/8"],
  ["macaddr", "08002b010203", "08:00:2b:01:02:03"],
  ["varbit", "0000000aaac0", "1010101011"],
  [
    "_int4",
    "000000020000000100000017000000020000000000000002ffffffff" +
    "0000000400000001ffffffff00000004000000030000000400000004",
    new PgArray([{ length: 2, lowerBound: 0 }, { length: 2, lowerBound: -1 }], [1, null, 3, 4]),
  ],
  [
    "daterange",
    "02000000040000223e000000040000225d",
    new Range(Temporal.PlainDate.from("2024-01-01"), Temporal.PlainDate.from("2024-02-01")),
  ],
  [
    "int4multirange",
    "0000000200000011020000000400000001000000040000000200000009120000000400000005",
    [new Range(1, 2), new Range(5, null)],
  ],
  [
    "path",
    "00000000023ff0000000000000400000000000000040080000000000004010000000000000",
    { closed: false, points: [{ x: 1, y: 2 }, { x: 3, y: 4 }] },
  ],
  ["tid", "000000070003", "(7,3)"],
  ["pg_lsn", "00000016b374d848", "16/B374D848"],
  ["uuid", "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  ["jsonpath", "01242e226122", '$."a"'],
  ["vector", "000300003f800000c02000003dcccccd", [1, -2.5, Math.fround(0.1)]],
  ["halfvec", "000500003c00c1002e667bff0001", [1, -2.5, 0.0999755859375, 65_504, 2 ** -24]],
  [
    "sparsevec",
    "00000006000000020000000000000000000000033fc00000c0000000",
    new SparseVector(6, { indices: [0, 3], values: [1.5, -2] }),
  ],
  ["hstore", "00000003000000016100000001310000000162ffffffff00000002c3bc00000000", {
    a: "1",
    b: null,
    ü: "",
  }],
  ["ltree", "01612e62", "a.b"],
  ["geometry", LINE, Geometry.fromHex(LINE)],
];

const registry = new CodecRegistry();
const EXTENSION_TYPES = ["vector", "halfvec", "sparsevec", "hstore", "ltree", "geometry"];
registry.register(
  EXTENSION_TYPES.map((name, index) => catalogRow({ oid: String(90_000 + index), name, kind: "base" })),
);

function codecOf(type: string): Codec {
  const index = EXTENSION_TYPES.indexOf(type);
  return index >= 0 ? registry.get(90_000 + index)! : builtinCodec(type);
}

for (const [type, hex, value] of RECORDED) {
  test(`Codec of ${type} reads and writes the bytes ${hex.slice(0, 24)}… as a server does`, () => {
    const codec = codecOf(type);
    assert.deepStrictEqual(canonical(decoded(codec, parseHex(hex)!)), canonical(value));
    assert.equal(formatHex(encoded(codec, value)), hex);
  });
}

test("Codec of jsonb reads what a server sent", () => {
  const bytes = parseHex("017b2261223a205b312c206e756c6c5d7d")!;
  assert.deepStrictEqual(decoded(builtinCodec("jsonb"), bytes), { a: [1, null] });
});

test("Codec of record reads what a server sent", () => {
  const bytes = parseHex("0000000300000017000000040000000100000019000000016100000010ffffffff")!;
  assert.deepStrictEqual(decoded(builtinCodec("record"), bytes), [1, "a", null]);
});

test("Geometry tells its SRID and its hexadecimal form", () => {
  const geometry = Geometry.fromHex(LINE);
  assert.equal(geometry.srid, 4326);
  assert.equal(String(geometry), LINE.toUpperCase());
  assert.equal(JSON.stringify({ geometry }), `{"geometry":"${LINE.toUpperCase()}"}`);
  assert.throws(() => Geometry.fromHex("POINT(1 2)"), /use ST_GeomFromText\(\) for WKT/);
});
