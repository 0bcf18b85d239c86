/** Runners that are killed at every moment, and those that come after them. */
import assert from "node:assert/strict";
import { sql } from "../../../pool/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { MigrationInterruptedError } from "../../../migrate/running/migration_errors.ts";
import { Migrator } from "../../../migrate/running/runner.ts";
import { test } from "../../harness.ts";
import { rounds, SEED } from "../../random.ts";
import { type FreshDatabase, freshDatabase, proxy } from "../../services/client.ts";
import { migrationFolder, needsFolder } from "./migration_folder.ts";
import { type RunnerProcess, startRunner } from "./runner_process.ts";

/** Twenty statements, each of which would be seen if it were run twice or not at all. */
const INSIDE: readonly string[] = [
  "create table steps (id int generated always as identity, what text not null)",
  ...Array.from({ length: 19 }, (_, index) => `insert into steps (what) values ('step ${index + 2}')`),
];

/** Twenty statements, half of which no transaction may have. */
const OUTSIDE: readonly string[] = [
  "create table steps (id int generated always as identity, what text not null)",
  "insert into steps (what) select 'row ' || n from generate_series(1, 100) as n",
  "create index concurrently steps_a on steps (what)",
  "insert into steps (what) values ('after a')",
  "create unique index concurrently steps_b on steps (id)",
  "drop index concurrently steps_a",
  "create index concurrently if not exists steps_c on steps (what, id)",
  "insert into steps (what) values ('after c')",
  "insert into steps (what) values ('after c, too')",
  "vacuum steps",
  "create table parts (a int) partition by list (a)",
  "create table parts_1 partition of parts for values in (1)",
  "alter table parts detach partition parts_1 concurrently",
  "insert into parts_1 values (1)",
  "reindex table concurrently steps",
  "insert into steps (what) values ('after reindex')",
  "create index concurrently steps_d on steps (id desc)",
  "drop index concurrently steps_d",
  "alter table steps add column done boolean not null default true",
  "insert into steps (what) values ('end')",
];

const FILE = "20261123094500_steps.sql";

/** The kinds of a migration of twenty statements. */
const KINDS: readonly { readonly name: string; readonly text: string }[] = [
  { name: "in one transaction", text: INSIDE.join(";\n") },
  { name: "that are outside of a transaction or beside such", text: OUTSIDE.join(";\n") },
  { name: "under transaction: off", text: `-- transaction: off\n${INSIDE.join(";\n")}` },
];

/** The older server has all of them in the long run, and in the suite what most depends on a server. */
function kindsFor(server: string): readonly typeof KINDS[number][] {
  return KINDS.slice(server === "primary" ? 0 : rounds(1, 0), server === "primary" ? 3 : rounds(2, 3));
}

/** Everything that the migration makes, but for what passes without a trace: numbers of a sequence that were drawn. */
async function outcome(url: string): Promise<unknown> {
  await using pool = new Pool({ url, max: 1 });
  const hasParts = await pool.value<boolean>(sql`select to_regclass('parts_1') is not null`);
  return {
    steps: await pool.query(sql`select what from steps order by id`),
    parts: hasParts ? await pool.query(sql`select * from parts_1`) : [],
    attached: await pool.value(sql`select count(*) from pg_inherits i join pg_class c on c.oid = i.inhparent
      where c.relname = 'parts'`),
    indexes: await pool.query(
      sql`select c.relname, i.indisvalid, pg_get_indexdef(i.indexrelid) from pg_index i
      join pg_class c on c.oid = i.indexrelid where i.indrelid = 'steps'::regclass order by 1`,
    ),
    columns: await pool.query(sql`select column_name, data_type, is_nullable from information_schema.columns
      where table_name = 'steps' order by ordinal_position`),
    applied: await pool.query(sql`select version from lifeguard_migrate.migrations`),
    progress: await pool.query(sql`select version, done, state from lifeguard_migrate.progress`),
  };
}

/** All of them in the long run; in the suite some, others for another seed. */
function chosenMoments(events: number): number[] {
  const step = rounds(6, 1);
  return Array.from({ length: events }, (_, index) => index + 1).filter((moment) =>
    (moment + SEED) % step === 0
  );
}

async function undisturbed(
  text: string,
  server: "primary" | "pg15",
): Promise<{ result: unknown; events: number }> {
  await using database = await freshDatabase({ server });
  await using folder = await migrationFolder({ [FILE]: text });
  await using pool = new Pool(database.url);
  let events = 0;
  await new Migrator(pool, { dir: folder.dir, onProgress: () => events++ }).up();
  return { result: await outcome(database.url), events };
}

for (const server of ["primary", "pg15"] as const) {
  for (const { name, text } of kindsFor(server)) {
    test(
      `migrate() on ${server} goes on where a killed process stopped: twenty statements ${name} (seed ${SEED})`,
      {
        ...needsFolder(server),
        timeout: rounds(120_000, 600_000),
        once: true,
        allow: ["run", "read", "write", "env"],
      },
      async () => {
        const { result, events } = await undisturbed(text, server);
        let killed = 0;
        const moments = chosenMoments(events);
        const chosen = moments.length;
        // Two at a time: a machine has two cores.
        const work = async (): Promise<void> => {
          for (let moment = moments.shift(); moment !== undefined; moment = moments.shift()) {
            await using database = await freshDatabase({ server });
            await using folder = await migrationFolder({ [FILE]: text });
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

    test(
      `migrate() on ${server} goes on where its connection was cut: twenty statements ${name} (seed ${SEED})`,
      { ...needsFolder(server, "control"), timeout: rounds(120_000, 600_000) },
      async () => {
        const { result, events } = await undisturbed(text, server);
        let cuts = 0;
        const moments = chosenMoments(events);
        for (const moment of moments) {
          await using database = await freshDatabase({ server });
          await using folder = await migrationFolder({ [FILE]: text });
          cuts += await cutAt(database, folder.dir, moment);
          await using pool = new Pool(database.url);
          await new Migrator(pool, { dir: folder.dir }).up();
          assert.deepEqual(await outcome(database.url), result, `cut at event ${moment}`);
        }
        console.log(`${cuts} of ${moments.length} cuts ended a run`);
        assert.ok(cuts > 0);
      },
    );
  }
}

/** Runs through a proxy that is cut at an event; returns whether the run failed. */
async function cutAt(database: FreshDatabase, dir: string, moment: number): Promise<number> {
  await using link = await proxy(database.server);
  await using pool = new Pool({ url: link.url(database.url), max: 2, min: 0 });
  let seen = 0;
  let cutting: Promise<void> | undefined;
  const run = new Migrator(pool, {
    dir,
    onProgress: () => {
      if (++seen === moment) cutting = link.cut();
    },
  }).up();
  const failure = await run.then(() => undefined, (error: unknown) => error);
  await cutting;
  if (failure === undefined) return 0;
  assert.ok(failure instanceof Error);
  return 1;
}

function soon(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), 1_000));
}

test(
  "migrate() of ten processes at once applies each migration once, and nine wait and see it done",
  { ...needsFolder("primary"), timeout: 120_000, once: true, allow: ["run", "read", "write", "env"] },
  async () => {
    await using database = await freshDatabase();
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
  "migrate() shows who has the lock while it waits, and has it at once when its owner is killed",
  { ...needsFolder("primary"), timeout: 60_000, once: true, allow: ["run", "read", "write", "env"] },
  async () => {
    await using database = await freshDatabase();
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
