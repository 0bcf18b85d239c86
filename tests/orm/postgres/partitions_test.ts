/** Partitioned tables: their DDL, their partitions, and partitions of time that are there in time. */
import assert from "node:assert/strict";
import {
  column,
  createTables,
  createTablesSQL,
  ensurePartitions,
  index,
  model,
  type PartitionBounds,
  partitions,
  type Period,
} from "../../../orm/mod.ts";
import { boundsSuffix } from "../../../orm/partitions/bounds.ts";
import { periodStart, periodSuffix } from "../../../orm/partitions/periods.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { fc } from "../../fast_check.ts";
import { test } from "../../harness.ts";
import { rounds, SEED } from "../../random.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { testOnAll, testOnServers } from "./on_all.ts";

const Account = model("accounts", { id: column.identity().primaryKey() });
const Event = model('Event "log"', {
  id: column.bigint().identity().primaryKey(),
  at: column.timestamptz().primaryKey().name("happened at"),
  accountId: column.integer().references(() => Account.id),
  text: column.text().default("none").check(sql`text <> ''`),
  upper: column.text().generated(sql`upper(text)`),
}, {
  schema: "Logs",
  partitionBy: (t) => ({ range: [t.at] }),
  indexes: (t) => [index(t.text)],
});
const City = model("cities", { country: column.varchar(2).nullable(), zone: column.integer() }, {
  partitionBy: (t) => ({ list: [t.country] }),
});
const Visit = model("visits", { id: column.uuid().primaryKey() }, { partitionBy: (t) => ({ hash: [t.id] }) });
const Measure = model("measures", { place: column.text(), day: column.date(), value: column.double() }, {
  partitionBy: (t) => ({ range: [t.day, sql`lower(${t.place})`] }),
});

const at = (text: string): Temporal.Instant => Temporal.Instant.from(text);

