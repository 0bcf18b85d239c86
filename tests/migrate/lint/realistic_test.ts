/**
 * Migrations as people write them: dangerous ones, after the lists of strong_migrations, squawk, eugene and Atlas, and
 * safe ones that look alike. Each says what is found, which for a safe one is nothing.
 */
import assert from "node:assert/strict";
import { makeCatalog } from "../../../migrate/catalog/object_key.ts";
import { splitStatements } from "../../../migrate/files/statement.ts";
import { lintStatements } from "../../../migrate/lint/lint.ts";
import { test } from "../../harness.ts";

const DANGEROUS: readonly (readonly [text: string, ...rules: string[]])[] = [
  ["alter table users drop column name", "column-dropped"],
  ["alter table if exists only users drop if exists name", "column-dropped"],
  ["/* a */ alter /* b */ table users -- c\n drop column a", "column-dropped"],
  [`alter table "App"."Users" drop column "Name", drop column "Age"`, "column-dropped", "column-dropped"],
  ["drop table if exists users; create table users (id bigint primary key)", "table-dropped"],
  ["drop foreign table prices", "table-dropped"],
  ["alter view grown rename column a to b", "column-renamed"],
  ["alter schema app rename to shop", "object-renamed"],
  ["alter function price(integer) rename to cost", "object-renamed"],
  ["alter domain email set schema app", "object-renamed"],
  ["drop server archive cascade", "drop-cascades", "object-dropped"],
  ["drop aggregate total(integer)", "object-dropped"],
  ["drop procedure old_one(), older_one(text)", "object-dropped", "object-dropped"],
  ["drop owned by app", "schema-dropped"],
  ["drop database shop", "schema-dropped"],
  ["revoke select on users from app", "rights-removed"],
  ["drop role if exists app", "rights-removed"],
  ["alter table users alter column id drop identity", "default-dropped"],
  ["alter table users alter column plan drop default", "default-dropped"],
  ["alter policy own on notes using (true)", "row-security-changes"],
  ["truncate logs, users cascade", "rows-removed", "rows-removed"],
  ["with gone as (delete from users returning *) insert into archive select * from gone", "rows-removed"],
  ["with x as not materialized (select 1) delete from users", "rows-removed"],
  ["update users set plan = 'free' where true", "all-rows-updated"],
  ["with x (n) as (select 1) update users u set plan = 'free'", "all-rows-updated"],
  [
    "alter table users add column plan text; update users set plan = 'free' where plan is null",
    "all-rows-updated",
    "rows-changed-under-lock",
  ],
  [
    "alter table users add plan text; update users set plan = 'free' where id < 100",
    "rows-changed-under-lock",
  ],
  ["lock table users; alter table users add note text", "lock-taken"],
  [
    "alter table users drop constraint users_check; insert into archive select * from users",
    "rows-changed-under-lock",
  ],
  ["do $$ begin execute 'drop table users'; end $$", "block-not-read"],
  ["call move_everything()", "block-not-read"],
  ["alter domain email add constraint mail check (value like '%@%')", "domain-checks-rows"],
  ["alter domain email set not null", "domain-checks-rows"],
  ["alter index users_name set tablespace fast", "table-rewritten"],
  ["alter materialized view counts set tablespace fast", "table-rewritten"],
  ["alter table users add column code text unique", "unique-builds-index"],
  [
    "alter table users add column uid uuid default gen_random_uuid() primary key",
    "default-rewrites-table",
    "unique-builds-index",
  ],
  ["alter table users add column n bigserial", "default-rewrites-table"],
  ["alter table users add column n int; alter table users alter n set not null", "set-not-null"],
  [
    "create table if not exists users (id bigint primary key); create index on users (id)",
    "index-not-concurrently",
  ],
  ["create table rooms (name text)", "no-primary-key"],
  [
    `create table teams (id bigint primary key);
     create table members (id bigint primary key, team_id integer references teams);
     create index on members (team_id)`,
    "foreign-key-type",
  ],
  ["alter table users add column sex char(1)", "char-column"],
  ["create table bills (id bigint primary key, sum money)", "money-column"],
];

