/** Partitions of time whose periods begin when clocks of some zone show it. */
import assert from "node:assert/strict";
import { column, createTables, ensurePartitions, model, partitions } from "../../../orm/mod.ts";
import { zoneClock } from "../../../orm/partitions/zoned_time.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { Pool } from "../../../pool/pool.ts";
import { test } from "../../harness.ts";
import { randomIntegers, rounds, SEED } from "../../random.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { testOnServers } from "./on_all.ts";

const Log = model("logs", { at: column.timestamptz() }, { partitionBy: (t) => ({ range: [t.at] }) });
const Day = model("days", { at: column.date() }, { partitionBy: (t) => ({ range: [t.at] }) });

const ZONES = [
  ...["Europe/Vienna", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"],
  ...["America/Sao_Paulo", "Pacific/Apia", "Asia/Tehran", "UTC"],
];

test("zoneClock() shows what PostgreSQL says that clocks show, and finds the first moment at which they do", {
  ...needs("primary"),
  timeout: 60_000,
}, async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  const integer = randomIntegers(SEED);
  const from = Date.UTC(1990, 0), to = Date.UTC(2025, 0);
  let compared = 0;
  for (const zone of ZONES) {
    const clock = zoneClock(zone)!;
    const moments = Array.from(
      { length: rounds(500, 20_000) },
      () => from + 1_800_000 * integer((to - from) / 1_800_000),
    );
    const rows = await pool.query(
      sql<{ wall: number; back: number }>`
        select extract(epoch from (to_timestamp(t) at time zone ${zone}) at time zone 'UTC')::float8 as wall,
          extract(epoch from to_timestamp(t))::float8 as back
        from unnest(${
        moments.map((moment) => moment / 1_000)
      }::float8[]) with ordinality as m (t, n) order by n`,
    );
    for (const [index, moment] of moments.entries()) {
      const wall = clock.wallOf(moment);
      assert.equal(wall, rows[index].wall * 1_000, `${zone} ${new Date(moment).toISOString()} seed ${SEED}`);
      const first = clock.momentOf(wall);
      assert.ok(first <= moment && clock.wallOf(first) === wall, `${zone} ${new Date(wall).toISOString()}`);
      compared++;
    }
    // Wherever clocks jump, what is later on them is no earlier.
    for (let wall = from; wall < to; wall += 86_400_000 * 7 + 1_800_000) {
      assert.ok(
        clock.momentOf(wall) <= clock.momentOf(wall + 1_800_000),
        `${zone} ${new Date(wall).toISOString()}`,
      );
    }
  }
  assert.equal(zoneClock("Europe/Wien"), undefined);
  console.log(`${compared} moments compared in ${ZONES.length} zones`);
});

testOnServers("ensurePartitions() begins periods when clocks of its time zone show it", async (pool) => {
  await createTables([Log, Day], pool);
  const now = new Date("2026-10-31T23:30:00Z");
  const timeZone = "Europe/Vienna";
  // It is November there, and its clocks were put back a week before.
  const { created } = await ensurePartitions(pool, Log, {
    every: "month",
    timeZone,
    ahead: 0,
    behind: 1,
    now,
  });
  assert.deepEqual(created, ["logs_2026_10", "logs_2026_11"]);
  assert.deepEqual(
    (await ensurePartitions(pool, Log, { every: "month", timeZone, ahead: 0, now })).created,
    [],
  );
  await pool.execute(
    sql`insert into logs values ('2026-10-31 22:59:59Z'), ('2026-10-31 23:00:00Z'), ('2026-09-30 22:00Z')`,
  );
  assert.deepEqual(
    await pool.query(
      sql`select tableoid::regclass::text as "in", count(*) as n from logs group by 1 order by 1`,
    ),
    [{ in: "logs_2026_10", n: 2n }, { in: "logs_2026_11", n: 1n }],
  );
  // A day of 25 hours.
  const back = new Date("2026-10-25T12:00:00Z");
  const days = model("hours", { at: column.timestamptz() }, { partitionBy: (t) => ({ range: [t.at] }) });
  await createTables([days], pool);
  await ensurePartitions(pool, days, { every: "day", timeZone, ahead: 0, now: back });
  await pool.execute(sql`insert into hours values ('2026-10-24 22:00Z'), ('2026-10-25 22:59Z')`);
  await assert.rejects(pool.execute(sql`insert into hours values ('2026-10-25 23:00Z')`));
  // What holds a date knows no zone: the zone says which day it is.
  const { created: local } = await ensurePartitions(pool, Day, { every: "month", timeZone, ahead: 0, now });
  assert.deepEqual(local, ["days_2026_11"]);
  assert.match((await partitions(Day).list(pool))[0].bounds, /FROM \('2026-11-01'\) TO \('2026-12-01'\)/);
  await assert.rejects(
    ensurePartitions(pool, Log, { every: "day", timeZone: "Europe/Wien" }),
    /option "timeZone" of ensurePartitions\(\) of model "logs": there is no zone "Europe\/Wien"; give a name such as/,
  );
});