testOnAll("partitions() creates, lists, detaches and attaches partitions of ranges", async (pool) => {
  const statements = createTablesSQL([Event, Account]).map((statement) => statement.text);
  assert.ok(
    statements.some((text) =>
      text.startsWith(`create table "Logs"."Event ""log""" (`) &&
      text.endsWith(') partition by range ("happened at")')
    ),
  );
  await createTables([Event, Account], pool);
  const { id: accountId } = await Account.insert({}, pool);
  const events = partitions(Event);
  const name = { name: "Event's November", schema: "Logs" };
  assert.deepEqual(
    await events.create(pool, { from: at("2026-11-01T00:00Z"), to: at("2026-12-01T00:00Z") }, {
      name: name.name,
    }),
    name,
  );
  await events.create(pool, { to: at("2026-11-01T00:00Z") }, { name: "Before", ifNotExists: true });
  await events.create(pool, { to: at("2026-11-01T00:00Z") }, { name: "Before", ifNotExists: true });
  const inserted = await Event.insert({ at: at("2026-11-23T00:00Z"), accountId }, pool);
  assert.equal(inserted.upper, "NONE");
  await assert.rejects(Event.insert({ at: at("2026-12-23T00:00Z"), accountId }, pool), /no partition/);
  await assert.rejects(Event.insert({ at: at("2026-11-23T00:00Z"), accountId, text: "" }, pool), /check/);
  await assert.rejects(
    Event.insert({ at: at("2026-11-23T00:00Z"), accountId: 77 }, pool),
    /foreign key/,
  );
  const found = await events.list(pool);
  assert.deepEqual(found.map((partition) => [partition.name, partition.schema, partition.isDefault]), [
    ["Before", "Logs", false],
    [name.name, "Logs", false],
  ]);
  assert.match(found[0].bounds, /^FOR VALUES FROM \(MINVALUE\) TO \('2026-1/);
  assert.ok(found[1].bytes > 0n && !found[1].isDivided && !found[1].isDetaching);
  assert.equal(await Event.find().where(Event.text.eq("none")).count(pool), 1);
  await events.detach(pool, name, { concurrently: true });
  assert.equal(await Event.find().count(pool), 0);
  await events.attach(pool, name, { from: at("2026-11-01T00:00Z"), to: at("2026-12-01T00:00Z") });
  assert.equal(await Event.find().count(pool), 1);
  await events.drop(pool, name);
  await assert.rejects(events.drop(pool, { name: "accounts", schema: "public" }), /is not a partition/);
  assert.equal(await Account.find().count(pool), 1);
  assert.equal((await events.list(pool)).length, 1);
});

testOnAll(
  "partitions() creates partitions of lists, of hashes, of several columns, and defaults",
  async (pool) => {
    await createTables([City, Visit, Measure], pool);
    const { name } = await partitions(City).create(pool, { values: ["de", "it", null] });
    assert.equal(name, "cities_de_it_null");
    assert.equal((await partitions(City).create(pool, "default")).name, "cities_default");
    await City.insertMany([{ country: "de", zone: 1 }, { country: null, zone: 2 }, {
      country: "fr",
      zone: 3,
    }], pool);
    assert.equal(await pool.value(sql`select count(*)::int from cities_default`), 1);
    assert.deepEqual((await partitions(City).list(pool)).map((partition) => partition.bounds).sort(), [
      "DEFAULT",
      "FOR VALUES IN ('de', 'it', NULL)",
    ]);
    for (const remainder of [0, 1, 2]) await partitions(Visit).create(pool, { modulus: 3, remainder });
    assert.equal((await partitions(Visit).list(pool))[1].name, "visits_1_of_3");
    await Visit.insert({ id: crypto.randomUUID() }, pool);
    const measures = partitions(Measure);
    const day = (text: string): Temporal.PlainDate => Temporal.PlainDate.from(text);
    await measures.create(pool, { from: [day("2026-01-01"), "a"], to: [day("2026-01-01"), "it's"] });
    await measures.create(pool, { from: [day("2026-01-02")], to: undefined }, { name: "later" });
    await Measure.insert({ place: "BONN", day: day("2026-01-01"), value: 1 }, pool);
    assert.equal(await pool.value(sql`select count(*)::int from measures_2026_01_01_a_2026_01_01_it_s`), 1);
  },
);

test("partitions() and partitionBy refuse what PostgreSQL would, before anything is sent", async () => {
  const never = { query() {}, transaction: () => assert.fail("it was sent") } as never;
  const refuses = async (bounds: unknown, of: typeof City | typeof Visit | typeof Event, message: RegExp) => {
    await assert.rejects(
      partitions(of).create(never, bounds as PartitionBounds),
      (error) => error instanceof ValidationError && message.test(error.message),
    );
  };
  await refuses(
    { values: ["de"] },
    Event,
    /divided by range and it was given values; give \{ from, to \} or "default"/,
  );
  await refuses({ from: "yesterday" }, Event, /./);
  await refuses("default", Visit, /no default partition/);
  await refuses({ modulus: 3, remainder: 3 }, Visit, /remainder/);
  await refuses({ values: [] }, City, /at least one/);
  await refuses({}, City, /give \{ values \}/);
  assert.throws(() => partitions(Account), /is not divided; give the model the option partitionBy/);
  const columns = { id: column.integer().primaryKey(), at: column.date() };
  assert.throws(
    () => model("a", columns, { partitionBy: (t) => ({ range: [t.at] }) }),
    /primary key does not hold/,
  );
  assert.throws(
    () => model("a", columns, { partitionBy: (t) => ({ hash: [sql`${t.id} % 7`] }) }),
    /divided by an expression can have no primary key/,
  );
  assert.throws(
    () =>
      model("a", { at: column.date() }, {
        partitionBy: (t) => ({ range: [t.at] }),
        indexes: (t) => [index(t.at).concurrently()],
      }),
    /no index of a divided table concurrently/,
  );
  // @ts-expect-error: a list tells rows apart by one column
  assert.throws(() => model("a", columns, { partitionBy: (t) => ({ list: [t.id, t.at] }) }), /by one column/);
  assert.throws(() => model("a", columns, { partitionBy: () => ({}) as never }), /says no way or several/);
});

const NOW = new Date("2026-11-23T09:45:00Z");

testOnAll(
  "ensurePartitions() creates what no partition covers, and removes old ones only when asked",
  async (pool) => {
    const Log = model("log", { at: column.date(), text: column.text() }, {
      partitionBy: (t) => ({ range: [t.at] }),
    });
    await createTables([Log], pool);
    const log = partitions(Log);
    const day = (text: string): Temporal.PlainDate => Temporal.PlainDate.from(text);
    // What is there already is of another length, and covers the end of December.
    await log.create(pool, { from: day("2026-12-24"), to: day("2027-01-01") }, { name: "holidays" });
    await log.create(pool, { to: day("2026-08-01") }, { name: "long_ago" });
    await log.create(pool, "default");
    assert.deepEqual(await ensurePartitions(pool, Log, { every: "month", behind: 1, now: NOW }), {
      created: ["log_2026_10", "log_2026_11", "log_2026_12_20261201000000000", "log_2027_01", "log_2027_02"],
      removed: [],
    });
    assert.deepEqual(await ensurePartitions(pool, Log, { every: "month", behind: 1, now: NOW }), {
      created: [],
      removed: [],
    });
    await Log.insertMany(
      ["2026-07-01", "2026-12-01", "2026-12-25"].map((text) => ({ at: day(text), text })),
      pool,
    );
    const later = new Date("2026-12-31T23:59:59.999Z");
    assert.deepEqual(
      await ensurePartitions(pool, Log, {
        every: "month",
        ahead: 0,
        now: later,
        keep: { periods: 1, then: "detach" },
      }),
      { created: [], removed: ["long_ago", "log_2026_10"] },
    );
    assert.equal(await pool.value(sql`select count(*)::int from long_ago`), 1);
    assert.deepEqual(
      await ensurePartitions(pool, Log, {
        every: "day",
        ahead: 0,
        now: later,
        keep: { periods: 30, then: "drop" },
      }),
      { created: [], removed: ["log_2026_11"] },
    );
    assert.equal(await pool.value(sql`select to_regclass('log_2026_11') is null`), true);
    assert.equal(await Log.find().count(pool), 2);
    // Without a clock of its own it takes the server's.
    assert.equal((await ensurePartitions(pool, Log, { every: "year", ahead: 1 })).removed.length, 0);
  },
);

testOnServers(
  "ensurePartitions() reads bounds alike in any time zone and date style, and of timestamps",
  async (pool) => {
    for (const type of ["timestamp", "timestamptz"] as const) {
      const Tick = model(`ticks_${type}`, { at: column[type]() as ReturnType<typeof column.timestamptz> }, {
        partitionBy: (t) => ({ range: [t.at] }),
      });
      await createTables([Tick], pool);
      const run = (): Promise<readonly string[]> =>
        pool.withSettings(
          { timezone: "America/St_Johns", datestyle: "German" },
          async (tx) => (await ensurePartitions(tx, Tick, { every: "quarter", ahead: 1, now: NOW })).created,
        );
      assert.deepEqual(await run(), [`ticks_${type}_2026_q4`, `ticks_${type}_2027_q1`]);
      assert.deepEqual(await run(), []);
      assert.deepEqual(
        (await ensurePartitions(pool, Tick, { every: "quarter", ahead: 1, now: NOW })).created,
        [],
      );
      assert.match((await partitions(Tick).list(pool))[0].bounds, /2026-10-01 00:00:00/);
    }
  },
);

for (const server of ["primary", "pg15"] as const) {
  test(
    `ensurePartitions() runs in ten pools at once, each partition created once (${server})`,
    needs(server),
    async () => {
      await using database = await freshDatabase({ server });
      const pools = Array.from({ length: 10 }, () => new Pool({ url: database.url, max: 2 }));
      try {
        await createTables([Event, Account], pools[0]);
        const { id: accountId } = await Account.insert({}, pools[0]);
        await ensurePartitions(pools[0], Event, { every: "hour", ahead: 0, now: NOW });
        // Rows are written meanwhile: neither waits for the other.
        const writing = pools.map(async (pool) => {
          for (let count = 0; count < 20; count++) {
            await Event.insert({ at: at("2026-11-23T09:59Z"), accountId }, pool);
          }
        });
        const results = await Promise.all(
          pools.map((pool) => ensurePartitions(pool, Event, { every: "hour", ahead: 12, now: NOW })),
        );
        await Promise.all(writing);
        assert.equal(results.flatMap((result) => result.created).length, 12);
        assert.equal((await partitions(Event).list(pools[0])).length, 13);
        assert.equal(await Event.find().count(pools[0]), 200);
      } finally {
        await Promise.all(pools.map((pool) => pool.close()));
      }
    },
  );
}

test("ensurePartitions() refuses tables and options it cannot work with", async () => {
  const pool = { query() {} } as never;
  await assert.rejects(ensurePartitions(pool, City, { every: "day" }), /not divided by a range of one date/);
  await assert.rejects(
    ensurePartitions(pool, Measure, { every: "day" }),
    /not divided by a range of one date/,
  );
  await assert.rejects(ensurePartitions(pool, Event, { every: "day" }), /has no transactions; give a pool/);
  // @ts-expect-error: no period
  await assert.rejects(ensurePartitions(pool, Event, { every: "fortnight" }), /it is no period; use hour/);
  await assert.rejects(ensurePartitions(pool, Event, { every: "day", ahead: -1 }), /whole number from 0/);
  await assert.rejects(
    // @ts-expect-error: it does not say what becomes of old partitions
    ensurePartitions(pool, Event, { every: "day", keep: { periods: 3 } }),
    /what becomes of old partitions/,
  );
});

test("periodStart() divides time without gaps, and periodSuffix() tells periods apart", () => {
  const periods: readonly Period[] = ["hour", "day", "week", "month", "quarter", "year"];
  const time = fc.integer({ min: Date.UTC(1971, 0), max: Date.UTC(2199, 0) });
  fc.assert(
    fc.property(
      fc.constantFrom(...periods),
      time,
      fc.integer({ min: -30, max: 30 }),
      (period, now, offset) => {
        const start = periodStart(period, now);
        const next = periodStart(period, now, 1);
        assert.ok(start <= now && now < next);
        assert.equal(periodStart(period, next - 1), start);
        assert.equal(periodStart(period, periodStart(period, now, offset), -offset), start);
        assert.notEqual(periodSuffix(period, start), periodSuffix(period, next));
        if (period === "week") assert.equal(new Date(start).getUTCDay(), 1);
      },
    ),
    { numRuns: rounds(300, 20_000), seed: SEED },
  );
  assert.equal(boundsSuffix({ from: new Date(0), to: undefined }), "1970_01_01t00_00_00_000z_max");
});
