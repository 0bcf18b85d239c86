/** Triggers that models declare, sequences, and exclusion constraints. */
import assert from "node:assert/strict";
import {
  column,
  constraint,
  createTables,
  createTablesSQL,
  dropTables,
  model,
  nextval,
  nextValue,
  trigger,
} from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { Range } from "../../../pool/wire/codec/mod.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { ExclusionViolationError } from "../../../pool/wire/postgres_error.ts";
import { test } from "../../harness.ts";
import { testOnAll, testOnServers } from "./on_all.ts";

const Journal = model("journal", { id: column.identity().primaryKey(), entry: column.text() });
const Price = model("prices", {
  id: column.identity().primaryKey(),
  cents: column.integer(),
  changes: column.integer().default(0),
}, {
  schema: "Shop",
  triggers: (t) => [
    trigger("counted", {
      on: "update",
      of: [t.cents],
      where: sql`new.cents is distinct from old.cents`,
      body: sql`begin new.changes := old.changes + 1; return new; end`,
    }),
    trigger("noted's", {
      when: "after",
      on: ["insert", "delete"],
      body: sql`declare "$trigger$" text; begin insert into journal (entry) values (tg_op); return null; end`,
    }),
    trigger("emptied", {
      when: "after",
      on: "truncate",
      each: "statement",
      call: { function: "note_it", arguments: ["it's"] },
    }),
  ],
});
const Cheap = model("cheap prices", { id: column.integer(), cents: column.integer() }, {
  query: sql`select id, cents from ${Price} where cents < 100`,
  triggers: () => [
    trigger("instead", {
      when: "instead of",
      on: "delete",
      body: sql`begin delete from "Shop".prices where id = old.id; return old; end`,
    }),
  ],
});

testOnAll("trigger() creates triggers with their functions, and dropTables() drops both", async (pool) => {
  const models = [Cheap, Price, Journal];
  await createTables([Journal], pool);
  await pool.execute(sql.unsafe(`create function note_it() returns trigger language plpgsql as $$
    begin insert into journal (entry) values (tg_argv[0]); return null; end $$`));
  await createTables(models, pool, { ifNotExists: true });
  await createTables(models, pool, { ifNotExists: true });
  const { id } = await Price.insert({ cents: 50 }, pool);
  assert.equal((await Price.updateById(id, { cents: 60 }, pool))?.changes, 1);
  assert.equal((await Price.updateById(id, { cents: 60 }, pool))?.changes, 1);
  await pool.execute(sql`delete from ${Cheap}`);
  await pool.execute(sql`truncate ${Price}`);
  const entries = await Journal.find().orderBy(Journal.id).all(pool);
  assert.deepEqual(entries.map(({ entry }) => entry), ["INSERT", "DELETE", "it's"]);
  const functions =
    sql`select count(*)::int from pg_proc where prorettype = 'trigger'::regtype and proname like any(array['prices_%', 'cheap %'])`;
  assert.equal(await pool.value(functions), 3);
  await dropTables(models, pool);
  assert.equal(await pool.value(functions), 0);
  await createTables([Journal, Price], pool);
});

