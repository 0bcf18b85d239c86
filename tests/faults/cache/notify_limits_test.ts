/**
 * Fault 37 where it hurts most: sixty-four writers, a queue of notifications that nobody empties, messages as long as
 * they may be and a little longer, and transactions that are prepared. None of them may fail because of the cache, and
 * when it is over nothing old is cached.
 */
import assert from "node:assert/strict";
import { installTriggers } from "../../../reflector/mod.ts";
import { Pool, sql } from "../../../mod.ts";
import { randomIntegers, SEED } from "../../random.ts";
import { eventually, LiveCache } from "../../reflector/live_cache.ts";
import { isolatedServer, needs } from "../../services/client.ts";
import { fault } from "../fault.ts";

const WRITERS = 64;
/** Milliseconds for which they write. */
const HOLD = 4_000;
/** Half of it is more than all writers, and a reflector, can send between looking at it and committing. */
const PAGES = 1_024;
const SETTINGS = { max_notify_queue_pages: String(PAGES), max_prepared_transactions: "80" };

fault(
  37,
  "64 writers fill the queue with the longest messages, and prepare transactions → none fails",
  { ...needs("control"), sanitize: false, timeout: 180_000 },
  async (report) => {
    await using server = await isolatedServer({ settings: SETTINGS });
    await using pool = new Pool({ url: server.url, max: WRITERS + 4, queryTimeout: 60_000 });
    await pool.execute(sql`create table notes (id text primary key, name text)`);
    await pool.execute(sql`insert into notes select 'kept' || n, 'old' from generate_series(1, 20) n`);
    await installTriggers(pool, { tables: ["notes"] });
    await using live = await LiveCache.open({ ddl: "", url: server.url });
    for (let n = 1; n <= 20; n++) assert.ok(await live.fill("notes", `kept${n}`));
    const random = randomIntegers(SEED);
    const counts = { written: 0, prepared: 0 };
    let fullest = 0;
    {
      await using listener = await pool.reserve();
      await listener.execute(sql`listen anything`);
      await listener.execute(sql`begin`);
      await listener.query(sql`select 1`);
      // Each takes a page.
      const filling = Math.floor(0.49 * PAGES);
      await pool.execute(
        sql`select pg_notify('filling', n || repeat('x', 7900)) from generate_series(1, ${filling}::int) n`,
      );
      const end = performance.now() + HOLD;
      const writer = async (_: unknown, of: number): Promise<void> => {
        await using session = await pool.reserve();
        for (let round = 0; performance.now() < end; round++) {
          const isPrepared = random(4) === 0;
          await session.execute(sql`begin`);
          if (isPrepared) await session.execute(sql`set local lifeguard.outbox = on`);
          // Forty ids of about two hundred bytes: 7,700 to 8,100 bytes a message.
          const length = 180 + random(12);
          await session.execute(sql`
            insert into notes select ${`${of}.${round}.`} || n || repeat('x', ${length}::int), 'long'
            from generate_series(1, 40) n`);
          if (round % 8 === 0) {
            await session.execute(
              sql`update notes set name = 'new' where id = ${`kept${1 + of % 20}`} and name = 'old'`,
            );
          }
          if (isPrepared) {
            const name = `two_phase_${of}_${round}`;
            await session.execute(sql.unsafe(`prepare transaction '${name}'`));
            await session.execute(sql.unsafe(`commit prepared '${name}'`));
            counts.prepared++;
          } else await session.execute(sql`commit`);
          counts.written++;
        }
      };
      const watch = async (): Promise<void> => {
        while (performance.now() < end) {
          fullest = Math.max(fullest, await pool.value<number>(sql`select pg_notification_queue_usage()`));
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };
      await Promise.all([...Array.from({ length: WRITERS }, writer), watch()]);
      await listener.execute(sql`rollback`);
      await listener.execute(sql`unlisten *`);
    }
    for (let n = 1; n <= 20; n++) {
      await eventually(
        async () => (await live.cached("notes", `kept${n}`))?.name !== "old",
        `kept${n} is not old`,
        30_000,
      );
    }
    report.figure("transactions of 64 writers, none failed", counts.written, "transactions", {
      least: WRITERS,
    });
    report.figure("of these prepared", counts.prepared, "transactions", { least: 1 });
    report.figure("fullest queue of notifications", fullest * 100, "%", { least: 50 });
  },
);
