import assert from "node:assert/strict";
import {
  type CatalogRow,
  type Codec,
  CodecRegistry,
  type CodecRegistryOptions,
  PgArray,
  Range,
} from "../../../../pool/wire/codec/mod.ts";
import { ConfigError, DecodeError, ValidationError } from "../../../../pool/wire/errors.ts";
import { test } from "../../../harness.ts";
import { freshDatabase, needs } from "../../../services/client.ts";
import { catalogRow } from "./catalog_row.ts";
import { testSession } from "./test_session.ts";
import { decoded, encoded } from "./wire_form.ts";

const ROWS: readonly CatalogRow[] = [
  catalogRow({ oid: "101", name: "mood", kind: "enum" }),
  catalogRow({ oid: "102", name: "_mood", kind: "array", target: "101" }),
  catalogRow({ oid: "103", name: "moods", kind: "domain", target: "102" }),
  catalogRow({
    oid: "104",
    name: "tree",
    kind: "composite",
    attributes: '[["label",25],["children",105],["moods",103]]',
  }),
  catalogRow({ oid: "105", name: "_tree", kind: "array", target: "104" }),
  catalogRow({ oid: "106", name: "moodrange", kind: "range", target: "101" }),
  catalogRow({ oid: "107", name: "moodmultirange", kind: "multirange", target: "106" }),
  catalogRow({ oid: "108", name: "mystery", kind: "base" }),
  catalogRow({ oid: "109", name: "opaque", kind: "composite", attributes: '[["what",108]]' }),
];

function assertBothWays(codec: Codec, value: unknown): void {
  if (codec.binary) assert.deepStrictEqual(decoded(codec, encoded(codec, value)), value);
  assert.deepStrictEqual(codec.decodeText(codec.encodeText(value)), value);
}

test("CodecRegistry.register() builds types from the catalog in any order, recursive ones too", () => {
  const tree = {
    label: "root",
    moods: ["sad", null],
    children: [{ label: 'a "leaf", (really)', children: [], moods: null }, null],
  };
  for (const rows of [ROWS, [...ROWS].reverse()]) {
    const registry = new CodecRegistry();
    assert.deepStrictEqual(registry.missing([104, 23, 104, 0, 108]), [104, 108]);
    registry.register(rows);
    assert.deepStrictEqual(registry.missing([101, 102, 103, 104, 105, 106, 107, 108, 109]), []);
    assertBothWays(registry.get(104)!, tree);
    assertBothWays(registry.get(105)!, [tree, tree]);
    assertBothWays(registry.get(107)!, [new Range("sad", "ok"), new Range(null, 'a,"b"')]);
    assert.equal(registry.get(104)!.binary, true);
    assert.equal(registry.get(109)!.binary, false);
    assertBothWays(registry.get(109)!, { what: "(a,b)" });
  }
});

test("CodecRegistry takes attributes and keys named __proto__ for what they are", () => {
  const registry = new CodecRegistry();
  registry.register([
    catalogRow({ oid: "104", name: "odd", kind: "composite", attributes: '[["__proto__",23]]' }),
    catalogRow({ oid: "105", name: "hstore", kind: "base" }),
  ]);
  const odd = JSON.parse('{"__proto__": 7}');
  assertBothWays(registry.get(104)!, odd);
  assertBothWays(registry.get(105)!, JSON.parse('{"__proto__": "7", "other": null}'));
  assert.equal(
    Object.getPrototypeOf(decoded(registry.get(104)!, encoded(registry.get(104)!, odd))),
    Object.prototype,
  );
});

test("CodecRegistry.missing() names a composite again whose attributes have changed, and register() updates it", () => {
  const before = new CodecRegistry();
  const after = new CodecRegistry();
  before.register([catalogRow({ oid: "104", name: "pair", kind: "composite", attributes: '[["a",23]]' })]);
  const now = catalogRow({ oid: "104", name: "pair", kind: "composite", attributes: '[["a",23],["b",25]]' });
  after.register([now]);
  const bytes = encoded(after.get(104)!, { a: 1, b: "two" });
  const codec = before.get(104)!;
  assert.deepStrictEqual(before.missing([104]), []);
  assert.throws(
    () => decoded(codec, bytes),
    /attributes have changed since they were read; run the query again/,
  );
  assert.deepStrictEqual(before.missing([104]), [104]);
  before.register([now]);
  assert.deepStrictEqual(before.missing([104]), []);
  assert.deepStrictEqual(decoded(codec, bytes), { a: 1, b: "two" });
});

