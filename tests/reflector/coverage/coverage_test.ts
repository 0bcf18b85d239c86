import assert from "node:assert/strict";
import { Pool, sql } from "../../../mod.ts";
import { Coverage } from "../../../reflector/coverage/coverage.ts";
import { publicationSql } from "../../../reflector/install/publication.ts";
import { installTriggers } from "../../../reflector/install/triggers.ts";
import type { SourceKind } from "../../../reflector/mod.ts";
import { awakeTime } from "../../awake_time.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

const { signal } = new AbortController();

async function run(pool: Pool, script: string): Promise<void> {
  for (const statement of script.split(";")) {
    if (statement.trim() !== "") await pool.execute(sql.unsafe(statement));
  }
}

function read(pool: Pool, source: SourceKind, tables: readonly string[] = []): Promise<Coverage> {
  return Coverage.read(pool, { source, publication: "lifeguard", tables }, signal);
}

function reasons(coverage: Coverage): Record<string, string> {
  return Object.fromEntries(coverage.refused.map(({ name, reason }) => [name, reason]));
}

test(
  "Coverage names keys and lookups of tables with triggers, and why others are none",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    await run(
      pool,
      `create table users (id int8 primary key, email text unique, token numeric unique);
     create table posts (author int8 references users, at text, title varchar(10), primary key (author, at), unique (title, author));
     create view names as select email from users; create table bare (id int primary key)`,
    );
    await installTriggers(pool, { tables: ["users", "posts"] });
    const coverage = await read(pool, "notify", ["names", "bare", "absent"]);
    assert.deepEqual(coverage.tables, [
      {
        name: "public.posts",
        key: ["author", "at"],
        keyTypes: ["int8", "text"],
        lookups: [["author"], ["title", "author"]],
      },
      { name: "public.users", key: ["id"], keyTypes: ["int8"], lookups: [["email"]] },
    ]);
    const { "public.names": view, "public.bare": bare, absent } = reasons(coverage);
    assert.match(absent, /it does not exist/);
    assert.match(view, /it is a view/);
    assert.match(bare, /the trigger for insert is missing/);
    assert.deepEqual(JSON.parse(coverage.text).tables, coverage.tables);
    assert.equal((await read(pool, "notify", ["names", "bare", "absent"])).hash, coverage.hash);
  },
);

test("Coverage refuses triggers that do not do what they should", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  const tables = ["off", "half", "gone", "renamed", "rekeyed", "hidden"];
  await run(
    pool,
    tables.map((table) => `create table ${table} (id int primary key, other int not null)`).join(";"),
  );
  await installTriggers(pool, { tables });
  await run(
    pool,
    `alter table off disable trigger lifeguard_delete; alter table half enable trigger lifeguard_insert;
     drop trigger lifeguard_truncate on gone; alter table renamed rename to other;
     alter table rekeyed drop constraint rekeyed_pkey, add primary key (other);
     alter table hidden enable row level security`,
  );
  const coverage = await read(pool, "notify");
  assert.deepEqual(coverage.tables, []);
  const found = reasons(coverage);
  const expected: Record<string, RegExp> = {
    off: /for delete is not enabled always/,
    half: /for insert is not enabled always/,
    gone: /for truncate is missing/,
    other: /were installed for "public\.renamed"/,
    rekeyed: /its primary key has changed/,
    hidden: /row-level security/,
  };
  for (const [table, reason] of Object.entries(expected)) assert.match(found[`public.${table}`], reason);
});

test("Coverage of a publication needs all of a table in the log", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  await run(
    pool,
    `create table plain (id int primary key, email text unique);
     create table whole (id int primary key, email text unique); alter table whole replica identity full;
     create unlogged table light (id int primary key); create table silent (id int primary key);
     create table filtered (id int primary key); create table keyless (id int)`,
  );
  const tables = ["plain", "whole", "silent", "keyless"].map((table) => ({ schema: "public", table }));
  await pool.execute(sql.unsafe(publicationSql(tables.slice(0, 3))));
  await run(
    pool,
    `alter table silent replica identity nothing; alter publication lifeguard add table filtered where (id > 1)`,
  );
  const coverage = await read(pool, "logical", ["light", "keyless"]);
  assert.deepEqual(coverage.tables.map(({ name, lookups }) => [name, lookups]), [
    ["public.plain", []],
    ["public.whole", [["email"]]],
  ]);
  const found = reasons(coverage);
  assert.match(found["public.light"], /unlogged/);
  assert.match(found["public.silent"], /replica identity/);
  assert.match(found["public.filtered"], /leaves out rows/);
  assert.match(found["public.keyless"], /no primary key/);
});

