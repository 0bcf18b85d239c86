/** Migrations on real servers: up, down, redo, reset, and what is refused. */
import assert from "node:assert/strict";
import { sql } from "../../../pool/mod.ts";
import { Pool } from "../../../pool/pool.ts";
import {
  MigrationChangedError,
  MigrationFailedError,
  MigrationInterruptedError,
  MigrationIrreversibleError,
  MigrationMissingError,
  MigrationOrderError,
  MigrationPoolerError,
} from "../../../migrate/running/migration_errors.ts";
import type { MigrationEvent } from "../../../migrate/running/progress_events.ts";
import { migrate, Migrator } from "../../../migrate/running/runner.ts";
import { test } from "../../harness.ts";
import { freshDatabase, server } from "../../services/client.ts";
import { migrationFolder, needsFolder } from "./migration_folder.ts";

const USERS = "20261123094500_add_users.sql";
const NOTES = "20261123094600_add_notes.sql";
const EMAILS = "20261123094700_add_emails.sql";

const FILES = {
  [USERS]: "-- up\ncreate table users (id int primary key);\n-- down\ndrop table users;\n",
  [NOTES]:
    "-- up\ncreate table notes (id int, body text);\ninsert into notes values (1, 'a;b');\n-- down\ndrop table notes;\n",
  [EMAILS]:
    "-- up\nalter table users add email text;\ncreate index concurrently users_email_idx on users (email);\nalter table users add checked boolean;\n" +
    "-- down\nalter table users drop checked;\ndrop index concurrently users_email_idx;\nalter table users drop email;\n",
};

/** What the tables of the schema public have. */
async function columns(pool: Pool): Promise<string[]> {
  const rows = await pool.query(sql<{ name: string }>`select table_name || '.' || column_name as name
    from information_schema.columns where table_schema = 'public' order by 1`);
  return rows.map(({ name }) => name);
}

const ALL = ["notes.body", "notes.id", "users.checked", "users.email", "users.id"];

for (const name of ["primary", "pg15"] as const) {
  test(`Migrator on ${name} applies, reverts, redoes and resets`, needsFolder(name), async () => {
    await using database = await freshDatabase({ server: name });
    await using folder = await migrationFolder(FILES);
    await using pool = new Pool({ url: database.url, max: 3 });
    const migrator = new Migrator(pool, { dir: folder.dir });
    assert.deepEqual((await migrator.status()).map(({ condition }) => condition), [
      "pending",
      "pending",
      "pending",
    ]);
    const names = ({ migrations }: Awaited<ReturnType<Migrator["up"]>>): string[] =>
      migrations.map((migration) => `${migration.direction} ${migration.name}`);
    assert.deepEqual(names(await migrator.up({ steps: 1 })), ["up add_users"]);
    assert.deepEqual(names(await migrator.up()), ["up add_notes", "up add_emails"]);
    assert.deepEqual(await columns(pool), ALL);
    assert.deepEqual(names(await migrator.up()), []);
    assert.deepEqual(names(await migrator.redo()), ["down add_emails", "up add_emails"]);
    assert.deepEqual(await columns(pool), ALL);
    assert.deepEqual(names(await migrator.down()), ["down add_emails"]);
    assert.deepEqual(names(await migrator.up({ to: "20261123094700" })), ["up add_emails"]);
    assert.deepEqual(names(await migrator.down({ to: "20261123094500" })), [
      "down add_emails",
      "down add_notes",
    ]);
    assert.deepEqual(names(await migrator.redo()), ["down add_users", "up add_users"]);
    await migrator.up();
    assert.deepEqual(names(await migrator.reset()), ["down add_emails", "down add_notes", "down add_users"]);
    assert.deepEqual(await columns(pool), []);
    assert.equal(await pool.value(sql`select count(*) from lifeguard_migrate.progress`), 0n);
  });
}

test("Migrator.plan() prints what a run would send and touches nothing", needsFolder("primary"), async () => {
  await using database = await freshDatabase();
  await using folder = await migrationFolder(FILES);
  await using pool = new Pool(database.url);
  const migrator = new Migrator(pool, { dir: folder.dir });
  const plan = await migrator.plan({ to: "20261123094500" });
  assert.equal(
    plan.sql,
    "-- 20261123094500_add_users: up\nbegin;\ncreate table users (id int primary key);\ncommit;\n",
  );
  const { sql: last } = (await migrator.plan()).migrations[2];
  assert.equal(
    last,
    "-- 20261123094700_add_emails: up\nbegin;\nalter table users add email text;\ncommit;\n" +
      "create index concurrently users_email_idx on users (email);\n" +
      "begin;\nalter table users add checked boolean;\ncommit;\n",
  );
  assert.equal(await pool.value(sql`select to_regnamespace('lifeguard_migrate') is null`), true);
  assert.equal(await pool.value(sql`select to_regclass('users') is null`), true);
});

