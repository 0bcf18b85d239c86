/** Servers, roles and settings that a run has to live with, or to refuse. */
import assert from "node:assert/strict";
import { sql } from "../../../pool/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import { LifeguardError } from "../../../pool/wire/errors.ts";
import { Migrator } from "../../../migrate/running/runner.ts";
import type { MigratorOptions } from "../../../migrate/running/runner_options.ts";
import type { MigrationEvent } from "../../../migrate/running/progress_events.ts";
import { test } from "../../harness.ts";
import { freshDatabase, server } from "../../services/client.ts";
import { migrationFolder, needsFolder } from "./migration_folder.ts";

const A = "20261123094500_a.sql";
const B = "20261123094600_b.sql";
const C = "20261123094700_c.ts";
const SERVERS = ["primary", "pg15"] as const;

/** A database with a pool of its owner's, and a folder. */
interface Lab extends AsyncDisposable {
  readonly owner: Pool;
  readonly url: string;
  readonly database: string;
  readonly dir: string;
  write(name: string, text: string): Promise<void>;
  /** Applies what is in the folder, in sessions of its own. */
  up(options?: Partial<MigratorOptions>, url?: string): Promise<readonly string[]>;
}

async function makeLab(
  files: Record<string, string>,
  name: typeof SERVERS[number] = "primary",
): Promise<Lab> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await freshDatabase({ server: name }));
  const folder = stack.use(await migrationFolder(files));
  const owner = stack.use(new Pool({ url: database.url, max: 2 }));
  const moved = stack.move();
  return {
    owner,
    url: database.url,
    database: await owner.value<string>(sql`select current_database()`),
    dir: folder.dir,
    write: folder.write,
    async up(options = {}, url = database.url) {
      await using pool = new Pool({ url, max: 3, min: 0 });
      const { migrations } = await new Migrator(pool, { dir: folder.dir, retryPause: 20, ...options }).up();
      return migrations.map(({ version }) => version);
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

/** Asserts that a run is refused with a code and words, and that nobody keeps a lock. */
async function refused(lab: Lab, code: string, words: RegExp, url?: string): Promise<void> {
  await assert.rejects(lab.up({}, url), (error) => {
    assert.ok(error instanceof LifeguardError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  });
  assert.equal(
    await lab.owner.value(sql`select count(*)::int from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`),
    0,
  );
}

for (const name of SERVERS) {
  test(
    `Migrator on ${name} outlives the limits that a role or a database sets`,
    needsFolder(name),
    async () => {
      await using lab = await makeLab({
        [A]:
          "create table a (i int);\nselect pg_sleep(2.3);\ncreate index concurrently a_i on a (i);\ninsert into a values (1)",
        [C]: "export function up(s) { s.sql('select 1') }\n" +
          "export async function data(db, { sql }) { await new Promise((r) => setTimeout(r, 2_300)); await db.execute(sql`insert into a values (2)`) }",
      }, name);
      const limits = [
        "statement_timeout",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        ...(name === "primary" ? ["transaction_timeout"] : []),
      ];
      for (const limit of limits) {
        await lab.owner.execute(sql.unsafe(`alter database ${lab.database} set ${limit} = '2s'`));
      }
      assert.equal((await lab.up()).length, 2);
      assert.equal(await lab.owner.value(sql`select count(*)::int from a`), 2);
    },
  );

  test(
    `Migrator on ${name} says which rights the state needs, and runs with no more than those`,
    needsFolder(name),
    async () => {
      await using lab = await makeLab({ [A]: "create schema app; create table app.a (i int)" }, name);
      const role = `runner_${Math.random().toString(36).slice(2, 10)}`;
      await lab.owner.execute(sql.unsafe(`create role ${role} login password 'secret'`));
      try {
        const url = new URL(lab.url);
        [url.username, url.password] = [role, "secret"];
        const words = /may not keep the state .*: create schema lifeguard_migrate authorization/;
        await refused(lab, "MIGRATION_STATE", words, url.href);
        await lab.owner.execute(sql.unsafe(`create schema lifeguard_migrate authorization ${role}`));
        // The state can be kept, and what the migration itself may not do is its own failure.
        await refused(lab, "MIGRATION_FAILED", /permission denied for database/, url.href);
        await lab.write(A, "select 1");
        assert.deepEqual(await lab.up({}, url.href), ["20261123094500"]);
        await lab.owner.execute(sql`alter table lifeguard_migrate.migrations owner to current_user`);
        await lab.write(B, "select 2");
        await refused(lab, "MIGRATION_STATE", words, url.href);
        await lab.owner.execute(sql`alter table lifeguard_migrate.progress drop column spent_ms`);
        await refused(lab, "MIGRATION_STATE", /are not as this version makes them .*spent_ms/);
      } finally {
        await lab.owner.execute(sql.unsafe(`drop owned by ${role} cascade`));
        await lab.owner.execute(sql.unsafe(`drop role ${role}`));
      }
    },
  );

  test(
    `Migrator on ${name} writes its state as itself, whatever role and path a migration acts under`,
    needsFolder(name),
    async () => {
      const role = `actor_${Math.random().toString(36).slice(2, 10)}`;
      await using lab = await makeLab({
        [A]: `create schema app; grant all on schema app to ${role};\n` +
          `set search_path = app; select set_config('role', '${role}', false);\ncreate table a (i int);\n` +
          "create index concurrently a_i on a (i);\ncreate table b (i int);\nvacuum b;\ncreate table c (i int)",
        [B]: `set local role ${role};\ncreate table app.d (i int);\nvacuum;\ncreate table e (i int);\n` +
          `set session authorization ${role};\ncreate table app.f (i int);\nvacuum app.f;\ncreate table app.g (i int)`,
      }, name);
      await lab.owner.execute(sql.unsafe(`create role ${role}`));
      try {
        assert.equal((await lab.up()).length, 2);
        const tables = await lab.owner.query(
          sql<{ name: string }>`select schemaname || '.' || tablename || ' ' || (tableowner = ${role}) as name
            from pg_tables where schemaname in ('public', 'app') order by 1`,
        );
        assert.deepEqual(tables.map((table) => table.name), [
          ...["a", "b", "c", "d", "f", "g"].map((table) => `app.${table} true`),
          "public.e false",
        ]);
      } finally {
        await lab.owner.execute(sql.unsafe(`drop owned by ${role} cascade`));
        await lab.owner.execute(sql.unsafe(`drop role ${role}`));
      }
    },
  );
}

test(
  "Migrator refuses a standby and sessions that only read",
  needsFolder("primary", "replica"),
  async () => {
    await using lab = await makeLab({ [A]: "create table a (i int)" });
    await assert.rejects(lab.up({}, server("replica").url), (error) => {
      assert.ok(error instanceof LifeguardError && error.code === "MIGRATION_STATE");
      assert.match(
        error.message,
        /the server is a standby, which only reads; give migrations the address of the/,
      );
      return true;
    });
    await lab.owner.execute(
      sql.unsafe(`alter database ${lab.database} set default_transaction_read_only = on`),
    );
    await refused(
      lab,
      "MIGRATION_STATE",
      /only read \(default_transaction_read_only\); set it off for the role/,
    );
  },
);

test(
  "Migrator runs where transactions are serializable, and where functions of others have its names",
  needsFolder("primary"),
  async () => {
    await using lab = await makeLab({
      [A]:
        "create table public.a as select 1 as i;\ncreate index concurrently a_i on public.a (i);\nupdate public.a set i = 2",
    });
    await lab.owner.execute(sql`create schema evil`);
    for (
      const [name, returns, body] of [
        ["clock_timestamp()", "timestamptz", "'2000-01-01'::timestamptz"],
        ["pg_try_advisory_lock(bigint)", "boolean", "false"],
        ["set_config(text, text, boolean)", "text", "null::text"],
        ["to_regclass(text)", "regclass", "null::regclass"],
      ]
    ) {
      await lab.owner.execute(
        sql.unsafe(`create function evil.${name} returns ${returns} language sql as $$ select ${body} $$`),
      );
    }
    await lab.owner.execute(
      sql.unsafe(`alter database ${lab.database} set search_path = evil, public, pg_catalog`),
    );
    await lab.owner.execute(
      sql.unsafe(`alter database ${lab.database} set default_transaction_isolation = 'serializable'`),
    );
    await lab.owner.execute(
      sql.unsafe(`alter database ${lab.database} set standard_conforming_strings = on`),
    );
    assert.deepEqual(await lab.up(), ["20261123094500"]);
    assert.deepEqual(await lab.up(), []);
    assert.equal(
      await lab.owner.value(sql`select applied_at > '2001-01-01' from lifeguard_migrate.migrations`),
      true,
    );
  },
);

test(
  "Migrator reads its files as standard strings where the database does not",
  needsFolder("pg15"),
  async () => {
    await using lab = await makeLab({ [A]: "create table a as select 'a\\b' as x" }, "pg15");
    await lab.owner.execute(
      sql.unsafe(`alter database ${lab.database} set standard_conforming_strings = off`),
    );
    await lab.up();
    assert.equal(await lab.owner.value(sql`select x from a`), "a\\b");
  },
);

test(
  "Migrator keeps temporary tables, prepared statements and cursors of one migration from the next",
  needsFolder("primary"),
  async () => {
    const own =
      "create temp table x (i int);\nprepare p as select 1;\ndeclare c cursor with hold for select 1;\nlisten l";
    await using lab = await makeLab({ [A]: own, [B]: own });
    assert.equal((await lab.up()).length, 2);
  },
);

test(
  "Migrator takes back what a transaction did that has released the runner's lock, and says so",
  needsFolder("primary"),
  async () => {
    await using lab = await makeLab({
      [A]:
        "create table a (i int);\ndo $$ begin perform pg_advisory_unlock_all(); end $$;\ninsert into a values (1)",
    });
    await refused(lab, "MIGRATION_LOCK_LOST", /a statement of it has released the lock/);
    assert.equal(await lab.owner.value(sql`select to_regclass('a') is null`), true);
    await lab.write(
      A,
      "-- transaction: off\ndo $$ begin perform pg_advisory_unlock_all(); end $$;\nselect 1",
    );
    await refused(lab, "MIGRATION_LOCK_LOST", /a statement of it has released the lock/);
    // Its outcome was not written down: nobody could know who else was at work.
    await refused(lab, "MIGRATION_INTERRUPTED", /statement 1 of 2 \(do\) was running/);
  },
);

test(
  "Migrator says that its own state is gone, and takes back what dropped it",
  needsFolder("primary"),
  async () => {
    await using lab = await makeLab({ [A]: "select 1" });
    await lab.up();
    await lab.write(B, "create table b (i int);\ndrop schema lifeguard_migrate cascade");
    await refused(lab, "MIGRATION_STATE", /lifeguard_migrate are gone .*no migration may drop them/);
    assert.equal(await lab.owner.value(sql`select to_regclass('b') is null`), true);
    assert.equal(await lab.owner.value(sql`select count(*)::int from lifeguard_migrate.migrations`), 1);
  },
);

test(
  "Migrator runs outside of a transaction what only the server knows must be, where each statement is by itself",
  needsFolder("primary"),
  async () => {
    const text = "create table p (i int primary key) partition by list (i);\n" +
      "create table p1 partition of p for values in (1);\nreindex table p;\ncluster p using p_pkey;\nselect 1";
    await using lab = await makeLab({ [A]: text });
    await refused(
      lab,
      "MIGRATION_FAILED",
      /REINDEX TABLE cannot run inside .*"-- transaction: off" at the top/,
    );
    await lab.write(A, `-- transaction: off\n${text}`);
    assert.deepEqual(await lab.up(), ["20261123094500"]);
  },
);

test(
  "Migrator drops at once the unique index that it could not build, and says what to look for",
  needsFolder("primary"),
  async () => {
    await using lab = await makeLab({
      [A]:
        "create table a (i int);\ninsert into a values (1), (1);\ncreate unique index concurrently a_i on a (i)",
    });
    await refused(
      lab,
      "MIGRATION_FAILED",
      /find what is there twice .*The invalid index public\.a_i that it left was dropped\. The first 2 of its 3/,
    );
    assert.equal(await lab.owner.value(sql`select to_regclass('a_i') is null`), true);
    await lab.owner.execute(sql`delete from a`);
    assert.deepEqual(await lab.up(), ["20261123094500"]);
  },
);

test("Migrator says how to use an enum's new label", needsFolder("primary"), async () => {
  await using lab = await makeLab({ [A]: "create type e as enum ('a')" });
  await lab.up();
  const text = "alter type e add value 'b';\ncreate table t (x e default 'b')";
  await lab.write(B, text);
  await refused(
    lab,
    "MIGRATION_FAILED",
    /unsafe use of new value .*a migration after this one, or "-- transaction/,
  );
  await lab.write(B, `-- transaction: off\n${text}`);
  assert.deepEqual(await lab.up(), ["20261123094600"]);
});

test("Migrator says where it stands when it is told to end", needsFolder("primary"), async () => {
  await using lab = await makeLab({
    [A]: "create table a (i int);\nvacuum a;\nselect pg_sleep(600);\nselect 1",
  });
  const ending = new AbortController();
  const events: MigrationEvent[] = [];
  const onProgress = (event: MigrationEvent): void => {
    events.push(event);
    if (event.type === "statement" && event.number === 3) {
      setTimeout(() => ending.abort(new Error("SIGTERM")), 100);
    }
  };
  await assert.rejects(lab.up({ signal: ending.signal, onProgress }), /SIGTERM/);
  const last = events.at(-1)!;
  assert.ok(last.type === "stopped");
  assert.deepEqual([last.done, last.total, last.direction], [2, 4, "up"]);
  assert.equal(
    await lab.owner.value(sql`select count(*)::int from pg_stat_activity
      where datname = current_database() and state = 'active' and query like '%pg_sleep(600)%' and pid <> pg_backend_pid()`),
    0,
  );
});

test(
  "Migrator keeps several sets of migrations in one database, each in a schema of its own",
  needsFolder("primary"),
  async () => {
    await using lab = await makeLab({ [A]: "create table a (i int)" });
    for (const tenant of ["one", "two"]) {
      await lab.owner.execute(sql.unsafe(`create schema ${tenant}`));
      const url = new URL(lab.url);
      url.searchParams.set("options", `-csearch_path=${tenant}`);
      const options = { stateSchema: `lifeguard_migrate_${tenant}` };
      assert.deepEqual(await lab.up(options, url.href), ["20261123094500"]);
      assert.deepEqual(await lab.up(options, url.href), []);
    }
    assert.deepEqual(
      await lab.owner.query(sql`select schemaname from pg_tables where tablename = 'a' order by 1`),
      [{ schemaname: "one" }, { schemaname: "two" }],
    );
    assert.equal(await lab.owner.value(sql`select to_regnamespace('lifeguard_migrate') is null`), true);
    await assert.rejects(lab.up({ stateSchema: "public" }), /"public" was given; give a name such as/);
  },
);
