import assert from "node:assert/strict";
import { idText, idTextSql, type KeyType, partText } from "../../../../orm/cache/protocol/key_text.ts";
import { Pool } from "../../../../pool/pool.ts";
import { sql } from "../../../../pool/mod.ts";
import { fc } from "../../../fast_check.ts";
import { test } from "../../../harness.ts";
import { rounds } from "../../../random.ts";
import { needs, server } from "../../../services/client.ts";

test("idText() escapes what separates, and names long keys by their MD5", () => {
  assert.equal(idText(["42"]), "42");
  assert.equal(idText(["a", "b"]), "a,b");
  assert.equal(idText(["a,b"]), "a\\,b");
  assert.equal(idText(["a\\", "b"]), "a\\\\,b");
  assert.equal(idText([""]), "");
  assert.equal(idText(["x".repeat(200)]), "x".repeat(200));
  assert.match(idText(["x".repeat(201)]), /^md5:[0-9a-f]{32}$/);
  assert.match(idText(["é".repeat(101)]), /^md5:/);
  assert.equal(idText(["é".repeat(100)]), "é".repeat(100));
});

test("idText() gives different keys different texts", () => {
  const parts = fc.array(fc.string({ unit: fc.constantFrom(",", "\\", "a"), maxLength: 4 }), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      assert.equal(idText(one) === idText(other), JSON.stringify(one) === JSON.stringify(other));
    }),
    { numRuns: rounds(2_000, 50_000) },
  );
});

test("partText() is PostgreSQL's text, or undefined where it is not certain", () => {
  const cases: readonly [unknown, KeyType, string | undefined][] = [
    [7, "int4", "7"],
    [-0, "int4", "0"],
    [1.5, "int4", undefined],
    [2 ** 53, "int8", undefined],
    [9223372036854775807n, "int8", "9223372036854775807"],
    [9223372036854775808n, "int8", undefined],
    [32768, "int2", undefined],
    [-32768, "int2", "-32768"],
    [" +007 ", "int4", "7"],
    ["7x", "int4", undefined],
    [null, "int4", undefined],
    ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    ["{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "uuid", undefined],
    ["", "text", ""],
    ["a\0b", "text", undefined],
    ["\ud800", "varchar", undefined],
    [7, "text", undefined],
  ];
  for (const [value, keyType, text] of cases) {
    assert.equal(partText(value, keyType), text, `${value} as ${keyType}`);
  }
});

test("idTextSql() is the same text on a server", needs("primary"), async () => {
  await using pool = new Pool(server("primary").url);
  const part = fc.oneof(
    fc.string({ unit: fc.constantFrom(",", "\\", "'", "é", "\u{1f600}", "a", "\n", " "), maxLength: 250 }),
    fc.string({ unit: "binary", maxLength: 120 }).map((text) => text.replaceAll("\0", "").toWellFormed()),
  );
  const keys = fc.sample(fc.array(part, { minLength: 1, maxLength: 3 }), rounds(600, 20_000));
  for (const size of [1, 2, 3]) {
    const ofSize = keys.filter((key) => key.length === size);
    assert.ok(ofSize.length > 10, `${ofSize.length} keys of ${size} columns`);
    const names = ["a", "b", "c"].slice(0, size);
    const text = sql.unsafe(idTextSql(names.map((name) => `"${name}"`)));
    const columns = names.map((_, index) => ofSize.map((key) => key[index]));
    const [a, b = [], c = []] = columns;
    const rows = await pool.query<{ text: string }>(
      sql`select ${text} as text from unnest(${a}::text[], ${b}::text[], ${c}::text[]) with ordinality as keys(a, b, c, n) order by n`,
    );
    assert.deepEqual(rows.map(({ text }) => text), ofSize.map(idText));
  }
});

test("partText() is what a server makes of a key's value", needs("primary"), async () => {
  await using pool = new Pool(server("primary").url);
  const numbers = fc.sample(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), 100).map(String);
  const uuids = fc.sample(fc.uuid(), 100).map((uuid, index) => index % 2 ? uuid.toUpperCase() : uuid);
  const rows = await pool.query<{ number: string; uuid: string }>(
    sql`select number::text as number, uuid::text as uuid from unnest(${numbers}::int8[], ${uuids}::uuid[]) with ordinality as keys(number, uuid, n) order by n`,
  );
  assert.deepEqual(rows.map(({ number }) => number), numbers.map((number) => partText(number, "int8")));
  assert.deepEqual(rows.map(({ uuid }) => uuid), uuids.map((uuid) => partText(uuid, "uuid")));
});