test("Migrator.baseline() marks what is there as applied", needsFolder("primary"), async () => {
  await using database = await freshDatabase();
  await using folder = await migrationFolder(FILES);
  await using pool = new Pool(database.url);
  await pool.execute(sql`create table users (id int primary key)`);
  const migrator = new Migrator(pool, { dir: folder.dir });
  assert.deepEqual(await migrator.baseline({ to: "20261123094500" }), [{
    version: "20261123094500",
    name: "add_users",
  }]);
  const [first] = await migrator.status();
  assert.equal(first.condition, "applied");
  assert.equal(first.isBaseline, true);
  await migrator.up();
  assert.deepEqual(await columns(pool), ALL);
});

test(
  "Migrator refuses files that changed, are missing or out of order, each by its own error",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({ [USERS]: FILES[USERS], [EMAILS]: FILES[EMAILS] });
    await using pool = new Pool(database.url);
    const migrator = new Migrator(pool, { dir: folder.dir });
    await migrator.up();
    await folder.write(USERS, `-- why\n${FILES[USERS].replace("(id", "(\n  id /* its key */")}`);
    assert.deepEqual(await migrator.validate(), [], "a comment is no change");
    await folder.write(USERS, FILES[USERS].replace("id int", "id bigint"));
    await assert.rejects(migrator.up(), (error) => {
      assert.ok(error instanceof MigrationChangedError);
      assert.match(
        error.message,
        /^Cannot migrate: "20261123094500_add_users" changed since it was applied; /,
      );
      return true;
    });
    await assert.rejects(migrator.down(), MigrationChangedError);
    await folder.write(USERS, FILES[USERS]);
    await folder.write(NOTES, FILES[NOTES]);
    await assert.rejects(migrator.up(), (error) => {
      assert.ok(error instanceof MigrationOrderError);
      assert.deepEqual(error.versions, ["20261123094600"]);
      assert.match(error.message, /"20261123094600_add_notes" is older than "20261123094700_add_emails"/);
      return true;
    });
    await new Migrator(pool, { dir: folder.dir, outOfOrder: true }).up();
    assert.deepEqual(await columns(pool), ALL);
    await folder.remove(NOTES);
    await assert.rejects(migrator.up(), MigrationMissingError);
    assert.deepEqual((await migrator.status()).map(({ condition }) => condition), [
      "applied",
      "missing",
      "applied",
    ]);
  },
);

test(
  "Migrator says which statement failed, where in its file, and how far it came",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({
      [USERS]:
        "create table users (id int);\ncreate index concurrently users_id_idx on users (id);\ninsert into users values (1);\n" +
        "insert into users (ident)\n  values (2);\n",
    });
    await using pool = new Pool(database.url);
    const migrator = new Migrator(pool, { dir: folder.dir });
    await assert.rejects(migrator.up(), (error) => {
      assert.ok(error instanceof MigrationFailedError);
      assert.deepEqual([error.line, error.column, error.sqlState, error.done], [4, 20, "42703", 2]);
      assert.match(
        error.message,
        /statement 4 of 4 at \S+add_users\.sql:4:20 \(insert into users \(ident\) values \(2\)\)/,
      );
      assert.match(error.message, /column "ident" of relation "users" does not exist/);
      assert.match(error.message, /The first 2 of its 4 statements are applied and stay so/);
      return true;
    });
    const [status] = await migrator.status();
    assert.equal(status.condition, "interrupted");
    assert.equal(status.progress?.done, 2);
    assert.equal(status.progress?.state, "failed");
    assert.match(status.progress?.error ?? "", /column "ident"/);
    await assert.rejects(migrator.down(), MigrationInterruptedError);
    // What is done may not change; what failed may.
    const fixed = "create table users (id int);\ncreate index concurrently users_id_idx on users (id);\n" +
      "insert into users values (1), (2);\n";
    await folder.write(USERS, fixed.replace("id int", "id bigint"));
    await assert.rejects(migrator.up(), MigrationChangedError);
    await folder.write(USERS, fixed);
    await migrator.up();
    assert.equal(await pool.value(sql`select count(*) from users`), 2n);
    assert.equal((await migrator.status())[0].condition, "applied");
    await assert.rejects(migrator.down(), MigrationIrreversibleError);
  },
);

