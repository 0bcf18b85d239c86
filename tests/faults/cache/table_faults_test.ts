/**
 * Fault 38 where it cannot befall a campaign: a table in partitions, rows of a role that policies keep from it, an enum
 * whose labels change, a table that takes another's place. After each change every cached row, absence and lookup is read
 * by models for a while: what is asked for a second after the change must be as the table is now.
 */
import assert from "node:assert/strict";
import { Cache, column, DeadlockError, type Executor, model, Pool, sql } from "../../../mod.ts";
import { MemoryStore } from "../../../orm/cache/stores/memory_store.ts";
import { publicationSql, removePublicationSql } from "../../../reflector/install/publication.ts";
import { installTriggers, SOURCE_KINDS, type SourceKind } from "../../../reflector/mod.ts";
import { eventually, LiveCache } from "../../reflector/live_cache.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { fault } from "../fault.ts";

const SCHEMA = `
  create type mood as enum ('glad', 'sad');
  create table authors (id int primary key);
  insert into authors values (1), (2);
  create table events (id int primary key, author int references authors on delete cascade, name text, note text,
    mood mood default 'sad', other uuid not null default gen_random_uuid()) partition by range (id);
  create table events_1 partition of events for values from (0) to (10);
  insert into events select n, 1 + n % 2, 'old', 'note' from generate_series(1, 6) n;
  create table users (id int primary key, email text unique, name text, note text, mood mood default 'sad');
  alter table users replica identity full;
  alter table events replica identity full;
  alter table events_1 replica identity full;
  insert into users (id, email, name, note) select n, n || '@x', 'old', 'note' from generate_series(1, 6) n;
  grant select on users, events, authors to app_user`;

const User = model("users", {
  ...{ id: column.integer().primaryKey(), email: column.text().unique() },
  ...{ name: column.text(), note: column.text(), mood: column.text() },
}, { cache: { ttl: 300, negativeTtl: 300 } });
const Event = model("events", {
  ...{ id: column.integer().primaryKey(), author: column.integer() },
  ...{ name: column.text(), note: column.text(), mood: column.text() },
}, { cache: { ttl: 300, negativeTtl: 300 } });

