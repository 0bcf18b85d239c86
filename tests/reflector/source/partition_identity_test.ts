import assert from "node:assert/strict";
import { Pool, sql } from "../../../mod.ts";
import { publicationSql, removePublicationSql } from "../../../reflector/install/publication.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { eventually, LiveCache } from "../live_cache.ts";

const EVENTS = `
  create table events (id int primary key, other int not null, name text) partition by range (id);
  create table events_1 partition of events for values from (0) to (10);
  create unique index events_1_other on events_1 (other);
  alter table events_1 replica identity using index events_1_other;
  insert into events select n, n, 'old' from generate_series(1, 9, 2) n`;

/** Follows a table in partitions by logical replication. */
async function following(ddl: string, work: (live: LiveCache) => Promise<void>): Promise<void> {
  await using database = await freshDatabase();
  const slot = `test_${crypto.randomUUID().replaceAll("-", "_")}`;
  await using pool = new Pool({ url: database.url, max: 2 });
  for (const statement of ddl.split(";")) await pool.execute(sql.unsafe(statement));
  await pool.execute(sql.unsafe(publicationSql([{ schema: "public", table: "events" }])));
  try {
    await using live = await LiveCache.open({ ddl: "", url: database.url, source: "logical", slot });
    await work(live);
  } finally {
    await pool.execute(sql.unsafe(removePublicationSql()));
    await eventually(async () => {
      await pool.query(sql`select pg_drop_replication_slot(slot_name) from pg_replication_slots
        where slot_name = ${slot} and not active`);
      return await pool.maybeOne(sql`select from pg_replication_slots where slot_name = ${slot}`) ===
        undefined;
    }, "the slot is gone");
  }
}

test("Reflector caches no table of which a partition does not tell the key", needs("primary"), async () => {
  await following(EVENTS, async (live) => {
    const refused = (): string | undefined => live.reflector.status().coverage?.refused[0]?.reason;
    assert.equal(
      refused(),
      'the partition "public.events_1": its replica identity is not its key; alter table … replica identity default, or full',
    );
    await live.run(`alter table events_1 replica identity default`);
    await eventually(() => refused() === undefined, "it is covered");
    assert.ok(await live.fill("events", "1"));
    await live.run(`update events set id = 0 where id = 1`);
    await live.becomes("events", "1", (row) => row === undefined);
    assert.ok(await live.fill("events", "3"));
    await live.run(`alter table events_1 replica identity using index events_1_other`);
    await live.run(`update events set id = 2 where id = 3`);
    await live.becomes("events", "3", (row) => row === undefined);
    await eventually(refused, "it is refused again");
  });
});

/** What leaves the catalogs as they were, in one transaction, and changes a row unheard. */
const UNHEARD: Readonly<Record<string, readonly [before: string, after: string]>> = {
  "a partition was detached": [
    `alter table events detach partition events_1`,
    `alter table events attach partition events_1 for values from (0) to (10)`,
  ],
  "it was not published": [
    `alter publication lifeguard drop table events`,
    `alter publication lifeguard add table events`,
  ],
  "a partition told another column than its key": [
    `alter table events_1 replica identity using index events_1_other`,
    `alter table events_1 replica identity default`,
  ],
};

test(
  "Reflector notices that a table was another for the length of a transaction",
  needs("primary"),
  async () => {
    await following(`${EVENTS}; alter table events_1 replica identity default`, async (live) => {
      for (const [index, [what, [before, after]]] of Object.entries(UNHEARD).entries()) {
        const id = 2 * index + 1;
        assert.ok(await live.fill("events", String(id)), what);
        await live.pool.transaction(async (tx) => {
          await tx.execute(sql.unsafe(before));
          await tx.execute(sql`update events_1 set id = id - 1 where id = ${id}`);
          await tx.execute(sql.unsafe(after));
        });
        await live.becomes("events", String(id), (row) => row === undefined).catch(() => assert.fail(what));
      }
    });
  },
);
