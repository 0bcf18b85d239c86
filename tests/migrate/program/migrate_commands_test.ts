/** `lifeguard migrate …` as its users run it: a process of its own in a project's folder, on a real database. */
import assert from "node:assert/strict";
import process from "node:process";
import { diffCatalogs, readCatalog, splitStatements } from "../../../migrate/mod.ts";
import { sql } from "../../../mod.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { LIFEGUARD_KINDS, makeProject, type Project } from "./project.ts";

async function writeTwo(project: Project): Promise<void> {
  await project.write(
    "migrations/20260101000000_users.sql",
    "-- up\ncreate table users (id int primary key);\ninsert into users values (1);\n-- down\ndrop table users;\n",
  );
  await project.write(
    "migrations/20260102000000_emails.ts",
    "export function up(schema) { schema.sql('alter table users add email text'); }\n" +
      "export function down(schema) { schema.sql('alter table users drop email'); }\n",
  );
}

const columns = async (project: Project): Promise<string[]> =>
  (await project.pool.query<{ name: string }>(
    sql<{ name: string }>`select attname::text as name from pg_attribute
      where attrelid = to_regclass('users') and attnum > 0 and not attisdropped order by attnum`,
  )).map(({ name }) => name);

for (const kind of LIFEGUARD_KINDS) {
  const options = { ignore: kind.ignore ?? needs("primary").ignore, timeout: 120_000, once: true };

  test(`lifeguard migrate, ${kind.name}, goes up and down, and says where it is`, options, async () => {
    await using program = await kind.make();
    await using project = await makeProject(program);
    const none = await project.lifeguard("migrate", "status");
    assert.equal(none.code, 1);
    assert.match(
      none.err,
      /no such folder; make it, or name another; lifeguard migrate new makes it, --dir names/,
    );
    assert.match(
      (await project.lifeguard("migrate", "info")).out,
      /migrations +migrations: there is no such folder/,
    );
    await writeTwo(project);

    const status = await project.lifeguard("migrate", "status");
    assert.deepEqual([status.code, status.err], [1, ""]);
    assert.match(
      status.out,
      /pending {2}20260101000000_users\npending {2}20260102000000_emails\n2 migrations: 2 pending\n/,
    );

    const dry = await project.lifeguard("migrate", "up", "--dry-run");
    assert.equal(dry.code, 0);
    assert.match(dry.out, /begin;\ncreate table users \(id int primary key\);/);
    assert.deepEqual(await columns(project), []);

    const up = await project.lifeguard("migrate", "up", "--steps", "1");
    assert.deepEqual([up.code, up.err], [0, ""]);
    assert.match(up.out, /^applied {2}20260101000000_users {2}\d+ ms\n1 migration in \d+ ms\n$/);
    const rest = await project.json("migrate", "up");
    assert.deepEqual([rest.code, rest.document.command, rest.document.ok], [0, "migrate up", true]);
    assert.deepEqual(rest.document.migrations.map(({ version }: { version: string }) => version), [
      "20260102000000",
    ]);
    assert.deepEqual(await columns(project), ["id", "email"]);
    assert.equal((await project.lifeguard("migrate", "up")).out, "Everything is applied already\n");
    const all = await project.json("migrate", "status");
    assert.deepEqual([all.code, all.document.migrations.length, all.document.ok], [0, 2, true]);

    const refused = await project.lifeguard("migrate", "down");
    assert.equal(refused.code, 1);
    assert.match(refused.err, /^Cannot take migrations back: 20260102000000_emails .*; say --yes\n$/);
    assert.deepEqual(await columns(project), ["id", "email"]);
    const down = await project.lifeguard("migrate", "down", "--yes");
    assert.match(down.out, /^taken back {2}20260102000000_emails/);
    assert.deepEqual(await columns(project), ["id"]);
    assert.equal((await project.lifeguard("migrate", "redo", "-y")).code, 0);
    assert.equal((await project.lifeguard("migrate", "up", "--to", "20260102000000_emails.ts")).code, 0);
    const reset = await project.json("migrate", "reset", "--yes");
    assert.deepEqual([reset.code, reset.document.migrations.length], [0, 2]);
    assert.deepEqual(await columns(project), []);
  });
}

const [, deno] = LIFEGUARD_KINDS;
const options = { ignore: deno.ignore ?? needs("primary").ignore, timeout: 120_000, once: true };