test("trigger() writes every part, and refuses what it cannot be", () => {
  const texts = createTablesSQL([Price]).map((statement) => statement.text).slice(2);
  assert.deepEqual(texts.slice(1, 3), [
    'create trigger "counted" before update of "cents" on "Shop"."prices" for each row ' +
    'when (new.cents is distinct from old.cents) execute function "Shop"."prices_counted"()',
    `create function "Shop"."prices_noted's"() returns trigger language plpgsql as $trigger0$\n` +
    'declare "$trigger$" text; begin insert into journal (entry) values (tg_op); return null; end\n$trigger0$',
  ]);
  assert.ok(texts.at(-1)?.endsWith(`for each statement execute function "note_it"('it''s')`));
  const refuses = (run: () => unknown, message: RegExp): void =>
    assert.throws(run, (error) => error instanceof ValidationError && message.test(error.message));
  const body = sql`begin return new; end`;
  refuses(() => trigger("", { on: "insert", body }), /no name/);
  refuses(() => trigger("t", { on: [], body }), /fires on is unknown/);
  refuses(() => trigger("t", { on: "insert" }), /either "body" or "call"/);
  refuses(() => trigger("t", { on: "insert", body, call: { function: "f" } }), /either "body" or "call"/);
  refuses(() => trigger("t", { on: "insert", body: sql`begin return ${1}; end` }), /without values/);
  refuses(() => trigger("t", { on: "insert", of: [Price.cents], body }), /only an update has columns/);
  // @ts-expect-error: a misspelt event
  refuses(() => trigger("t", { on: "upsert", body }), /use insert, update/);
  // @ts-expect-error: an option that is none
  refuses(() => trigger("t", { on: "insert", body, before: true }), /option "before"/);
  refuses(
    () => model("m", { a: column.text() }, { triggers: () => ["x"] as never }),
    /each with trigger\(\)/,
  );
});

testOnAll(
  "nextValue() and nextval() take values of sequences by name, and of columns that count",
  async (pool) => {
    const Order = model("Orders", {
      id: column.identity({ start: 7 }).primaryKey(),
      number: column.bigint().default(nextval({ name: "Order numbers", schema: "public" })),
      line: column.serial().name("the line"),
    }, { schema: "Shop" });
    await pool.execute(sql`create sequence "Order numbers" start ${sql.unsafe("9007199254740993")}`);
    await createTables([Order], pool);
    assert.equal((await Order.insert({}, pool)).number, 9007199254740993n);
    assert.equal(await nextValue(pool, "Order numbers"), 9007199254740994n);
    assert.equal(await nextValue(pool, Order.id), 8n);
    assert.deepEqual(await nextValue(pool, Order.line, { count: 3 }), [2n, 3n, 4n]);
    assert.deepEqual(await nextValue(pool, "Order numbers", { count: 0 }), []);
    const updated = await Order.update({ number: nextval("Order numbers") }).where({ id: 7 }).returning(pool);
    assert.deepEqual(updated.map(({ number }) => number), [9007199254740995n]);
    const [row] = await Order.find().select({ next: nextval(Order.id) }).all(pool);
    assert.equal(row.next, 9n);
    await assert.rejects(nextValue(pool, Order.number), /has none of its own/);
    await assert.rejects(nextValue(pool, "Order numbers", { count: -1 }), /whole number from 0/);
    await assert.rejects(nextValue(pool, "missing"), /does not exist/);
  },
);

testOnServers(
  "constraint.exclude() refuses rows that overlap, and names itself in the error",
  async (pool) => {
    await pool.execute(sql`create extension if not exists btree_gist`);
    const Booking = model("bookings", {
      room: column.integer(),
      during: column.tstzrange(),
      cancelled: column.boolean().default(false),
    }, {
      constraints: (t) => [
        constraint.exclude([[t.room, "="], [t.during, "&&"]], {
          where: t.cancelled.eq(false),
          name: "one guest",
        }),
      ],
    });
    await createTables([Booking], pool);
    const nights = (from: number, to: number) =>
      new Range(
        Temporal.Instant.from(`2026-11-${from}T14:00Z`),
        Temporal.Instant.from(`2026-11-${to}T11:00Z`),
      );
    await Booking.insert({ room: 1, during: nights(20, 23) }, pool);
    await Booking.insert({ room: 2, during: nights(20, 23) }, pool);
    await Booking.insert({ room: 1, during: nights(23, 24) }, pool);
    await Booking.insert({ room: 1, during: nights(22, 25), cancelled: true }, pool);
    await assert.rejects(
      Booking.insert({ room: 1, during: nights(22, 25) }, pool),
      (error) => error instanceof ExclusionViolationError && error.constraint === "one guest",
    );
  },
);
