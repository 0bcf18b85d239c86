import assert from "node:assert/strict";
import { parseType, typeChangeCost } from "../../../migrate/lint/type_change.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

const TYPES = [
  [
    "smallint",
    "integer",
    "bigint",
    "numeric",
    "numeric(10,2)",
    "numeric(12,2)",
    "numeric(12,4)",
    "numeric(8,2)",
    "real",
    "float8",
    "oid",
  ],
  ["text", "varchar", "varchar(10)", "varchar(20)", "char(10)", "char(20)", "char", "bpchar", "name"],
  ["text[]", "varchar[]", "varchar(10)[]", "varchar(20)[]"],
  ["timestamp", "timestamp(3)", "timestamp(6)", "timestamptz", "timestamptz(3)", "timestamptz(6)", "date"],
  ["time", "time(3)", "time(6)"],
  ["interval", "interval(3)", "interval(6)"],
  ["inet", "cidr", "text"],
  ["json", "jsonb", "text"],
  ["bit varying(3)", "bit varying(5)", "bit varying", "bit(3)", "bit(5)"],
  ["xml", "text"],
] as const;

for (const name of ["primary", "pg15"] as const) {
  test(`typeChangeCost() knows which changes rewrite the table (${name})`, {
    ...needs(name),
    timeout: 60_000,
  }, async () => {
    await using database = await freshDatabase({ server: name });
    await using pool = new Pool({
      url: database.url,
      max: 1,
      min: 1,
      runtimeParameters: { TimeZone: "UTC" },
    });
    let compared = 0;
    const wrong: string[] = [];
    for (const family of TYPES) {
      for (const from of family) {
        for (const to of family) {
          if (from === to) continue;
          const node = sql`select pg_relation_filenode('t')::bigint`;
          const [, , before, changed, , after] = await pool.batch([
            sql.unsafe("drop table if exists t"),
            sql.unsafe(`create table t (c ${from})`),
            node,
            sql.unsafe(`alter table t alter c type ${to} using c::${to}`),
            sql`select 1`,
            node,
          ], { atomic: false });
          if (changed.status === "rejected") continue;
          assert.ok(before.status === "fulfilled" && after.status === "fulfilled");
          const isRewritten = Object.values(before.value[0])[0] !== Object.values(after.value[0])[0];
          const { rewrites } = typeChangeCost(from, to, { using: `c::${to}`, column: "c" });
          compared++;
          if (rewrites !== isRewritten) wrong.push(`${from} → ${to}: said ${rewrites}, was ${isRewritten}`);
        }
      }
    }
    console.log(`${compared} changes of types compared`);
    assert.deepEqual(wrong, []);
    assert.ok(compared > 150);
  });
}

test("typeChangeCost() knows what may not fit", () => {
  const narrows = (from: string, to: string): boolean => typeChangeCost(from, to).narrows;
  for (
    const [from, to] of [
      ["int", "bigint"],
      ["varchar(10)", "varchar(20)"],
      ["varchar(3)", "text"],
      ["numeric(8,2)", "numeric(10,2)"],
      ["date", "timestamptz"],
      ["int4", "integer"],
      ["mood", "text"],
    ]
  ) {
    assert.equal(narrows(from, to), false, `${from} → ${to}`);
  }
  for (
    const [from, to] of [
      ["bigint", "int"],
      ["text", "varchar(20)"],
      ["numeric(10,2)", "numeric(10,4)"],
      ["timestamptz", "date"],
      ["text", "integer"],
      ["varchar(20)", "varchar(10)"],
      ["int[]", "int"],
    ]
  ) {
    assert.equal(narrows(from, to), true, `${from} → ${to}`);
  }
  assert.equal(typeChangeCost(undefined, "int").rewrites, "unknown");
  assert.equal(typeChangeCost("int", "bigint", { using: "length(c)", column: "c" }).rewrites, true);
  assert.equal(typeChangeCost("timestamp", "timestamptz").needsUtc, true);
  assert.deepEqual(parseType("CHARACTER VARYING (20) [ ]".replace("[ ]", "[]")), {
    base: "character varying",
    modifiers: [20],
    isArray: true,
  });
});