test("Coverage.probe() notices what changes a table, and nothing else", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  await run(
    pool,
    `create type mood as enum ('a', 'b'); create type place as (name text, moods mood[]); create domain home as place;
     create table users (id int primary key, home home, mood mood); create table others (id int primary key);
     create table events (id int primary key) partition by range (id);
     create table events_1 partition of events for values from (0) to (10)`,
  );
  await installTriggers(pool, { tables: ["users", "others", "events"] });
  let coverage = await read(pool, "notify");
  const quiet = [
    `insert into users values (1)`,
    `create table unrelated (id int primary key)`,
    `analyze users`,
    `create index on users (mood)`,
    `vacuum users`,
  ];
  for (const statement of quiet) {
    await pool.execute(sql.unsafe(statement));
    assert.equal(await coverage.probe(pool, signal), undefined, statement);
  }
  await installTriggers(pool, { tables: ["users", "others", "events"] });
  assert.equal(await coverage.probe(pool, signal), undefined, "triggers that were there");
  const loud: readonly (readonly [string, readonly string[]])[] = [
    [`alter table users add column age int default 5`, ["users"]],
    [`alter table users alter column age type bigint`, ["users"]],
    [`alter table users rename column age to years`, ["users"]],
    [`alter table users drop column years`, ["users"]],
    [`alter type mood rename value 'a' to 'c'`, ["users"]],
    [`alter type place add attribute age int`, ["users"]],
    [`create policy p on users using (true)`, ["users"]],
    [`alter policy p on users using (false)`, ["users"]],
    [`alter table users enable row level security`, ["users"]],
    [`truncate others`, ["others"]],
    [`vacuum full others`, ["others"]],
    [`alter table others disable trigger lifeguard_insert`, ["others"]],
    [`create table events_2 partition of events for values from (10) to (20)`, ["events"]],
    [`truncate events_1`, ["events"]],
    [
      `do $$ begin alter table events detach partition events_1;
        alter table events attach partition events_1 for values from (0) to (10); end $$`,
      ["events"],
    ],
    [`alter table events detach partition events_1`, ["events", "events_1"]],
    [`alter table others rename to theirs`, ["others", "theirs"]],
    [`drop table theirs`, ["theirs"]],
  ];
  for (const [statement, tables] of loud) {
    await pool.execute(sql.unsafe(statement));
    const probe = await coverage.probe(pool, signal);
    assert.deepEqual([...probe?.changed ?? []].sort(), tables.map((table) => `public.${table}`), statement);
    coverage = probe!.coverage;
    assert.equal(await coverage.probe(pool, signal), undefined, `${statement}, once`);
  }
});

test("Coverage.probe() of a hundred tables takes milliseconds", needs("primary"), async () => {
  await using database = await freshDatabase();
  await using pool = new Pool(database.url);
  const tables = Array.from({ length: 100 }, (_, index) => `table_${index}`);
  for (const table of tables) {
    await pool.execute(
      sql.unsafe(`create table ${table} (id int primary key, a text unique, b int, c int, d int)`),
    );
  }
  await installTriggers(pool, { tables });
  const coverage = await read(pool, "notify");
  assert.equal(coverage.tables.length, 100);
  await coverage.probe(pool, signal);
  const started = awakeTime();
  for (let round = 0; round < 10; round++) assert.equal(await coverage.probe(pool, signal), undefined);
  const each = (awakeTime() - started) / 10;
  console.log(`a probe of 100 tables took ${each.toFixed(1)} ms`);
  assert.ok(each < 250, `${each} ms`);
});
