/**
 * An example of each rule of the lint: SQL that it finds, and SQL for the same end that it does not.
 */

/** What the examples are about; it is there before each of them. */
export const BEFORE = `
  create type mood as enum ('sad', 'ok');
  create domain years as integer check (value >= 0);
  create table teams (
    id bigint generated always as identity primary key, name text constraint teams_named unique,
    size integer not null default 1
  );
  insert into teams (name) select 'team ' || n from generate_series(1, 10) n;
  create table users (
    id bigint generated always as identity primary key, name text, email varchar(50), age integer, team_id bigint,
    mood mood, total bigint generated always as (age * 2) stored, experience years
  );
  insert into users (name, age) select 'user ' || n, n from generate_series(1, 100) n;
  create index users_age on users (age);
  create materialized view counts as select age, count(*) from users group by age;
  create unique index counts_age on counts (age);
  create view grown as select id, age from users where age > 17;
  create function stamp() returns trigger language plpgsql as $$ begin return new; end $$;
  create table events (id bigint not null, at timestamptz not null) partition by range (at);
  create table events_1 partition of events for values from ('2020-01-01') to ('2021-01-01');
  create table events_2 (id bigint not null, at timestamptz not null);
  create schema old;
`;

/** An example of a rule. */
export interface Example {
  /** What it finds: the last of these statements. */
  readonly bad: string;
  /** What it does not. */
  readonly good: string;
  /** The table or view whose lock is meant. Default `users`. */
  readonly on?: string;
  /** Why it is not run in a transaction. */
  readonly outside?: string;
}

