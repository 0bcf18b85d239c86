/**
 * Every migration and backfill of docs/zero-downtime.md is run, in the order of the page, on a table with rows, while the
 * releases that run at that moment go on reading and writing; and the lint finds no danger in any.
 */
import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readCatalog } from "../../migrate/catalog/read_catalog.ts";
import { splitStatements } from "../../migrate/files/statement.ts";
import { lintStatements } from "../../migrate/lint/lint.ts";
import { Migrator } from "../../migrate/running/runner.ts";
import { backfill } from "../../migrate/seeding/backfill.ts";
import { backfillFiles } from "../../migrate/seeding/backfill_file.ts";
import { pause } from "../../pool/pause.ts";
import { Pool } from "../../pool/pool.ts";
import { sql } from "../../pool/sql/sql.ts";
import { test } from "../harness.ts";
import { migrationFolder, needsFolder } from "../migrate/running/migration_folder.ts";
import { freshDatabase } from "../services/client.ts";

const ROWS = 5_000;

const BEFORE = `
  create type role as enum ('member', 'admin');
  create table teams (id bigint generated always as identity primary key, name text not null);
  insert into teams (name) values ('one'), ('two');
  create table users (
    id bigint generated always as identity primary key, name text not null, email text, fax text not null,
    views integer not null default 0, age integer, bio text, team_id bigint, role role not null default 'member',
    created_at timestamptz not null default now()
  );
  insert into users (name, email, fax, views, age, bio, team_id)
    select 'user ' || n, case when n % 2 = 0 then n || '@example.org' end, 'fax', n, n % 50 - 1, 'bio ' || n, n % 3 + 1
    from generate_series(1, ${ROWS}) n;
  create table notes (id bigint generated always as identity primary key, body text not null);
  create table events (id bigint not null, user_id bigint, at timestamptz not null) partition by range (at);
  create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
`;

/** What releases do; `:n` is another number each time. */
const NAMED = [
  "insert into users (name, fax) values (':n', 'f')",
  "select name, fax from users where id = 1",
];
const WITHOUT_FAX = ["insert into users (name) values (':n')", "select name, plan from users where id = 1"];
const BOTH = [
  "insert into users (name, full_name) values (':n', ':n')",
  "select name, full_name from users where id = 1",
];
const FULL = ["insert into users (full_name) values (':n')", "select full_name from users where id = 1"];
const MAILED = [
  "insert into users (full_name, email, age, team_id) values (':n', ':n@example.net', 30, 1)",
  "update users set views = views + 1 where id = 1",
  "select full_name, email, views from users where id = 1",
  "insert into events values (:n, 1, '2026-06-01')",
];
const NOTES = [
  "insert into notes (body) values (':n')",
  "update notes set body = ':n' where id = 1",
  "select body from notes",
];
const BIO = [
  `with added as (insert into users (full_name, email, bio) values (':n', ':n@example.net', 'new') returning id, bio)
   insert into profiles select id, bio from added`,
];

/** Which releases run while a file does, by the file's name; each goes on until another does. */
const RUNNING: Readonly<Record<string, readonly string[]>> = {
  add_plan: NAMED,
  drop_fax: WITHOUT_FAX,
  "010_full_name": BOTH,
  contract_name: FULL,
  "020_email": MAILED,
  rename_notes: [...MAILED, ...NOTES],
  drop_notes: [...MAILED, ...NOTES.map((text) => text.replaceAll("notes", "messages"))],
  "050_profiles": [...MAILED, ...BIO],
  contract_bio: [
    ...MAILED,
    "insert into profiles select id, 'later' from users where email = ':n@example.net'",
  ],
};

interface PageFile {
  readonly folder: string;
  readonly file: string;
  readonly text: string;
}