const SAFE: readonly string[] = [
  "alter table users add column nick text",
  "alter table users add column active boolean not null default false",
  "alter table users add column at timestamptz not null default now()",
  "alter table users add column at timestamptz not null default pg_catalog.now()",
  "alter table users add column d jsonb not null default '{}'::jsonb",
  "alter table users add column tags text[] not null default array[]::text[]",
  "alter table users add column m app.mood not null default 'ok'::app.mood",
  "alter table users add column m numeric(10,2) not null default -1.50",
  "alter table users add column m interval default interval '1 day'",
  "alter table users add column n int generated always as (a * 2) virtual",
  "create type m2 as enum ('a'); create table t (id bigint primary key, m m2 not null default 'a')",
  `create table posts (
     id bigint generated always as identity primary key,
     user_id bigint not null references users on delete cascade
   );
   create index on posts (user_id)`,
  "create table m (a bigint references users, b bigint references teams, primary key (a, b)); create index on m (b)",
  `create unique index concurrently users_email on users (email);
   alter table users add constraint users_email unique using index users_email`,
  "drop view v; create view v as select 1 as a",
  "drop function f(int); create function f(a int) returns int language sql as $$ select 1 $$",
  "create or replace function f() returns int language sql as $$ update users set a = 1; select 1 $$",
  "create procedure p() language sql begin atomic update users set a = 1; end",
  `create table users_new (like users including all); insert into users_new select * from users;
   alter table users rename to users_old; alter table users_new rename to users`,
  "create temp table x as select * from users; update x set a = 1; truncate x; drop table x",
  `create table ev (id bigint, at date, primary key (id, at)) partition by range (at);
   create table ev1 partition of ev for values from ('2020-01-01') to ('2021-01-01');
   create index on ev (at)`,
  "alter table events detach partition e concurrently; alter table events detach partition e finalize",
  "comment on column users.a is 'x; drop table y'",
  "insert into countries (code) values ('AT'), ('NO') on conflict do nothing",
  "alter table users add n int; insert into countries (code) values ('AT')",
  "update users set a = 1 where id = 1",
  "update users set a = teams.a from teams where users.team_id = teams.id",
  "delete from users using gone where users.id = gone.id",
  "alter type mood add value if not exists 'fine' after 'ok'",
  "alter table users alter column a set default gen_random_uuid()",
  "alter table users add constraint c check (a > 0) not enforced",
  "alter table users add column b int check (b > 0) not enforced",
  "alter table users add constraint n not null name not valid",
  "alter table users add a int not null default 0; alter table users alter column a drop default",
  "create schema app; create table app.t (id bigint primary key); create index on app.t (id); drop schema app cascade",
  "create function f() returns int language sql as $$ select 1 $$; revoke all on function f() from public",
  "create domain d as text; alter domain d add check (value <> ''); alter domain d rename to e",
  "alter domain email add constraint mail check (value like '%@%') not valid",
  "alter table users drop constraint users_plan_check",
  "alter type mood rename to mood_old; create type mood as enum ('a'); alter table t add m mood",
  "create table t (id bigint primary key); alter table t enable row level security; create policy p on t using (true)",
  "create materialized view mv as select 1 as id; create unique index on mv (id); refresh materialized view mv",
  "create statistics s on a, b from users; create publication p for table users; grant select on users to app",
];

// A database in which nothing but the table of `if not exists` is known.
const CATALOG = makeCatalog([
  { kind: "table", schema: "public", name: "users", columns: [], parameters: {}, dependsOn: [] },
], 18);

function found(text: string): readonly string[] {
  return lintStatements(splitStatements(text), { serverVersion: 18, catalog: CATALOG }).map(({ rule }) =>
    rule
  );
}

test("lintStatements() finds what is dangerous in migrations as people write them", () => {
  const missed = DANGEROUS.flatMap(([text, ...rules]) => {
    const got = found(text);
    return rules.join() === got.join() ? [] : [{ text, rules, got }];
  });
  assert.deepEqual(missed, []);
  console.log(`${DANGEROUS.length} dangerous migrations`);
});

test("lintStatements() finds nothing in safe migrations that look alike", () => {
  const wrong = SAFE.map((text) => ({ text, got: found(text) })).filter(({ got }) => got.length > 0);
  assert.deepEqual(wrong, []);
  console.log(`${SAFE.length} safe migrations`);
});