test(
  "lifeguard migrate new makes files that run, in order, and refuses names that are none",
  options,
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    const first = await project.json("migrate", "new", "Add users");
    const second = await project.json("migrate", "new", "more", "--type", "ts");
    assert.deepEqual(await project.files("migrations"), [
      `${first.document.version}_add_users.sql`,
      `${second.document.version}_more.ts`,
    ]);
    const unfilled = await project.lifeguard("migrate", "up");
    assert.equal(unfilled.code, 1);
    assert.match(unfilled.err, /_add_users\.sql": it does nothing yet; write what it does below "-- up"/);
    await project.write(first.document.path, "-- up\ncreate table users (id int);\n\n-- down\n\n");
    await project.write(
      second.document.path,
      (await project.read(second.document.path)).replace("// schema", "schema").replace('"users"', '"more"'),
    );
    const both = await project.json("migrate", "up");
    assert.deepEqual([both.code, both.document.migrations.length], [0, 2]);
    assert.equal((await project.lifeguard("migrate", "down", "--yes")).code, 0);
    assert.equal(await project.pool.value(sql`select to_regclass('more')::text`), null);
    const stays = await project.lifeguard("migrate", "down", "--yes");
    assert.deepEqual([stays.code, /has no way down; write what undoes it/.test(stays.err)], [1, true]);
    const bad = await project.lifeguard("migrate", "new", "a/b");
    assert.deepEqual([bad.code, bad.out], [2, ""]);
    assert.match(bad.err, /Cannot name a migration "a\/b": it is no name/);
    assert.match((await project.lifeguard("migrate", "new", "x", "--type", "js")).err, /give "sql" or "ts"/);
  },
);

test(
  "lifeguard migrate says what failed, where, and how far it came; a changed file is refused",
  options,
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    await writeTwo(project);
    await project.write(
      "migrations/20260103000000_bad.sql",
      "-- up\nalter table users add n int;\nalter table nothing add m int;\n",
    );
    const failed = await project.lifeguard("migrate", "up");
    assert.equal(failed.code, 1);
    assert.match(failed.err, /20260103000000_bad[\s\S]*nothing/);
    assert.match(
      failed.out,
      /^applied {2}20260101000000_users .*\napplied {2}20260102000000_emails .*\n2 migrations in/,
    );
    assert.deepEqual(await columns(project), ["id", "email"]);
    const document = await project.json("migrate", "up");
    assert.deepEqual([document.code, document.document.ok], [1, false]);
    assert.deepEqual([document.document.dryRun, document.document.migrations], [false, []]);
    assert.match(document.document.error.message, /"?nothing"? does not exist/);

    await project.write(
      "migrations/20260101000000_users.sql",
      "-- up\ncreate table users (id bigint primary key);\n",
    );
    const changed = await project.json("migrate", "validate");
    assert.deepEqual([changed.code, changed.document.problems[0].code], [1, "MIGRATION_CHANGED"]);
    const again = await project.lifeguard("migrate", "up");
    assert.equal(again.code, 1);
    assert.match(again.err, /"20260101000000_users" changed since it was applied/);
  },
);

test(
  "lifeguard migrate up --dry-run prints what up runs: elsewhere run by itself, it makes the same",
  options,
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    await writeTwo(project);
    await project.write(
      "migrations/20260103000000_apart.sql",
      "-- up\ncreate type mood as enum ('so');\nalter type mood add value 'ça; va';\n" +
        "create index concurrently users_email on users (email);\n" +
        "create function two() returns int language sql begin atomic select 1; select 2; end;\n" +
        "alter table users add mood mood default 'ça; va';\n",
    );
    await project.write(
      "migrations/20260104000000_each.sql",
      "-- transaction: off\n-- up\ncreate table notes (id int);\nvacuum notes;\ncomment on table notes is 'it''s; done';\n",
    );
    const { document } = await project.json("migrate", "up", "--dry-run");
    assert.deepEqual(await columns(project), []);
    await using other = await makeProject(program);
    const connection = await other.pool.reserve();
    for (const { text } of splitStatements(document.sql)) await connection.execute(sql.unsafe(text));
    await connection.release();
    const up = await project.lifeguard("migrate", "up");
    assert.equal(up.code, 0, up.err);
    const [made, printed] = await Promise.all([readCatalog(project.pool), readCatalog(other.pool)]);
    assert.ok(made.objects.size > 4);
    assert.deepEqual(diffCatalogs(printed, made, { unknown: "drop" }).steps, []);
    const nothing = await project.lifeguard("migrate", "up", "--dry-run");
    assert.deepEqual([nothing.code, nothing.out], [0, "-- nothing to do\n"]);
  },
);

test(
  "lifeguard migrate baseline marks what is there; info says what the program knows",
  options,
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    await project.pool.execute(sql`create table users (id int primary key)`);
    await writeTwo(project);
    assert.equal(
      (await project.json("migrate", "baseline", "20260101000000", "--dry-run")).document.migrations.length,
      1,
    );
    const marked = await project.lifeguard("migrate", "baseline", "20260101000000");
    assert.equal(marked.out, "marked  20260101000000_users\n");
    assert.equal((await project.lifeguard("migrate", "up")).code, 0);
    assert.deepEqual(await columns(project), ["id", "email"]);
    const info = await project.json("migrate", "info");
    assert.deepEqual([info.code, info.document.migrations.applied, info.document.lockOwner], [0, 2, null]);
    assert.equal(info.document.database.namedBy, "DATABASE_URL");
    assert.match(
      (await project.lifeguard("migrate", "info")).out,
      /^named by +DATABASE_URL\nserver +PostgreSQL \d+/m,
    );
  },
);

