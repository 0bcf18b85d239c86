/** Values as SQL text; that they are what a parameter would carry is proved in `definition/kinds_test.ts`. */
import assert from "node:assert/strict";
import { inlined, quoteLiteral } from "../../../../orm/building/inlined.ts";
import { literalOf } from "../../../../orm/compiling/ddl/literal.ts";
import { type AnyColumnDefinition, column, ColumnDefinition } from "../../../../orm/mod.ts";
import { Pool } from "../../../../pool/pool.ts";
import { sql } from "../../../../pool/sql/sql.ts";
import { Geometry, SparseVector } from "../../../../pool/wire/codec/mod.ts";
import { ValidationError } from "../../../../pool/wire/errors.ts";
import { fc } from "../../../fast_check.ts";
import { test } from "../../../harness.ts";
import { text } from "../../../pool/wire/codec/samples.ts";
import { rounds } from "../../../random.ts";
import { freshDatabase, needs } from "../../../services/client.ts";

function literal(definition: AnyColumnDefinition, value: unknown): string {
  assert.ok(definition instanceof ColumnDefinition);
  return literalOf(definition.settings.type, value);
}

test("literalOf() leaves plain numbers and booleans without quotes, and quotes the rest", () => {
  const point = "0101000020E6100000000000000000F03F0000000000000040";
  const cases: readonly (readonly [AnyColumnDefinition, unknown, string])[] = [
    [column.integer(), -3, "-3"],
    [column.bigint(), 2n ** 63n - 1n, "9223372036854775807"],
    [column.numeric(), "1.50", "1.50"],
    [column.numeric(), "NaN", "'NaN'"],
    [column.double(), 0.1, "0.1"],
    [column.double(), -0, "'-0'"],
    [column.double(), 1e21, "'1e+21'"],
    [column.double(), -Infinity, "'-Infinity'"],
    [column.boolean(), true, "true"],
    [column.boolean(), false, "false"],
    [column.boolean().nullable(), null, "null"],
    [column.text(), "12", "'12'"],
    [column.text(), "it's \\", "E'it''s \\\\'"],
    [column.integer().array(), [1, null], "'{1,NULL}'"],
    [column.jsonb(), { a: "'" }, `'{"a":"''"}'`],
    [column.box().array(), [{ high: { x: 1, y: 1 }, low: { x: 0, y: 0 } }], `'{"(1,1),(0,0)"}'`],
    [column.vector(2), [1.5, -2], "'[1.5,-2]'"],
    [column.halfvec(2).array(), [[1.5, -2], null], `'{"[1.5,-2]",NULL}'`],
    [column.sparsevec(5), new SparseVector(5, { indices: [0, 4], values: [1, 2] }), "'{1:1,5:2}/5'"],
    [column.geometry(), Geometry.fromHex(point), `'${point}'`],
    [column.hstore(), { a: null }, `'"a"=>NULL'`],
    [column.custom("app.color(3)"), "red", "'red'"],
  ];
  for (const [definition, value, expected] of cases) assert.equal(literal(definition, value), expected);
  assert.throws(() => literal(column.date(), "yesterday"), ValidationError);
  assert.throws(() => literal(column.text(), "\0"), /NUL/);
  assert.throws(() => quoteLiteral("\0"), /Cannot use a literal: it holds a NUL/);
});

test("inlined() writes a fragment's values where they stand", () => {
  const day = Temporal.PlainDate.from("2026-11-22");
  const bytes = new Uint8Array([0, 255]);
  const date = new Date(0);
  const list = ["a'", null, 'b"\\', ["x"]];
  const fragment =
    sql`a = ${"it's"} and b-${-1} and ${2n}-${-2n} and ${true} and ${null} and ${1.5} and ${NaN}`;
  assert.equal(
    inlined(fragment, "x"),
    "a = 'it''s' and b-(-1) and 2-(-2) and true and null and 1.5 and 'NaN'",
  );
  assert.equal(
    inlined(sql`${day} ${bytes} ${date} ${list}`, "x"),
    `'2026-11-22' E'\\\\x00ff' '1970-01-01T00:00:00.000Z' E'{"a''",null,"b\\\\"\\\\\\\\",{"x"}}'`,
  );
  for (const value of [{ a: 1 }, [{ a: 1 }]]) {
    assert.throws(
      () => inlined(sql`${value}`, "the check of x"),
      /Cannot use the check of x: .*write it as text/,
    );
  }
});

test(
  "quoteLiteral() is the text itself, whatever the server makes of backslashes",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    await pool.transaction(async (tx) => {
      for (const setting of ["on", "off"]) {
        await tx.execute(sql.unsafe(`set local standard_conforming_strings = ${setting}`));
        const hard = fc.oneof(text, fc.stringMatching(/^[\\'"$E]{0,12}$/));
        for (const value of fc.sample(hard, rounds(50, 2_000))) {
          assert.equal(await tx.value(sql.unsafe(`select ${quoteLiteral(value)}::text`)), value);
        }
      }
    });
  },
);
