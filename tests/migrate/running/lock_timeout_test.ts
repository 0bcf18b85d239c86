/** Statements that get no lock: tried again, given up with who is in the way; runners that wait for each other. */
import assert from "node:assert/strict";
import { sql } from "../../../pool/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import {
  MigrationLockedError,
  MigrationLockTimeoutError,
} from "../../../migrate/running/migration_errors.ts";
import type { MigrationEvent } from "../../../migrate/running/progress_events.ts";
import { Migrator } from "../../../migrate/running/runner.ts";
import { test } from "../../harness.ts";
import { freshDatabase } from "../../services/client.ts";
import { migrationFolder, needsFolder } from "./migration_folder.ts";

const FILE = "20261123094500_change.sql";

for (const server of ["primary", "pg15"] as const) {
  test(
    `Migrator on ${server} tries a transaction again that got no lock, and names who is in the way`,
    needsFolder(server),
    async () => {
      await using database = await freshDatabase({ server });
      await using folder = await migrationFolder({
        [FILE]: "create table other (id int);\nalter table busy add column more int;\n",
      });
      await using outside = new Pool({ url: database.url, max: 1, applicationName: "long report" });
      await outside.execute(sql`create table busy (id int)`);
      const events: MigrationEvent[] = [];
      await using pool = new Pool({ url: database.url, max: 3 });
      const options = { dir: folder.dir, lockTimeout: 400, retryPause: 20 };
      const session = await outside.reserve();
      await session.execute(sql`begin`);
      await session.execute(sql`select * from busy`);
      const { pid } = await session.one(sql<{ pid: number }>`select pg_backend_pid() as pid`);
      await assert.rejects(new Migrator(pool, { ...options, retries: 1 }).up(), (error) => {
        assert.ok(error instanceof MigrationLockTimeoutError);
        assert.equal(error.retryable, true);
        assert.deepEqual(error.blockers.map(({ processId, state }) => [processId, state]), [[
          pid,
          "idle in transaction",
        ]]);
        assert.match(error.message, /statement 2 of 2 at .*change\.sql:2:1 \(alter table busy/);
        assert.match(
          error.message,
          new RegExp(`in 2 attempts, in its way "long report" \\(process ${pid}, user "lifeguard"`),
        );
        assert.match(error.message, /Nothing of it is applied$/);
        return true;
      });
      assert.equal(await pool.value(sql`select to_regclass('other') is null`), true);
      const up = new Migrator(pool, {
        ...options,
        retries: 100,
        onProgress: (event) => {
          events.push(event);
          if (event.type === "retry" && event.attempt === 2) void session.execute(sql`commit`);
        },
      }).up();
      assert.equal((await up).migrations.length, 1);
      await session.release();
      assert.ok(
        events.some((event) => event.type === "blocked" && event.by[0].application === "long report"),
      );
      assert.ok(events.filter(({ type }) => type === "retry").length >= 2);
      assert.equal(await pool.value(sql`select to_regclass('other') is not null`), true);
    },
  );
}

test("Migrator builds an index again whose building got no lock", needsFolder("primary"), async () => {
  await using database = await freshDatabase();
  await using folder = await migrationFolder({ [FILE]: "create index concurrently busy_idx on busy (id)" });
  await using pool = new Pool({ url: database.url, max: 4 });
  await pool.execute(sql`create table busy (id int)`);
  const session = await pool.reserve();
  await session.execute(sql`begin`);
  await session.execute(sql`insert into busy values (1)`);
  const events: MigrationEvent[] = [];
  const migrator = new Migrator(pool, {
    dir: folder.dir,
    concurrentTimeout: 300,
    retryPause: 20,
    retries: 100,
    onProgress: (event) => {
      events.push(event);
      if (event.type === "rebuild") void session.execute(sql`commit`);
    },
  });
  await migrator.up();
  await session.release();
  assert.ok(events.some((event) => event.type === "rebuild" && event.index === "public.busy_idx"));
  assert.equal(
    await pool.value(sql`select indisvalid from pg_index where indexrelid = 'busy_idx'::regclass`),
    true,
  );
});

test(
  "Migrator waits no longer than its lock timeout for what would keep everybody waiting, outside of a transaction too",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({ [FILE]: "vacuum full busy" });
    await using pool = new Pool({ url: database.url, max: 4 });
    await pool.execute(sql`create table busy (id int)`);
    const session = await pool.reserve();
    await session.execute(sql`begin`);
    await session.execute(sql`insert into busy values (1)`);
    const options = { dir: folder.dir, lockTimeout: 300, retryPause: 20 };
    const began = performance.now();
    await assert.rejects(new Migrator(pool, { ...options, retries: 1 }).up(), MigrationLockTimeoutError);
    console.log(`two attempts took ${(performance.now() - began).toFixed(0)} ms`);
    let retried = 0;
    const onProgress = (event: MigrationEvent): void => {
      if (event.type === "retry" && ++retried === 2) void session.execute(sql`commit`);
    };
    await new Migrator(pool, { ...options, retries: 100, onProgress }).up();
    await session.release();
    assert.ok(retried >= 2);
  },
);

test(
  "Migrator gives up waiting for another runner at its deadline and says who it is",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({ [FILE]: "select pg_sleep(600)" });
    await using pool = new Pool({ url: database.url, max: 2, applicationName: "slow one" });
    await using other = new Pool({ url: database.url, max: 2 });
    const abort = new AbortController();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const running = new Migrator(pool, {
      dir: folder.dir,
      signal: abort.signal,
      onProgress: ({ type }) => type === "statement" && begin(),
    }).up().catch((error: unknown) => error);
    await begun;
    await assert.rejects(new Migrator(other, { dir: folder.dir, lockDeadline: 300 }).up(), (error) => {
      assert.ok(error instanceof MigrationLockedError);
      assert.equal(error.owner?.application, "slow one");
      assert.match(
        error.message,
        /has been held by "slow one" \(process \d+, user "lifeguard" from 127\.0\.0\.1, since 2/,
      );
      return true;
    });
    abort.abort(new Error("stop"));
    assert.match(String(await running), /stop/);
    await folder.write(FILE, "select 1");
    assert.equal((await new Migrator(other, { dir: folder.dir }).up()).migrations.length, 1);
  },
);