test(
  "Migrator leaves nothing of a migration that failed in its one transaction",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({
      [USERS]: "create table users (id int);\nselect 1 / 0;\n",
    });
    await using pool = new Pool(database.url);
    const migrator = new Migrator(pool, { dir: folder.dir });
    await assert.rejects(migrator.up(), /division by zero \(SQLSTATE 22012\).*Nothing of it is applied$/);
    assert.deepEqual(await columns(pool), []);
    assert.equal((await migrator.status())[0].condition, "pending");
  },
);

test(
  "Migrator gives each statement a transaction of its own under transaction: off",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({
      [USERS]:
        "-- transaction: off\ncreate table users (id int);\ndo $$ begin insert into users values (1); commit; end $$;\nselect 1 / 0;\n",
    });
    await using pool = new Pool(database.url);
    const migrator = new Migrator(pool, { dir: folder.dir });
    await assert.rejects(migrator.up(), (error) => error instanceof MigrationFailedError && error.done === 2);
    assert.equal(await pool.value(sql`select count(*) from users`), 1n);
  },
);

test("Migrator rebuilds an index that was left invalid", needsFolder("primary"), async () => {
  await using database = await freshDatabase();
  await using folder = await migrationFolder({
    [NOTES]: "create unique index concurrently if not exists users_id_key on users (id);\n",
  });
  await using pool = new Pool(database.url);
  await pool.execute(sql`create table users (id int)`);
  await pool.execute(sql`insert into users values (1), (1)`);
  await assert.rejects(pool.execute(sql`create unique index concurrently users_id_key on users (id)`));
  const events: MigrationEvent[] = [];
  const migrator = new Migrator(pool, { dir: folder.dir, onProgress: (event) => events.push(event) });
  assert.equal(
    await pool.value(sql`select indisvalid from pg_index where indexrelid = 'users_id_key'::regclass`),
    false,
  );
  await pool.execute(sql`delete from users`);
  await migrator.up();
  assert.equal(
    await pool.value(sql`select indisvalid from pg_index where indexrelid = 'users_id_key'::regclass`),
    true,
  );
  assert.ok(events.some((event) => event.type === "rebuild" && event.index === "public.users_id_key"));
});

test("Migrator runs SQL, steps and data of a file in TypeScript", needsFolder("primary"), async () => {
  await using database = await freshDatabase();
  await using folder = await migrationFolder({
    "20261123094500_add_users.ts": `
export function up(schema: { sql(text: string): void }) {
  schema.sql("create table users (id int)");
}
export function down(schema: { sql(text: string): void }) {
  schema.sql("drop table users");
}
// deno-lint-ignore no-explicit-any
export async function data(db: any, { sql }: any) {
  await db.execute(sql\`insert into users values (\${7})\`);
}
`,
  });
  await using pool = new Pool(database.url);
  const migrator = new Migrator(pool, { dir: folder.dir });
  await migrator.up();
  assert.equal(await pool.value(sql`select id from users`), 7);
  await migrator.down();
  assert.deepEqual(await columns(pool), []);
});

test(
  "Migrator applies what a schema builder says, and reverts it without being told how",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({
      "20261123094500_add_users.ts": `
// deno-lint-ignore no-explicit-any
export function up(schema: any, { column, index }: any) {
  schema.createTable("users", { id: column.integer().primaryKey(), email: column.text() }, {
    // deno-lint-ignore no-explicit-any
    indexes: ({ email }: any) => [index(email)],
  });
}
`,
    });
    await using pool = new Pool(database.url);
    const migrator = new Migrator(pool, { dir: folder.dir });
    await migrator.up();
    assert.deepEqual(await columns(pool), ["users.email", "users.id"]);
    await migrator.down();
    assert.deepEqual(await columns(pool), []);
  },
);

