/** Every kind of column on real databases: created, written, read back, and compared with the catalog. */
import assert from "node:assert/strict";
import { type AnyColumnDefinition, column, createTables, model } from "../../../orm/mod.ts";
import { literalOf } from "../../../orm/compiling/ddl/literal.ts";
import { Range } from "../../../pool/wire/codec/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { fc } from "../../fast_check.ts";
import { test } from "../../harness.ts";
import { canonical } from "../../pool/wire/codec/canonical.ts";
import { rounds, SEED } from "../../random.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { type Kind, KINDS } from "./every_kind.ts";
import { testOnBoth } from "./on_both.ts";

/** The kinds a database can have; it prints what it leaves out. */
async function kindsOf(pool: Pool): Promise<readonly Kind[]> {
  const rows = await pool.query<{ name: string }>(sql`select name from pg_available_extensions`);
  const extensions = new Set(rows.map(({ name }) => name));
  const missing = new Set<string>();
  const kinds = KINDS.filter(({ extension }) => {
    if (extension === undefined || extensions.has(extension)) return true;
    missing.add(extension);
    return false;
  });
  if (!await hasXml(pool)) return kinds.filter(({ name }) => name !== "xml");
  for (const extension of missing) console.log(`no extension ${extension}: its kinds are not covered`);
  return kinds;
}

async function hasXml(pool: Pool): Promise<boolean> {
  try {
    await pool.value(sql`select '<a/>'::xml`);
    return true;
  } catch {
    console.log("no XML: its kind is not covered");
    return false;
  }
}

/** Columns of some kinds by property, each changed by `change`. */
function columnsOf(
  kinds: readonly Kind[],
  change: (kind: Kind) => AnyColumnDefinition,
): Record<string, AnyColumnDefinition> {
  return Object.fromEntries(kinds.map((kind) => [kind.name, change(kind)]));
}

let drawn = 0;

/** A value, another each time. */
function draw<Value>(values: fc.Arbitrary<Value>): Value {
  return fc.sample(values, { numRuns: 1, seed: SEED + drawn++ })[0];
}

function sampleOf(kinds: readonly Kind[]): Record<string, unknown> {
  return Object.fromEntries(kinds.map(({ name, values }) => [name, draw(values)]));
}

testOnBoth("every kind of column carries its values there and back", async (pool) => {
  const kinds = await kindsOf(pool);
  assert.ok(kinds.length > 65, `there were only ${kinds.length}`);
  const Plain = model("plain", {
    id: column.identity().primaryKey(),
    ...columnsOf(kinds, (kind) => kind.column),
  });
  const Lists = model("lists", {
    id: column.identity().primaryKey(),
    ...columnsOf(kinds, (kind) => kind.column.array()),
  });
  await createTables([Plain, Lists], pool);
  for (let round = 1; round <= rounds(2, 40); round++) {
    const given = sampleOf(kinds);
    const inserted = await Plain.insert(given as typeof Plain.Insert, pool);
    assert.deepEqual(canonical(inserted), canonical({ id: round, ...given }));
    assert.deepEqual(canonical(await Plain.findById(round as never, pool)), canonical(inserted));
    const first = sampleOf(kinds);
    const lists = Object.fromEntries(kinds.map(({ name }) => [name, [given[name], null, first[name]]]));
    const list = await Lists.insert(lists as typeof Lists.Insert, pool);
    assert.deepEqual(canonical(list), canonical({ id: round, ...lists }));
  }
});

testOnBoth("a default of every kind is what an insert without it stores", async (pool) => {
  const kinds = await kindsOf(pool);
  for (let round = 0; round < rounds(2, 40); round++) {
    const given = sampleOf(kinds);
    const Defaulted = model(`defaulted_${round}`, {
      id: column.identity().primaryKey(),
      ...columnsOf(kinds, (kind) => kind.column.default(given[kind.name])),
    });
    await createTables([Defaulted], pool);
    const row = await Defaulted.insert({} as typeof Defaulted.Insert, pool);
    assert.deepEqual(canonical(row), canonical({ id: 1, ...given }));
  }
});