test("Codec of a composite refuses missing, undefined and unknown attributes by name", () => {
  const registry = new CodecRegistry();
  registry.register(ROWS);
  const codec = registry.get(104)!;
  const refused: [unknown, RegExp][] = [
    [{ label: "a", children: null }, /attribute "moods" is missing or undefined; give null/],
    [
      { label: "a", children: null, moods: null, extra: 1 },
      /no attribute "extra"; give an object with the keys "label"/,
    ],
    [["a"], /an array was given/],
    [undefined, /undefined was given/],
  ];
  for (const [value, words] of refused) {
    for (const encode of [() => encoded(codec, value), () => codec.encodeText(value)]) {
      assert.throws(
        encode,
        (error: unknown) => error instanceof ValidationError && words.test(error.message),
      );
    }
  }
});

test("Codec of record returns the values of its fields, and says which type it cannot read", () => {
  const registry = new CodecRegistry();
  registry.register([
    catalogRow({ oid: "104", name: "pair", kind: "composite", attributes: '[["a",23],["b",1009]]' }),
  ]);
  const bytes = encoded(registry.get(104)!, { a: null, b: ["x", null] });
  assert.deepStrictEqual(decoded(registry.get(2249)!, bytes), [null, ["x", null]]);
  assert.deepStrictEqual(registry.get(2249)!.decodeText('(1,,"a ""b""")'), ["1", null, 'a "b"']);
  registry.register([
    catalogRow({ oid: "108", name: "mystery", kind: "base" }),
    catalogRow({ oid: "109", name: "known", kind: "composite", attributes: '[["what",101]]' }),
    catalogRow({ oid: "101", name: "mood", kind: "enum" }),
  ]);
  const fresh = new CodecRegistry();
  const unknown = encoded(registry.get(109)!, { what: "sad" });
  assert.throws(() => decoded(fresh.get(2249)!, unknown), (error: unknown) => {
    return error instanceof DecodeError && /field 1 has a type \(OID 101\)/.test(error.message);
  });
});

test("CodecRegistry uses a custom codec by name, for arrays, ranges, domains and composites of the type too", () => {
  const cents = {
    encode: (value: unknown) => (value as bigint).toString(),
    decode: (text: string) => BigInt(text),
  };
  const lower = { encode: String, decode: (text: string) => text.toLowerCase() };
  const registry = new CodecRegistry({ codecs: { numeric: cents, "app.mood": lower } });
  registry.register([
    catalogRow({ oid: "101", name: "mood", kind: "enum", schema: "app" }),
    catalogRow({ oid: "102", name: "mood", kind: "enum", schema: "other" }),
    catalogRow({ oid: "103", name: "price", kind: "domain", target: "1700" }),
    catalogRow({
      oid: "104",
      name: "item",
      kind: "composite",
      attributes: '[["price",103],["prices",1231]]',
    }),
  ]);
  assertBothWays(registry.get(1700)!, 7n);
  assertBothWays(registry.get(1231)!, [7n, null]);
  assertBothWays(registry.get(3906)!, new Range(1n, 2n));
  assertBothWays(registry.get(104)!, { price: 5n, prices: [6n] });
  assert.equal(registry.get(1700)!.binary, false);
  assert.equal(registry.get(104)!.binary, false);
  assert.equal(registry.get(101)!.decodeText("SAD"), "sad");
  assert.equal(registry.get(102)!.decodeText("SAD"), "SAD");
});

test("CodecRegistry uses a custom codec's binary form, and refuses wrong results and undefined", () => {
  const bytes = { encode: (value: unknown) => value as Uint8Array, decode: (value: Uint8Array) => value };
  const registry = new CodecRegistry({
    codecs: { uuid: { encode: () => 7 as unknown as string, decode: (text) => text, binary: bytes } },
  });
  const codec = registry.get(2950)!;
  assertBothWaysInBinary(codec, Uint8Array.of(1, 2));
  assert.throws(
    () => codec.encodeText("x"),
    /custom codec of type uuid: its encode\(\) did not return a string/,
  );
  assert.throws(() => encoded(codec, "x"), /did not return a Uint8Array/);
  assert.throws(() => encoded(codec, undefined), /undefined was given/);
  assertBothWaysInBinary(registry.get(2951)!, [Uint8Array.of(1), null]);
});