/** What is done to the tables, in order, and what puts them under the reflector's eyes again. */
const CHANGES: readonly (readonly [string, (pool: Pool) => Promise<unknown>])[] = [
  [
    "a partition with rows is attached",
    (pool) =>
      statements(pool)(`create table events_2 (like events including all);
        alter table events_2 replica identity full;
        insert into events_2 select n, 1 + n % 2, 'attached', 'note' from generate_series(10, 13) n;
        alter table events attach partition events_2 for values from (10) to (20)`),
  ],
  ["a partition is detached", (pool) => statements(pool)(`alter table events detach partition events_2`)],
  [
    "it is attached again",
    (pool) => statements(pool)(`alter table events attach partition events_2 for values from (10) to (20)`),
  ],
  [
    "a partition is detached concurrently",
    (pool) => statements(pool)(`alter table events detach partition events_2 concurrently`),
  ],
  [
    "rows are copied into a partition",
    (pool) =>
      pool.copyFrom(sql`copy events_1 (id, author, name, note, mood) from stdin`, [
        "7\t1\tcopied\tnote\tglad\n",
      ]),
  ],
  [
    "rows are copied",
    (pool) =>
      pool.copyFrom(sql`copy users from stdin`, [
        "7\t7@x\tcopied\tnote\tglad\n",
        "8\t8@x\tcopied\tnote\tglad\n",
      ]),
  ],
  [
    "values of a unique column change places",
    (pool) =>
      together(pool, async (tx) => {
        await tx.execute(sql`update users set email = 'none' where id = 1`);
        await tx.execute(sql`update users set email = '1@x' where id = 2`);
        await tx.execute(sql`update users set email = '2@x' where id = 1`);
      }),
  ],
  [
    "keys change places",
    (pool) =>
      together(pool, async (tx) => {
        await tx.execute(sql`update users set id = -3 where id = 3`);
        await tx.execute(sql`update users set id = 3 where id = 4`);
        await tx.execute(sql`update users set id = 4 where id = -3`);
      }),
  ],
  [
    "a unique column is replaced by another row's, deleted before",
    (pool) =>
      together(pool, async (tx) => {
        await tx.execute(sql`delete from users where id = 5`);
        await tx.execute(sql`insert into users (id, email, name, note) values (9, '5@x', 'heir', 'note')`);
      }),
  ],
  [
    "a label of an enum is renamed",
    (pool) => statements(pool)(`alter type mood rename value 'sad' to 'gloomy'`),
  ],
  [
    "labels of an enum change places",
    (pool) =>
      together(pool, async (tx) => {
        await statements(tx)(`alter type mood rename value 'glad' to 'none';
          alter type mood rename value 'gloomy' to 'glad'; alter type mood rename value 'none' to 'gloomy'`);
      }),
  ],
  [
    "columns change places",
    (pool) =>
      together(pool, async (tx) => {
        await statements(tx)(`alter table users rename name to other; alter table users rename note to name;
          alter table users rename other to note`);
      }),
  ],
  [
    "a column is dropped, and made with another default",
    (pool) =>
      statements(pool)(`alter table events drop column note;
        alter table events add column note text not null default 'new'`),
  ],
  [
    "a partition tells another column of its old rows than the key",
    (pool) =>
      statements(pool)(`create unique index events_1_other on events_1 (other);
        alter table events_1 replica identity using index events_1_other`),
  ],
  ["a key changes in that partition", (pool) => statements(pool)(`update events set id = 8 where id = 6`)],
  [
    "rows are kept from the reader by a policy",
    (pool) =>
      together(pool, async (tx) => {
        await statements(tx)(`alter table users enable row level security;
          create policy halves on users using (id % 2 = 0)`);
      }),
  ],
  [
    "the policy changes",
    (pool) => statements(pool)(`alter policy halves on users using (id % 2 = 1)`),
  ],
  ["policies are turned off", (pool) => statements(pool)(`alter table users disable row level security`)],
  ["the parents of rows are deleted", (pool) => statements(pool)(`delete from authors where id = 2`)],
  ["a partition is truncated", (pool) => statements(pool)(`truncate events_1`)],
  [
    "a table takes another's place",
    (pool) =>
      together(pool, async (tx) => {
        await statements(tx)(`create table heirs (like users including all);
          insert into heirs (id, email, name, note) select n, n || '@x', 'new table', 'note' from generate_series(2, 9) n;
          grant select on heirs to app_user; alter table heirs replica identity full;
          alter table users rename to elders; alter table heirs rename to users`);
      }),
  ],
  [
    "a table is dropped, and made anew",
    (pool) =>
      together(pool, async (tx) => {
        await statements(tx)(
          `create temporary table copied on commit drop as select * from users where id > 4;
          drop table users;
          create table users (id int primary key, email text unique, name text, note text, mood mood default 'glad');
          alter table users replica identity full; grant select on users to app_user;
          insert into users (id, email, name, note) select id, email, 'made anew', note from copied`,
        );
      }),
  ],
];

const IDS = Array.from({ length: 14 }, (_, id) => id);
/** Milliseconds after a change within which a mixed read may show what was before. */
const WINDOW = 1_000;

/** Runs a change in a transaction; again, where it and the reads that go on wait for each other. */
function together(pool: Pool, change: (tx: Executor) => Promise<void>): Promise<void> {
  return pool.transaction(change, { retries: 9 });
}

/** Runs statements that are separated by semicolons; on a pool each by itself, and again where it is a deadlock's victim. */
function statements(on: Executor): (text: string) => Promise<void> {
  return async (text) => {
    for (const statement of text.split(";")) {
      for (let left = on instanceof Pool ? 9 : 0;; left--) {
        try {
          await on.execute(sql.unsafe(statement));
          break;
        } catch (error) {
          if (left === 0 || !(error instanceof DeadlockError)) throw error;
        }
      }
    }
  };
}