test(
  "lifeguard prints one JSON document for every command where nothing is, and for every misuse",
  // More than twenty runs, each a process.
  { ...options, timeout: 360_000 },
  async () => {
    await using program = await deno.make();
    await using project = await makeProject(program);
    const commands: readonly (readonly [code: number, ...words: string[]])[] = [
      [1, "migrate", "up"],
      [1, "migrate", "down", "--yes"],
      [1, "migrate", "redo"],
      [1, "migrate", "reset", "--dry-run"],
      [1, "migrate", "status"],
      [1, "migrate", "validate"],
      [0, "migrate", "info"],
      [1, "migrate", "baseline"],
      [1, "migrate", "lint"],
      [1, "diff"],
      [0, "compare"],
      [0, "infer"],
      [1, "seed"],
      [1, "data", "--status"],
      [2, "migrat", "up"],
      [2, "migrate"],
      [2],
      [2, "dev", "--interval", "1ms"],
      [2, "infer", "--watch"],
      [2, "migrate", "up", "--to", "never"],
      [2, "diff", "--unknown", "perhaps"],
      [0, "migrate", "new", "users"],
    ];
    for (const [expected, ...words] of commands) {
      const { code, document } = await project.json(...words);
      const said = `${words.join(" ")}: ${JSON.stringify(document)}`;
      assert.deepEqual([code, document.ok], [expected, expected === 0], said);
      const isParsed = !["migrat"].includes(words[0]) && words.length > 0 && words.join() !== "migrate";
      if (isParsed) {
        assert.equal(document.command, words.slice(0, words[0] === "migrate" ? 2 : 1).join(" "), said);
      }
      assert.equal(document.error === undefined, expected === 0, said);
      if (expected > 0) assert.ok(document.error.name.length > 0 && document.error.message.length > 0, said);
    }
  },
);

test("lifeguard never prints a password, and says what to do where there is no server", options, async () => {
  await using program = await deno.make();
  await using project = await makeProject(program);
  await writeTwo(project);
  const url = "postgres://ada:s3cr%21et-word@127.0.0.1:9/shop";
  const runs = [[], ["--json"]].map((more) =>
    project.lifeguard("migrate", "up", "--database-url", url, ...more)
  );
  for (const { code, out, err } of await Promise.all(runs)) {
    assert.equal(code, 1);
    assert.match(err, /127\.0\.0\.1:9.*; the database is named by --database-url\n$/);
    assert.doesNotMatch(out + err, /s3cr/);
  }
  const odd = await project.lifeguard(
    "migrate",
    "up",
    "--database-url",
    "postgres://ada:s3cr!et@db/x?sslmod=1",
  );
  assert.equal(odd.code, 2);
  assert.match(odd.err, /did you mean "sslmode".*; the database is named by --database-url\n$/);
  assert.doesNotMatch(odd.out + odd.err, /s3cr/);
});

test("lifeguard ended by SIGINT leaves a state from which the next run goes on", options, async () => {
  await using program = await deno.make();
  await using project = await makeProject(program);
  await project.write(
    "migrations/20260101000000_slow.sql",
    "-- transaction: off\n-- up\ncreate table one (a int);\nselect pg_sleep(max(s)) from seconds;\ncreate table two (a int);\n",
  );
  await project.pool.execute(sql`create table seconds as select 60 as s`);
  const { child, ended } = project.start("migrate", "up");
  for (let looks = 0; looks < 300; looks++) {
    const sleeps = await project.pool.value<boolean>(
      sql`select exists (select from pg_stat_activity where datname = current_database() and state = 'active'
        and query like 'select pg_sleep%' and pid <> pg_backend_pid())`,
    );
    if (sleeps) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // Deno's child.kill() would tell the signal as the end, whatever the program made of it.
  process.kill(child.pid!, "SIGINT");
  const { code, err } = await ended;
  assert.equal(code, 1, err);
  assert.match(err, /SIGINT/);
  assert.equal(await project.pool.value(sql`select to_regclass('one') is not null`), true);
  const status = await project.json("migrate", "status");
  assert.equal(status.document.migrations[0].condition, "interrupted");
  await project.pool.execute(sql`update seconds set s = 0`);
  const next = await project.lifeguard("migrate", "up", "--interrupted", "done");
  assert.equal(next.code, 0, next.err);
  assert.equal(await project.pool.value(sql`select to_regclass('two') is not null`), true);
});
