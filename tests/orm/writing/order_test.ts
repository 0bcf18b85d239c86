/** The rows that bulk writes return are in the order of those they were given, also where some are left out. */
import assert from "node:assert/strict";
import { column, model } from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const Item = model("items", {
  id: column.identity().primaryKey(),
  code: column.integer().unique(),
  note: column.text().default("none"),
  skipped: column.boolean().default(false),
});

/** Rows that give other columns than the ones before and behind them. */
function mixedRows(count: number): (typeof Item.Insert)[] {
  return Array.from(
    { length: count },
    (_, code) => code % 2 === 0 ? { code } : { code, note: `note ${code}` },
  );
}

testOnBoth(
  "insertMany() and upsertMany() return the rows of different columns in order where others are left out",
  { models: [Item] },
  async (pool) => {
    const rows = mixedRows(200);
    await Item.insertMany([{ code: 7 }, { code: 100 }], pool);
    const expected = rows.map(({ code }) => code).filter((code) => code !== 7 && code !== 100);
    const inserted = await Item.insertMany(rows, { onConflict: "nothing" }, pool);
    assert.deepEqual(inserted.map(({ code }) => code), expected);
    assert.deepEqual(inserted.slice(0, 2).map(({ note }) => note), ["none", "note 1"]);

    await Item.delete().where(Item.code.notIn([7, 100])).run(pool);
    const chunked = await Item.insertMany(rows, { onConflict: "nothing", chunk: 30 }, pool);
    assert.deepEqual(chunked.map(({ code }) => code), expected);

    await Item.delete().where(Item.code.notIn([7, 100])).run(pool);
    const nothing = await Item.upsertMany(rows, { conflict: ["code"], update: "nothing" }, pool);
    assert.deepEqual(nothing.map(({ code }) => code), expected);

    await Item.delete().where(Item.code.gte(50)).run(pool);
    const some = await Item.upsertMany(rows, { conflict: ["code"], where: Item.code.gt(40) }, pool);
    assert.deepEqual(some.map(({ code }) => code), rows.map(({ code }) => code).filter((code) => code > 40));
    assert.equal(some.find(({ code }) => code === 45)?.note, "note 45");
    assert.equal(await Item.find().count(pool), 200);
  },
);

testOnBoth(
  "insertMany() leaves no holes where a trigger skips rows",
  { models: [Item] },
  async (pool) => {
    await pool.execute(
      sql`create function skip() returns trigger language plpgsql as
        'begin if new.skipped then return null; end if; return new; end'`,
    );
    await pool.execute(sql`create trigger skip before insert on items for each row execute function skip()`);
    const rows = Array.from({ length: 9 }, (_, code) => ({ code, skipped: code % 3 === 1 }));
    const inserted = await Item.insertMany(rows, { chunk: 3 }, pool);
    assert.deepEqual(inserted.map((row) => row?.code), [0, 2, 3, 5, 6, 8]);
    assert.equal(Object.keys(inserted).length, 6);
  },
);
