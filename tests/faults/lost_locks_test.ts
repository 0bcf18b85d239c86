/** Runners of migrations that lose the session with their lock, in every way that a server takes one away. */
import assert from "node:assert/strict";
import { MigrationInterruptedError } from "../../migrate/running/migration_errors.ts";
import type { MigrationEvent } from "../../migrate/running/progress_events.ts";
import { Migrator } from "../../migrate/running/runner.ts";
import { sql } from "../../pool/mod.ts";
import { Pool } from "../../pool/pool.ts";
import { test } from "../harness.ts";
import { migrationFolder, needsFolder } from "../migrate/running/migration_folder.ts";
import { startRunner } from "../migrate/running/runner_process.ts";
import { KINDS, outcome } from "../migrate/running/twenty_statements.ts";
import { rounds, SEED } from "../random.ts";
import { freshDatabase, isolatedServer } from "../services/client.ts";

const OWNER = sql`select pg_terminate_backend(l.pid) from pg_locks l where l.locktype = 'advisory'
  and l.mode = 'ExclusiveLock' and l.database = (select oid from pg_database where datname = current_database())`;

const SLOW_DATA = `
export function up(schema) {
  schema.sql("create table filled (n int)");
}
export async function data(db, { sql }) {
  // It looks at no signal, and does not mind what fails.
  for (let n = 0; n < 200; n++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await db.execute(sql\`insert into filled values (\${n})\`).catch(() => {});
    await db.transaction((tx) => tx.execute(sql\`insert into filled values (\${n})\`)).catch(() => {});
  }
}
`;

test(
  "Migrator stops what data() does on other connections when the lock's is lost",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({ "20261123094500_fill.ts": SLOW_DATA });
    await using admin = new Pool({ url: database.url, max: 1 });
    await using pool = new Pool({ url: database.url, max: 3 });
    const rows = (): Promise<number> => admin.value<number>(sql`select count(*)::int from filled`);
    const onProgress = (event: MigrationEvent): void => {
      if (event.type === "data") setTimeout(() => void admin.execute(OWNER).catch(() => {}), 300);
    };
    await assert.rejects(new Migrator(pool, { dir: folder.dir, onProgress }).up(), (error) => {
      assert.ok(error instanceof MigrationInterruptedError);
      assert.equal(error.retryable, true);
      assert.match(error.message, /the connection with the lock was lost while its data\(\) was run/);
      return true;
    });
    const before = await rows();
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(await rows(), before, "it goes on without the lock");
    const [status] = await new Migrator(pool, { dir: folder.dir }).status();
    assert.deepEqual([status.condition, status.progress?.state], ["interrupted", "data"]);
  },
);

for (const server of ["primary", "pg15"] as const) {
  test(
    `Migrator on ${server} goes on where its session was terminated, at any statement (seed ${SEED})`,
    { ...needsFolder(server), timeout: 240_000, once: true },
    async () => {
      const [, kind] = KINDS;
      const lab = async (moment: number): Promise<{ result: unknown; count: number; failed: number }> => {
        await using database = await freshDatabase({ server });
        await using folder = await migrationFolder({ [kind.file]: kind.text });
        await using admin = new Pool({ url: database.url, max: 1 });
        await using pool = new Pool({ url: database.url, max: 3, min: 0 });
        let count = 0;
        let ending: Promise<unknown> | undefined;
        const onProgress = (): void => {
          if (++count === moment) ending = admin.execute(OWNER);
        };
        const run = (): Promise<unknown> => new Migrator(pool, { dir: folder.dir, onProgress }).up();
        let failed = 0;
        await run().catch((error: unknown) => {
          failed++;
          // The lock can be lost while nothing of a migration is under way, too.
          assert.equal((error as { retryable?: boolean }).retryable, true, String(error));
        });
        await ending;
        await run();
        await pool.close();
        return { result: await outcome(database.url), count, failed };
      };
      const { result, count } = await lab(0);
      const step = rounds(9, 1);
      let ended = 0;
      let all = 0;
      for (let moment = 1 + SEED % step; moment <= count; moment += step) {
        const run = await lab(moment);
        assert.deepEqual(run.result, result, `terminated at event ${moment}`);
        ended += run.failed;
        all++;
      }
      console.log(`${ended} of ${all} terminated sessions ended a run, each ended as if undisturbed`);
      assert.ok(ended > 0);
    },
  );
}

test(
  "Migrator goes on where its server was restarted in the middle of a statement",
  { ...needsFolder("control"), timeout: 180_000, once: true },
  async () => {
    await using server = await isolatedServer();
    await using folder = await migrationFolder({
      "20261123094500_slow.sql":
        "create table a (i int);\ninsert into a values (1);\ncreate index concurrently a_i on a (i);\nselect pg_sleep(1.5);\ninsert into a values (2)",
    });
    await using pool = new Pool({ url: server.url, max: 2, min: 0 });
    let restarting: Promise<unknown> | undefined;
    const onProgress = (event: MigrationEvent): void => {
      if (event.type === "statement" && event.number === 4) {
        restarting ??= server.control.kill().then(() => server.control.start());
      }
    };
    await assert.rejects(
      new Migrator(pool, { dir: folder.dir, onProgress }).up(),
      (error) => error instanceof MigrationInterruptedError && error.retryable && error.done === 3,
    );
    await restarting;
    await new Migrator(pool, { dir: folder.dir }).up();
    assert.deepEqual(await pool.query(sql`select i from a order by i`), [{ i: 1 }, { i: 2 }]);
  },
);

test(
  "migrate() leaves nothing that another cannot go on from when a file ends its process, or a signal does",
  { ...needsFolder("primary"), timeout: 60_000, once: true, allow: ["run", "read", "write", "env", "sys"] },
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool({ url: database.url, max: 2 });
    await using exiting = await migrationFolder({
      "20261123094500_exit.ts":
        'import process from "node:process";\nexport function up(schema) { schema.sql("create table a (i int)"); process.exit(7); }',
    });
    assert.equal((await startRunner(database.url, exiting.dir).ended).code, 7);
    assert.equal(await pool.value(sql`select to_regclass('a') is null`), true);
    await using slow = await migrationFolder({
      "20261123094500_slow.sql": "create table a (i int);\nvacuum a;\nselect pg_sleep(600)",
    });
    const runner = startRunner(database.url, slow.dir);
    while (!runner.events.some(({ type, number }) => type === "statement" && number === 3)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    runner.kill("SIGTERM");
    await runner.ended;
    await slow.write("20261123094500_slow.sql", "create table a (i int);\nvacuum a;\nselect 1");
    const { migrations } = await new Migrator(pool, { dir: slow.dir, lockDeadline: 10_000 }).up();
    assert.equal(migrations.length, 1);
  },
);