/** The files of the page, in their order. */
async function pageFiles(): Promise<readonly PageFile[]> {
  const page = await readFile(new URL("../../docs/zero-downtime.md", import.meta.url), "utf8");
  const blocks = [...page.matchAll(/^```sql\n-- (migrations|backfills)\/(\S+)\n(.*?)^```/gms)];
  assert.equal(blocks.length, [...page.matchAll(/^```/gm)].length / 2, "every block is a file");
  return blocks.map(([, folder, file, text]) => ({ folder, file, text }));
}

let number = 0;

/** Has releases go on until something ends; returns how long they waited at most. */
async function whileRunning(
  pool: Pool,
  texts: readonly string[],
  work: () => Promise<unknown>,
): Promise<number> {
  let isDone = false;
  let longest = 0;
  const go = async (text: string): Promise<void> => {
    do {
      const started = performance.now();
      await pool.execute(sql.unsafe(text.replaceAll(":n", String(++number))));
      longest = Math.max(longest, performance.now() - started);
      await pause(10);
    } while (!isDone);
    await pool.execute(sql.unsafe(text.replaceAll(":n", String(++number))));
  };
  const all = Promise.all(texts.map(go));
  try {
    await Promise.race([work(), all]);
  } finally {
    isDone = true;
  }
  await all;
  return longest;
}

for (const [name, serverVersion] of [["primary", 18], ["pg15", 15]] as const) {
  test(`docs/zero-downtime.md does what it says while releases run (PostgreSQL ${serverVersion})`, {
    ...needsFolder(name),
    timeout: 180_000,
    once: true,
  }, async () => {
    await using database = await freshDatabase({ server: name });
    await using pool = new Pool({ url: database.url, max: 10 });
    for (const { text } of splitStatements(BEFORE)) await pool.execute(sql.unsafe(text));
    await using folder = await migrationFolder({});
    await using backfills = await migrationFolder({});
    const files = await pageFiles();
    let running: readonly string[] = [];
    let longest = 0;
    for (const { folder: kind, file, text } of files) {
      running = RUNNING[file.replace(/^\d{14}_|\.sql$/g, "").replace(/\.sql$/, "")] ?? running;
      if (kind === "backfills") {
        await backfills.write(file, text);
        const [filled] = await backfillFiles(backfills.dir);
        assert.ok(filled !== undefined);
        longest = Math.max(longest, await whileRunning(pool, running, () => backfill(pool, filled)));
        await rm(join(backfills.dir, file));
        continue;
      }
      const catalog = await readCatalog(pool);
      const transaction = !text.includes("-- transaction: off");
      const dangers = lintStatements(splitStatements(text), { serverVersion, catalog, transaction })
        .filter(({ severity, rule }) => severity === "danger" || rule === "ignore-not-understood");
      assert.deepEqual(dangers, [], file);
      await folder.write(file, text);
      const migrator = new Migrator(pool, { dir: folder.dir });
      longest = Math.max(
        longest,
        await whileRunning(
          pool,
          running,
          async () => assert.equal((await migrator.up()).migrations.length, 1, file),
        ),
      );
    }
    console.log(
      `${files.length} files; no statement of a release took longer than ${Math.round(longest)} ms`,
    );
    const filled = await pool.one(
      sql<{ named: bigint; mailed: bigint; orphans: bigint; profiles: bigint }>`
        select count(full_name) as named, count(email) as mailed,
          count(*) filter (where team_id not in (select id from teams)) as orphans,
          (select count(*) from profiles where bio = 'bio ' || user_id) as profiles
        from users where id <= ${ROWS}`,
    );
    const rows = BigInt(ROWS);
    assert.deepEqual({ ...filled }, { named: rows, mailed: rows, orphans: 0n, profiles: rows });
    const columns = await pool.query(
      sql<{ name: string; type: string; notNull: boolean }>`
        select attname::text as name, format_type(atttypid, atttypmod) as type, attnotnull as "notNull"
        from pg_attribute where attrelid = 'users'::regclass and attnum > 0 and not attisdropped order by attname`,
    );
    assert.deepEqual(
      columns.map(({ name, type, notNull }) => `${name} ${type}${notNull ? " not null" : ""}`),
      [
        "age integer",
        "created_at timestamp with time zone not null",
        "email text not null",
        "full_name text not null",
        "id bigint not null",
        "plan text not null",
        "role role not null",
        "team_id bigint",
        "views bigint not null",
      ],
    );
    assert.equal(await pool.value(sql`select views > 2 from users where id = 1`), true);
    assert.equal(await pool.value(sql`select count(*) from pg_index where not indisvalid`), 0n);
    assert.equal(await pool.value(sql`select count(*) from pg_constraint where not convalidated`), 0n);
  });
}