function assertBothWaysInBinary(codec: Codec, value: unknown): void {
  assert.deepStrictEqual(decoded(codec, encoded(codec, value)), value);
}

test("Codec of an array of array-like values returns a PgArray for several dimensions, not to mix them up", () => {
  const registry = new CodecRegistry();
  const codec = registry.get(199)!;
  assertBothWays(codec, [[1, [2]], { a: [] }, null]);
  assertBothWays(
    codec,
    new PgArray([{ length: 1, lowerBound: 1 }, { length: 2, lowerBound: 1 }], [[1], "two"]),
  );
  assertBothWays(registry.get(1007)!, [[[1, null], [2, 3]], [[4, 5], [6, 7]]]);
});

test("new CodecRegistry() refuses options by name", () => {
  const refused: [unknown, RegExp][] = [
    [{ int8: "float" }, /setting "int8" from options: its value is not one of "bigint", "number", "string"/],
    [{ numeric: "bigint" }, /"numeric"/],
    [{ dates: "moment" }, /"dates"/],
    [
      { codecs: { mood: { encode: String } } },
      /"codecs.mood" from options: it lacks encode\(\) or decode\(\)/,
    ],
    [{ codecs: { mood: { encode: String, decode: String, binary: {} } } }, /"codecs.mood.binary"/],
  ];
  for (const [options, words] of refused) {
    assert.throws(() => new CodecRegistry(options as CodecRegistryOptions), (error: unknown) => {
      return error instanceof ConfigError && words.test(error.message);
    });
  }
});

test("new CodecRegistry() says what to do on a runtime without Temporal", () => {
  const { Temporal } = globalThis;
  try {
    delete (globalThis as { Temporal?: unknown }).Temporal;
    assert.throws(
      () => new CodecRegistry(),
      /no Temporal; set globalThis.Temporal to a polyfill, or use dates: "Date"/,
    );
    for (const dates of ["Date", "string"] as const) {
      const codec = new CodecRegistry({ dates }).get(1184)!;
      assert.equal(encoded(codec, new Date(0)).length, 8);
    }
  } finally {
    Object.defineProperty(globalThis, "Temporal", { value: Temporal, configurable: true, writable: true });
  }
});

for (const name of ["primary", "pg15"] as const) {
  test(`CodecRegistry has the OIDs of ${name} for every built-in type`, needs(name), async () => {
    await using database = await freshDatabase({ server: name });
    await using session = await testSession(database.url);
    const rows = await session.query(
      `select t.oid, typname::text as name, typelem from pg_type t
       where typnamespace = 'pg_catalog'::regnamespace and typrelid = 0
         and not exists (select from pg_type e where e.oid = t.typelem and e.typrelid <> 0)`,
    );
    const known = rows.filter(({ oid }) => session.registry.get(oid as number) !== undefined);
    assert.ok(known.length > 150);
    for (const { oid, name } of known) assert.equal(session.registry.get(oid as number)!.type, name);
    const unknown = rows.filter((row) => !known.includes(row)).map(({ name }) => name as string);
    // Pseudo-types that no value has, and internal summaries.
    const internal = /^(any|pg_brin|pg_ddl|.*_handler$|.*trigger$|internal$)/;
    assert.deepStrictEqual(unknown.filter((type) => !internal.test(type)), []);
  });

  test(
    `CodecRegistry reads a row type again on ${name} after its table has changed`,
    needs(name),
    async () => {
      await using database = await freshDatabase({ server: name });
      await using session = await testSession(database.url);
      await session.query("create table item (id int4, tags text[])");
      await session.query("insert into item values (1, '{a}')");
      assert.deepStrictEqual(await session.query("select i as item from item i"), [{
        item: { id: 1, tags: ["a"] },
      }]);
      await session.query("alter table item add price numeric default 1.5, drop tags");
      await assert.rejects(session.query("select i as item from item i"), DecodeError);
      const rows = await session.query("select i as item from item i where true");
      assert.deepStrictEqual(rows, [{ item: { id: 1, price: "1.5" } }]);
    },
  );
}