/** Everything that is looked at, by key, by unique column and by foreign key; each in a line. */
async function lookAtAll(on: Executor): Promise<string[]> {
  const answers = await Promise.all([
    ...IDS.map(async (id) => [`user ${id}`, await User.findById(id, on)]),
    ...IDS.map(async (id) => [`event ${id}`, await Event.findById(id, on)]),
    ...IDS.map(async (
      id,
    ) => [`user ${id}@x`, await User.find().where(User.email.eq(`${id}@x`)).maybeOne(on)]),
    ...[1, 2].map(async (author) => {
      const found = await Event.find().where(Event.author.eq(author)).all(on);
      return [`events of ${author}`, found.toSorted((a, b) => a.id - b.id)];
    }),
  ]);
  return answers.map(([what, found]) => `${what}: ${JSON.stringify(found)}`);
}

/** Has the reflector follow the tables as they are now. */
async function follow(pool: Pool, source: SourceKind): Promise<void> {
  // With policies a table cannot be followed.
  const followed = await pool.query<{ name: string }>(
    sql`select relname as name from pg_class where relname in ('users', 'events') and not relrowsecurity`,
  );
  const tables = followed.map(({ name }) => name);
  if (source === "notify") await installTriggers(pool, { tables, cascades: "include" });
  else {
    const published = tables.map((table) => ({ schema: "public", table }));
    await pool.execute(sql.unsafe(publicationSql(published)));
  }
}

for (const source of SOURCE_KINDS) {
  fault(
    38,
    `tables change in every way while changes come by ${source} → after a second nothing old is read`,
    { ...needs("primary"), sanitize: false, timeout: 180_000, once: true },
    async (report) => {
      await using database = await freshDatabase();
      const slot = `test_${crypto.randomUUID().replaceAll("-", "_")}`;
      await using admin = new Pool({ url: database.url, max: 2 });
      await statements(admin)(SCHEMA);
      await follow(admin, source);
      try {
        await using store = new MemoryStore();
        await using _live = await LiveCache.open({ ddl: "", url: database.url, store, source, slot });
        const url = database.url.replace(/\/\/[^@]+@/, "//app_user:secret-app@");
        await using pool = new Pool({ url, max: 4 });
        await using cache = new Cache(pool, { store, logger: { warn: () => {} } });
        assert.ok(await cache.ready());
        let cached = 0;
        let changed = 0;
        for (const [what, change] of CHANGES) {
          await follow(admin, source);
          const before = await filled(pool, cache);
          cached += before.hits;
          await change(admin);
          const over = performance.now();
          const now = await lookAtAll(pool.reading("primary"));
          changed += now.filter((line, index) => line !== before.lines[index]).length;
          let last = over;
          while (last < over + 1.4 * WINDOW) {
            last = performance.now();
            const seen = await lookAtAll(pool.reading("mixed"));
            if (last >= over + WINDOW) assert.deepEqual(seen, now, `${source}: ${what}`);
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
        report.figure(
          `${source}: answers from the cache before ${CHANGES.length} changes`,
          cached,
          "answers",
          {
            least: CHANGES.length * 10,
          },
        );
        report.figure(`${source}: answers that were others after them`, changed, "answers", {
          least: CHANGES.length,
        });
      } finally {
        await admin.execute(sql.unsafe(removePublicationSql()));
        await eventually(async () => {
          await admin.query(sql`select pg_drop_replication_slot(slot_name) from pg_replication_slots
            where slot_name = ${slot} and not active`);
          return await admin.maybeOne(sql`select from pg_replication_slots where slot_name = ${slot}`) ===
            undefined;
        }, "the slot is gone");
      }
    },
  );
}

/** Reads until as much as can be comes from the cache. */
async function filled(pool: Pool, cache: Cache): Promise<{ lines: string[]; hits: number }> {
  const on = pool.reading("mixed");
  let best = { lines: await lookAtAll(on), hits: 0 };
  const end = performance.now() + 3_000;
  // Of what policies are on, nothing is kept.
  while (performance.now() < end && best.hits < 3 * IDS.length) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    const from = cache.stats();
    const lines = await lookAtAll(on);
    const { hits, nearHits } = cache.stats();
    best = { lines, hits: hits + nearHits - from.hits - from.nearHits };
  }
  return best;
}