test(
  "literalOf() writes what a parameter would carry",
  { ...needs("primary"), timeout: 60_000 },
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    const kinds = await kindsOf(pool);
    await createTables([model("every", columnsOf(kinds, (kind) => kind.column))], pool);
    for (let round = 0; round < rounds(10, 400); round++) {
      const given = sampleOf(kinds);
      const lists = Object.fromEntries(
        kinds.map((
          { name, values },
        ) => [name, draw(fc.array(fc.option(values), { maxLength: 3 }))]),
      );
      for (const [values, brackets] of [[given, ""], [lists, "[]"]] as const) {
        const texts = kinds.map(({ name, column }) => {
          const { type } = brackets === "" ? column.settings : column.array().settings;
          return `(${literalOf(type, values[name])})::${type.sql}${brackets} as "${name}"`;
        });
        const row = await pool.one(sql.unsafe(`select ${texts.join(", ")}`));
        const Every = model(
          "every",
          columnsOf(kinds, (kind) => brackets === "" ? kind.column : kind.column.array()),
        );
        for (const { name } of kinds) {
          const { conversion } = Every[name].settings.type;
          const read = row[name];
          const value = read === null || conversion === undefined || conversion.fits(read)
            ? read
            : conversion.convert(read);
          assert.deepEqual(canonical(value), canonical(values[name]), `${name}${brackets}`);
        }
      }
    }
  },
);

testOnBoth("the catalog has the type every kind declares", async (pool) => {
  const kinds = await kindsOf(pool);
  const Typed = model("typed", {
    ...columnsOf(kinds, (kind) => kind.column.name(kind.name)),
    lists: column.varchar(3).array().array(),
  });
  await createTables([Typed], pool);
  const rows = await pool.query<{ name: string; type: string; base: string; required: boolean }>(sql`
    select attname as name, format_type(atttypid, atttypmod) as type, typname as base, attnotnull as required
    from pg_attribute join pg_type on pg_type.oid = atttypid
    where attrelid = 'typed'::regclass and attnum > 0 order by attnum`);
  assert.deepEqual(
    rows,
    [
      ...kinds.map((kind) => ({
        name: kind.name,
        type: kind.type,
        base: kind.column.settings.type.base,
        required: true,
      })),
      { name: "lists", type: "character varying(3)[]", base: "_varchar", required: true },
    ],
  );
});

test("ranges and composites are converted whatever the pool's options", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool({ url: database.url, int8: "number", numeric: "number", dates: "Date" });
  const Sample = model("converted", {
    id: column.identity().primaryKey(),
    big: column.int8range(),
    many: column.int8multirange(),
    part: column.composite("part", { count: column.bigint(), size: column.numeric().nullable() }),
    amount: column.domain("amount", column.bigint({ mode: "string" })),
  });
  await createTables([Sample], pool);
  const rows: (typeof Sample.Insert)[] = [
    {
      big: Range.empty<bigint>(),
      many: [],
      part: { count: 1n, size: null },
      amount: "1",
    },
    {
      big: new Range<bigint>(null, 5n),
      many: [new Range(1n, 2n)],
      part: { count: 2n, size: "1.5" },
      amount: "9",
    },
    { big: new Range(3n, 5n), many: [new Range(1n, null)], part: { count: 3n, size: "2" }, amount: "10" },
  ];
  for (const row of rows) await Sample.insert(row, pool);
  const read = await Sample.find().orderBy(Sample.id).all(pool);
  assert.deepEqual(read, rows.map((row, index) => ({ id: index + 1, ...row })));
  const numbers = read.map(({ big, part, amount, many }) => ({ big, part, amount, many }));
  assert.deepEqual(numbers, rows);
});

test("the conversions of ranges and composites turn numbers into what is promised", () => {
  const range = column.int8range().settings.type.conversion!;
  const part = column.composite("part", { count: column.bigint(), note: column.text() }).settings.type
    .conversion!;
  for (
    const [read, promised] of [
      [new Range(1, 5), new Range(1n, 5n)],
      [new Range(null, 5, { bounds: "[]" }), new Range(null, 5n, { bounds: "[]" })],
      [Range.empty(), Range.empty()],
      [new Range(null, null), new Range(null, null)],
    ]
  ) {
    assert.equal(range.fits(read), false);
    assert.deepEqual(range.convert(read), promised);
  }
  assert.equal(range.fits(new Range(1n, 5n)), true);
  assert.equal(part.fits({ count: 1, note: "x" }), false);
  assert.deepEqual(part.convert({ count: 1, note: "x" }), { count: 1n, note: "x" });
  assert.deepEqual(part.convert({ count: null, note: null }), { count: null, note: null });
  assert.equal(part.fits({ count: 1n, note: null }), true);
  assert.equal(column.composite("plain", { note: column.text() }).settings.type.conversion, undefined);
});
