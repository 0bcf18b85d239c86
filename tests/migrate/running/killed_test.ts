/** Runners that are killed at every moment, and those that come after them. */
import assert from "node:assert/strict";
import { sql } from "../../../pool/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { MigrationInterruptedError } from "../../../migrate/running/migration_errors.ts";
import { Migrator } from "../../../migrate/running/runner.ts";
import { test } from "../../harness.ts";
import { rounds, SEED } from "../../random.ts";
import { freshDatabase, proxy } from "../../services/client.ts";
import { migrationFolder, needsFolder } from "./migration_folder.ts";
import { type RunnerProcess, startRunner } from "./runner_process.ts";
import { INSIDE, type Kind, KINDS, outcome } from "./twenty_statements.ts";

const FILE = "20261123094500_steps.sql";

/** Those that a process runs; cut links try all of them at more moments (`tests/faults/cut_migrations_test.ts`). */
function kindsFor(server: string): readonly Kind[] {
  const kinds = KINDS.filter(({ direction }) => direction === "up");
  const inSuite = server === "primary" ? kinds.slice(0, 3) : kinds.slice(1, 2);
  return rounds(1, 0) === 1 ? inSuite : kinds;
}

/** All of them in the long run; in the suite some, others for another seed. */
function chosenMoments(events: number): number[] {
  const step = rounds(6, 1);
  return Array.from({ length: events }, (_, index) => index + 1).filter((moment) =>
    (moment + SEED) % step === 0
  );
}

async function undisturbed(
  kind: Kind,
  server: "primary" | "pg15",
): Promise<{ result: unknown; events: number }> {
  await using database = await freshDatabase({ server });
  await using folder = await migrationFolder({ [kind.file]: kind.text });
  await using pool = new Pool(database.url);
  let events = 0;
  await new Migrator(pool, { dir: folder.dir, onProgress: () => events++ }).up();
  return { result: await outcome(database.url), events };
}

for (const server of ["primary", "pg15"] as const) {
  for (const kind of kindsFor(server)) {
    test(
      `migrate() on ${server} goes on where a killed process stopped: twenty statements ${kind.name} (seed ${SEED})`,
      {
        ...needsFolder(server),
        timeout: rounds(120_000, 600_000),
        once: true,
        allow: ["run", "read", "write", "env"],
      },
      async () => {
        const { result, events } = await undisturbed(kind, server);
        let killed = 0;
        const moments = chosenMoments(events);
        const chosen = moments.length;
        // Two at a time: a machine has two cores.
        const work = async (): Promise<void> => {
          for (let moment = moments.shift(); moment !== undefined; moment = moments.shift()) {
            await using database = await freshDatabase({ server });
            await using folder = await migrationFolder({ [kind.file]: kind.text });
            const runner = startRunner(database.url, folder.dir, moment);
            assert.ok(await runner.count(moment), (await Promise.race([runner.ended, soon()]))?.err);
            runner.kill();
            await runner.ended;
            await using pool = new Pool(database.url);
            await new Migrator(pool, { dir: folder.dir }).up();
            assert.deepEqual(await outcome(database.url), result, `killed at event ${moment}`);
            killed++;
          }
        };
        await Promise.all([work(), work()]);
        console.log(`killed at ${killed} of ${events} moments, each ended as if undisturbed`);
        assert.equal(killed, chosen);
      },
    );
  }
}

function soon(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), 1_000));
}

for (const server of ["primary", "pg15"] as const) {
  test(
    `migrate() of ten processes at once on ${server} applies each migration once, and nine wait and see it done`,
    { ...needsFolder(server), timeout: 120_000, once: true, allow: ["run", "read", "write", "env"] },
    async () => {
      await using database = await freshDatabase({ server });
      await using folder = await migrationFolder({
        [FILE]: `${INSIDE.join(";\n")};\nselect pg_sleep(0.5);`,
        "20261123094600_more.sql": "insert into steps (what) values ('more')",
      });
      const runners = Array.from({ length: 10 }, () => startRunner(database.url, folder.dir));
      const ends = await Promise.all(runners.map((runner) => runner.ended));
      assert.deepEqual(
        ends.map(({ code }) => code),
        new Array(10).fill(0),
        ends.map(({ err }) => err).join(""),
      );
      const applied = runners.map((runner) => runner.events.at(-1)!.migrations as string[]);
      assert.deepEqual(applied.filter((versions) => versions.length > 0), [[
        "20261123094500",
        "20261123094600",
      ]]);
      await using pool = new Pool(database.url);
      assert.equal(await pool.value(sql`select count(*) from steps`), 20n);
      const waited = runners.filter((runner) => runner.events.some(({ type }) => type === "waiting")).length;
      console.log(`${waited} of ten waited for the lock`);
    },
  );

  test(
    `migrate() on ${server} shows who has the lock while it waits, and has it at once when its owner is killed`,
    { ...needsFolder(server), timeout: 60_000, once: true, allow: ["run", "read", "write", "env"] },
    async () => {
      await using database = await freshDatabase({ server });
      await using folder = await migrationFolder({ [FILE]: "select pg_sleep(600)" });
      const owner = startRunner(database.url, folder.dir);
      let other: RunnerProcess | undefined;
      try {
        await owner.event("statement");
        other = startRunner(database.url, folder.dir);
        const shown = (await other.event("waiting")).owner as Record<string, unknown>;
        assert.match(String(shown.application), /^runner \d+$/);
        assert.equal(shown.user, "lifeguard");
        assert.equal(shown.address, "127.0.0.1");
        assert.match(String(shown.since), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        const killed = performance.now();
        owner.kill();
        await other.event("locked");
        const took = performance.now() - killed;
        console.log(
          `the lock was free ${took.toFixed(0)} ms after its owner was killed in the middle of a statement`,
        );
        assert.ok(took < 10_000);
      } finally {
        owner.kill();
        other?.kill();
        await Promise.all([owner.ended, other?.ended]);
      }
    },
  );
}

test(
  "Migrator says what it cannot tell of a statement that was cut off, and does what it is told",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({
      [FILE]:
        "-- transaction: off\ncreate table steps (what text);\ndo $$ begin insert into steps values ('x'); commit; perform pg_sleep(600); end $$;\n",
    });
    await using link = await proxy(database.server);
    {
      await using pool = new Pool({ url: link.url(database.url), max: 2, min: 0 });
      const run = new Migrator(pool, {
        dir: folder.dir,
        onProgress: (event) => {
          if (event.type === "statement" && event.number === 2) setTimeout(() => void link.cut(), 300);
        },
      }).up();
      await assert.rejects(run, (error) => error instanceof MigrationInterruptedError && error.retryable);
    }
    await using pool = new Pool(database.url);
    await assert.rejects(new Migrator(pool, { dir: folder.dir }).up(), (error) => {
      assert.ok(error instanceof MigrationInterruptedError);
      assert.equal(error.done, 1);
      assert.match(
        error.message,
        /statement 2 of 2 \(do\) was running when the run was cut off, and nobody can tell/,
      );
      return true;
    });
    await new Migrator(pool, { dir: folder.dir, interrupted: "done" }).up();
    assert.equal(await pool.value(sql`select count(*) from steps`), 1n);
  },
);
