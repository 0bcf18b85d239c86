/** Values at the edges of their types are stored the same by every way to write them. */
import assert from "node:assert/strict";
import { column, model } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const LABELS = ["a b", "quote'", 'dq"', "comma,", "{brace}", "NULL", "", "back\\slash"] as const;

const Hard = model("hard", {
  id: column.integer().primaryKey(),
  day: column.date().nullable(),
  local: column.timestamp().nullable(),
  instant: column.timestamptz().nullable(),
  price: column.numeric().nullable(),
  double: column.double().nullable(),
  span: column.interval().nullable(),
  label: column.enum("odd label", LABELS).nullable(),
  document: column.jsonb<unknown>().nullable(),
  json: column.json<unknown>().nullable(),
  bytes: column.bytea().nullable(),
  word: column.domain("odd domain", column.text()).nullable(),
});

const DOCUMENTS = ["", "null", "text", 0, false, [], {}, [null], { a: [null, "}"] }];
const VALUES: readonly Omit<typeof Hard.Insert, "id">[] = [
  { day: Temporal.PlainDate.from("-000043-03-15"), word: "x,y" },
  { local: Temporal.PlainDateTime.from("-004000-01-01T00:00"), word: "" },
  { instant: Temporal.Instant.from("0001-01-01T00:00:00.000001Z"), word: "NULL" },
  ...["NaN", "Infinity", "-Infinity", "1e-10", "0.00"].map((price) => ({ price })),
  ...[NaN, Infinity, -0, Number.MIN_VALUE, Number.MAX_VALUE].map((double) => ({ double })),
  { span: Temporal.Duration.from({ months: -3, days: -4, microseconds: -5 }) },
  ...LABELS.map((label) => ({ label, word: label })),
  ...DOCUMENTS.map((document) => ({ document, json: document })),
  { bytes: Uint8Array.from({ length: 256 }, (_, byte) => byte) },
  { bytes: new Uint8Array(0) },
];
const EMPTY: Readonly<Record<string, null>> = {
  day: null,
  local: null,
  instant: null,
  price: null,
  double: null,
  span: null,
  label: null,
  document: null,
  json: null,
  bytes: null,
  word: null,
};

testOnBoth("insert(), arrays, lists, COPY and updates store the same", { models: [Hard] }, async (pool) => {
  const rows = VALUES.map((values, index) =>
    Object.freeze({ ...EMPTY, ...values, id: index }) as typeof Hard.Insert
  );
  const stored = async () => {
    const texts = await pool.query(sql<{ row: string }>`select hard::text as row from hard order by id`);
    return texts.map(({ row }) => row);
  };
  for (const row of rows) await Hard.insert(row, pool);
  const expected = await stored();
  const ways: Record<string, () => Promise<unknown>> = {
    arrays: () => Hard.insertMany(Object.freeze(rows), pool),
    lists: () =>
      Hard.insertMany(rows.map((row, index) => index === 0 ? { ...row, word: sql`'x,y'` } : row), pool),
    upserts: () => Hard.upsertMany(rows, {}, pool),
    async updates() {
      await Hard.insertMany(rows.map(({ id }) => ({ id })), pool);
      await Hard.updateMany(rows, pool);
    },
    async copies() {
      const more = Array.from({ length: 1_000 }, (_, index) => ({ ...rows[0], id: 1_000 + index }));
      await Hard.insertMany([...rows, ...more], { returning: false }, pool);
      await Hard.delete().where(Hard.id.gte(1_000)).run(pool);
    },
  };
  for (const [name, write] of Object.entries(ways)) {
    await pool.execute(sql`truncate hard`);
    await write();
    assert.deepEqual(await stored(), expected, name);
  }
});