/** The examples, by rule. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  "table-dropped": {
    bad: "drop table users cascade",
    good: "create table t (id bigint); drop table t",
    outside: "it is gone then",
  },
  "column-dropped": {
    bad: "alter table users drop column name cascade",
    good: "alter table users add name_2 text",
  },
  "schema-dropped": { bad: "drop schema old cascade", good: "drop schema old" },
  "drop-cascades": {
    bad: "alter table users drop age cascade",
    good: "drop view grown; alter table users drop age",
  },
  "object-dropped": { bad: "drop view grown", good: "create view w as select 1 as n; drop view w" },
  "enum-label-removed": { bad: "", good: "alter type mood add value 'fine'" },
  "table-renamed": {
    bad: "alter table users rename to people",
    good: "create table p (id bigint); alter table p rename to q",
  },
  "column-renamed": {
    bad: "alter table users rename name to full_name",
    good: "alter table users rename constraint users_pkey to users_key",
  },
  "object-renamed": {
    bad: "alter type mood rename to feeling",
    good: "create domain d as integer; alter domain d rename to e",
  },
  "enum-label-renamed": {
    bad: "alter type mood rename value 'ok' to 'fine'",
    good: "alter type mood add value 'fine'",
  },
  "enum-label-used-at-once": {
    bad: "alter type mood add value 'fine'; alter table users alter mood set default 'fine'",
    good: "alter type mood add value 'fine'; alter table users alter mood set default 'ok'",
  },
  "trigger-changes": {
    bad: "create trigger stamped before insert on users for each row execute function stamp()",
    good:
      "create table t (id bigint); create trigger s before insert on t for each row execute function stamp()",
  },
  "row-security-changes": {
    bad: "alter table users enable row level security",
    good: "create table t (id bigint); alter table t enable row level security",
  },
  "constraint-dropped": {
    bad: "alter table teams drop constraint teams_named",
    good: "alter table teams drop constraint teams_named; alter table teams add unique (name)",
    on: "teams",
  },
  "default-dropped": {
    bad: "alter table teams alter size drop default",
    good: "alter table users add n integer not null default 0; alter table users alter n drop default",
    on: "teams",
  },
  "rights-removed": {
    bad: "revoke select on users from public",
    good: "create table t (id bigint primary key); revoke all on t from public",
  },
  "index-not-concurrently": {
    bad: "create index users_name on users (name)",
    good: "create index concurrently users_name on users (name)",
  },
  "drop-index-not-concurrently": { bad: "drop index users_age", good: "drop index concurrently users_age" },
  "reindex-not-concurrently": { bad: "reindex table users", good: "reindex table concurrently users" },
  "foreign-key-without-index": {
    bad: "alter table users add foreign key (team_id) references teams not valid",
    good:
      "create index on users (team_id, name); alter table users add foreign key (team_id) references teams not valid",
  },
  "foreign-key-validated": {
    bad: "alter table users add constraint team foreign key (team_id) references teams",
    good: "alter table users add constraint team foreign key (team_id) references teams not valid",
  },
  "check-validated": {
    bad: "alter table users add check (age > 0)",
    good: "alter table users add check (age > 0) not valid",
  },
  "validated-in-same-transaction": {
    bad:
      "alter table users add constraint grown check (age > 0) not valid; alter table users validate constraint grown",
    good: "alter table users add constraint grown check (age > 0) not valid",
  },
  "unique-builds-index": {
    bad: "alter table users add constraint once unique (name)",
    good:
      "create unique index concurrently once on users (name); alter table users add constraint once unique using index once",
  },
  "exclusion-builds-index": {
    bad: "alter table users add exclude using btree (age with =)",
    good: "create table t (id bigint, exclude using btree (id with =))",
  },
  "foreign-key-type": {
    bad: "alter table teams add foreign key (size) references users not valid",
    good: "alter table users add foreign key (team_id) references teams not valid",
  },
  "domain-checks-rows": {
    bad: "alter domain years add constraint young check (value < 200)",
    good: "alter domain years add constraint young check (value < 200) not valid",
  },
  "type-rewrites-table": {
    bad: "alter table teams alter size type bigint",
    good: "alter table users alter email type varchar(100)",
    on: "teams",
  },
  "type-narrows": {
    bad: "alter table users alter email type varchar(20)",
    good: "alter table users alter email type text",
  },
  "default-rewrites-table": {
    bad: "alter table users add token uuid default gen_random_uuid()",
    good: "alter table users add made timestamptz default now()",
  },
  "column-not-null-without-default": {
    bad: "alter table users add country text not null",
    good: "alter table users add country text not null default 'AT'",
  },
  "set-not-null": {
    bad: "alter table users alter name set not null",
    good: `alter table users add constraint named check (name is not null) not valid;
      alter table users validate constraint named; alter table users alter name set not null`,
  },
  "generated-rewrites-table": {
    bad: "alter table users alter total set expression as (age * 3)",
    good: "alter table users alter total drop expression",
  },
  "logged-rewrites-table": {
    bad: "alter table users set unlogged",
    good: "alter table users set (fillfactor = 70)",
  },
  "attach-checks-rows": {
    bad: "alter table events attach partition events_2 for values from ('2021-01-01') to ('2022-01-01')",
    good:
      "create table e (like events); alter table events attach partition e for values from ('2021-01-01') to ('2022-01-01')",
    on: "events_2",
  },
  "detach-not-concurrently": {
    bad: "alter table events detach partition events_1",
    good: "alter table events detach partition events_1 concurrently",
    on: "events",
  },
  "partition-locks-parent": {
    bad: "create table events_3 partition of events for values from ('2023-01-01') to ('2024-01-01')",
    good: "create table events_3 (like events)",
    on: "events",
  },
  "refresh-not-concurrently": {
    bad: "refresh materialized view counts",
    good: "refresh materialized view concurrently counts",
    on: "counts",
  },
  "table-rewritten": { bad: "cluster users using users_age", good: "vacuum users" },
  "lock-taken": { bad: "lock table users", good: "create table t (id bigint); lock table t" },
  "rows-removed": { bad: "truncate users", good: "delete from users where age < 0" },
  "all-rows-updated": { bad: "update users set age = 1", good: "update users set age = 1 where id < 1000" },
  "rows-changed-under-lock": {
    bad: "alter table users add country text; update users set country = 'AT' where id < 10",
    good: "update users set age = 1 where id < 10; alter table users add country text",
  },
  "block-not-read": { bad: "do $$ begin perform 1; end $$", good: "select 1" },
  "name-reserved": { bad: `create table "order" (id bigint)`, good: "create table orders (id bigint)" },
  "name-needs-quotes": {
    bad: `alter table users add "fullName" text`,
    good: "alter table users add full_name text",
  },
  "integer-key": {
    bad: "create table t (id serial primary key)",
    good: "create table t (id bigint generated always as identity primary key)",
  },
  "no-primary-key": {
    bad: "create table t (id bigint)",
    good: "create table t (id bigint, primary key (id)); create table u (like t including all)",
  },
  "char-column": { bad: "alter table users add sex char(1)", good: `alter table users add sex "char"` },
  "money-column": { bad: "alter table users add pay money", good: "alter table users add pay numeric" },
  "timestamp-without-time-zone": {
    bad: "alter table users add seen timestamp",
    good: "alter table users add seen timestamptz",
  },
  "json-column": { bad: "alter table users add data json", good: "alter table users add data jsonb" },
};
