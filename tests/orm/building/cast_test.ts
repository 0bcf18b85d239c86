/** Names of types: those that PostgreSQL has are taken, and nothing that goes on after them. */
import assert from "node:assert/strict";
import { column, model } from "../../../orm/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import { randomIntegers, rounds, SEED } from "../../random.ts";

const { text } = model("notes", { text: column.text() });

const SEVERAL_WORDS = [
  "double precision",
  "bit varying",
  "char varying",
  "character varying",
  "nchar varying",
  "national char",
  "national char varying",
  "national character",
  "national character varying",
  ...["time", "timestamp"].flatMap((type) => [`${type} with time zone`, `${type} without time zone`]),
  ...["year", "month", "day", "hour", "minute", "second"].map((field) => `interval ${field}`),
  ...["year to month", "day to hour", "day to minute", "day to second"].map((fields) => `interval ${fields}`),
  ...["hour to minute", "hour to second", "minute to second"].map((fields) => `interval ${fields}`),
];

const OTHERS = [
  "int",
  "TEXT",
  "numeric(12, 2)",
  "numeric(3,-1)",
  "varchar(20)[]",
  "int[3][]",
  "timestamp(3) with time zone",
  "Time(0) without time zone[]",
  "interval(3)",
  "interval day to second(3)",
  "character varying(12)",
  "bit varying (4)",
  "pg_catalog.int4",
  '"pg_catalog"."int8"[]',
];

function isTaken(type: string): boolean {
  try {
    text.cast(type);
    return true;
  } catch (error) {
    if (error instanceof ValidationError) return false;
    throw error;
  }
}

test("cast() takes every name of a type, and PostgreSQL understands it", { sanitize: false }, async () => {
  await using pool = new Pool("pglite:");
  for (const type of [...SEVERAL_WORDS, ...OTHERS]) {
    assert.equal(text.cast(type).text, `cast("notes"."text" as ${type})`);
    assert.deepEqual(
      await pool.query(sql`select cast(null as ${sql.unsafe(type)}) as x`),
      [{ x: null }],
      type,
    );
  }
});

test("cast() takes nothing that goes on after a type's name", () => {
  const refused = [
    "int union all",
    "int union",
    "int collate",
    "int) union (",
    "int -- ",
    "int /* */",
    "int; select 1",
    'text collate "C"',
    "double precision precision",
    "timestamp with zone",
    "interval year to second",
    "interval year(3)",
    "numeric(12, 2) with time zone",
    'a"b',
    "",
    " int",
    "int ",
    "int\n",
    "int[",
  ];
  for (const type of refused) assert.ok(!isTaken(type), `"${type}" is taken`);
});

test(`cast() takes several words only where they are one type's (seed ${SEED})`, () => {
  const words = [...new Set(SEVERAL_WORDS.flatMap((name) => name.split(" ")))];
  const pieces = [
    ...words,
    "int",
    "union",
    "all",
    "select",
    "collate",
    "array",
    "(3)",
    "[]",
    "--",
    ";",
    ")",
    "'",
  ];
  const random = randomIntegers(SEED);
  let several = 0;
  for (let round = 0; round < rounds(20_000, 500_000); round++) {
    const chosen = Array.from({ length: 1 + random(5) }, () => pieces[random(pieces.length)]);
    const type = chosen.join(" ");
    if (!isTaken(type)) continue;
    const named = chosen.filter((piece) => /^[a-z]+$/.test(piece));
    assert.ok(named.length === 1 || SEVERAL_WORDS.includes(named.join(" ")), type);
    assert.ok(!/[-;')]/.test(type.replaceAll("(3)", "")), type);
    if (named.length > 1) several++;
  }
  assert.ok(several > 0);
});