test(
  "Migrator runs a data function again that failed, and nothing before it",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({
      "20261123094500_fill.ts": `
export function up(schema: { sql(text: string): void }) {
  schema.sql("create table users (id int)");
}
// deno-lint-ignore no-explicit-any
export async function data(db: any, { sql }: any) {
  const before = await db.value(sql\`select count(*) from users\`);
  await db.execute(sql\`insert into users values (1)\`);
  if (before === 0n) throw new Error("no more paper");
}
`,
    });
    await using pool = new Pool(database.url);
    const migrator = new Migrator(pool, { dir: folder.dir });
    await assert.rejects(migrator.up(), /its data\(\) in .*_fill\.ts failed: no more paper; correct it/);
    const [{ condition, progress }] = await migrator.status();
    assert.deepEqual([condition, progress?.state, progress?.done], ["interrupted", "data", 1]);
    await migrator.up();
    assert.equal(await pool.value(sql`select count(*) from users`), 2n);
    assert.equal((await migrator.status())[0].condition, "applied");
  },
);

test(
  "Migrator ends a run whose signal aborts, and the next one goes on",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using folder = await migrationFolder({
      [USERS]: FILES[USERS],
      [NOTES]: "create table notes (id int); select pg_sleep(600);",
    });
    await using pool = new Pool(database.url);
    const abort = new AbortController();
    const up = new Migrator(pool, {
      dir: folder.dir,
      signal: abort.signal,
      onProgress: (event) =>
        event.type === "statement" && event.number === 2 && abort.abort(new Error("Ctrl-C")),
    }).up();
    await assert.rejects(up, /Ctrl-C/);
    await folder.write(NOTES, FILES[NOTES]);
    const migrator = new Migrator(pool, { dir: folder.dir });
    assert.deepEqual((await migrator.status()).map(({ condition }) => condition), ["applied", "pending"]);
    assert.equal((await migrator.up()).migrations.length, 1);
    assert.deepEqual(await columns(pool), ["notes.body", "notes.id", "users.id"]);
  },
);

test(
  "Migrator keeps the settings and the role of one migration from the next",
  needsFolder("primary"),
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    const role = `migration_role_${Math.random().toString(36).slice(2, 10)}`;
    await pool.execute(sql`create role ${sql.identifier(role)}`);
    try {
      await using folder = await migrationFolder({
        [USERS]:
          `create schema other; grant all on schema other to ${role}; set search_path = other; set role ${role}; create table users (id int);`,
        [NOTES]: "create table notes (id int);",
      });
      await migrate(pool, { dir: folder.dir });
      const owners = await pool.query(
        sql<{ name: string }>`select schemaname || '.' || tablename || ' ' || (tableowner = ${role}) as name
      from pg_tables where schemaname in ('public', 'other') order by 1`,
      );
      assert.deepEqual(owners.map(({ name }) => name), ["other.users true", "public.notes false"]);
      await pool.execute(sql`drop schema other cascade`);
    } finally {
      await pool.execute(sql`drop role ${sql.identifier(role)}`);
    }
  },
);

test(
  "migrate() refuses a pooler that gives out sessions by the transaction",
  needsFolder("primary", "pgbouncer"),
  async () => {
    await using folder = await migrationFolder({ [USERS]: "create table pooled_users (id int);" });
    await using pool = new Pool(server("pgbouncer").url);
    await assert.rejects(migrate(pool, { dir: folder.dir }), MigrationPoolerError);
  },
);

test("migrate() runs on an embedded database and on a pool of one connection, data functions too", {
  ...needsFolder("primary"),
  sanitize: false,
  timeout: 120_000,
}, async () => {
  await using folder = await migrationFolder({
    ...FILES,
    "20261123110000_fill.ts": `
export function up() {}
export async function data(db, { sql }) {
  await db.execute(sql\`insert into users (id) values (1000)\`);
  await db.transaction((tx) => tx.execute(sql\`insert into users (id) values (1001)\`));
}
`,
  });
  const filled = (pool: Pool): Promise<number> =>
    pool.value<number>(sql`select count(*)::int from users where id >= 1000`);
  await using database = await freshDatabase();
  await using single = new Pool({ url: database.url, max: 1 });
  await migrate(single, { dir: folder.dir });
  assert.deepEqual([await columns(single), await filled(single)], [ALL, 2]);
  await using embedded = new Pool({ url: "pglite:", acquireTimeout: 60_000 });
  await migrate(embedded, { dir: folder.dir });
  assert.deepEqual([await columns(embedded), await filled(embedded)], [ALL, 2]);
});
