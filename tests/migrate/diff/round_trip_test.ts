import assert from "node:assert/strict";
import type { Rename } from "../../../migrate/diff/diff.ts";
import { Pool } from "../../../pool/pool.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { travel } from "../random_schema/round_trip.ts";

/** Two schemas between which something was wrong once. */
interface Case {
  readonly what: string;
  readonly from: string;
  readonly to: string;
  readonly renames?: readonly Rename[];
  /** The first major version that has what it is about. */
  readonly since?: number;
}

/** What stands on an enum: nothing of it may be in the way when a label goes again. */
const ON_MOOD = `
  create table t (id integer primary key, m mood default 'low', ms mood[], check (m <> 'high'));
  create index on t (id) where m = 'low';
  create index on t (m);
  create view v as select id from t where m = 'low';
  create materialized view w as select m from v join t using (id);
  create policy p on t using (m = 'high');
  create function f(m mood) returns mood language sql begin atomic select m; end;
  create function touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger g before update of m on t for each row when (new.m = 'low') execute function touch();
  create rule quiet as on delete to t where old.m = 'low' do instead nothing;
  create domain feeling as mood check (value <> 'high');
  create type pair as (a mood, b integer)`;

const CASES: readonly Case[] = [
  {
    what: "takes a label away again from an enum that everything uses",
    from: `create type mood as enum ('low', 'high'); ${ON_MOOD}`,
    to: `create type mood as enum ('low', 'mid', 'high'); ${ON_MOOD}`,
  },
  {
    what: "adds labels, uses them, and takes them away",
    from: "create type mood as enum ('a'); create type other as enum ('b', 'c'); " +
      "create table t (id integer, m other default 'b')",
    to: "create type mood as enum ('a', 'b', 'c'); create type other as enum ('b', 'c'); " +
      "create table t (id integer, m mood default 'c'); create view v as select id from t where m = 'b'",
  },
  {
    what: "lets a column leave an enum that is made anew",
    from: "create type mood as enum ('1', '2'); create table t (id integer, m mood, n mood default '1')",
    to: "create type mood as enum ('2', '3'); create table t (id integer, m text, n integer)",
  },
  {
    what: "takes statistics for the same that list columns as another table order has them",
    from: "create table t (id integer, a integer); create statistics s on id, (a + 1) from t",
    to: "create table t (b integer, id integer, a integer); create statistics s on b, id from t",
  },
  {
    what: "changes and adds columns of partitions of partitions once",
    from: "create table t (id integer, a boolean default true) partition by range (id); " +
      "create table p partition of t for values from (0) to (99) partition by hash (id); " +
      "create table q partition of p for values with (modulus 1, remainder 0)",
    to: "create table t (id integer, a integer default 42, b text default 'x') partition by range (id); " +
      "create table p partition of t for values from (0) to (99) partition by hash (id); " +
      "create table q partition of p for values with (modulus 1, remainder 0)",
  },
  {
    what: "keeps a child's own default when its parent's goes and comes back",
    from: "create function f(a integer) returns integer language sql immutable as 'select a'; " +
      "create table t (id integer default f(4)); create table c (x text) inherits (t); " +
      "create table d (id integer default 9) inherits (c)",
    to: "create function f(b integer) returns integer language sql immutable as 'select b'; " +
      "create table t (id integer default f(4)); create table c (x text) inherits (t); " +
      "create table d (id integer default 9) inherits (c)",
  },
  {
    what: "makes a virtual column anew where there are checks",
    from: "create table t (id integer check (id > 0), v integer generated always as (id * 2) virtual)",
    to: "create table t (id integer check (id > 0), v integer generated always as (id * 3) virtual)",
    since: 18,
  },
  {
    what: "computes a column again that had become an ordinary one",
    from: "create table t (id integer, v double precision generated always as (id / 2.0) stored); " +
      "create index on t (v); create view w as select v from t",
    to:
      "create table t (id integer, v integer default 4); create index on t (v); create view w as select v from t",
  },
  {
    what: "lets counters count in other ranges",
    from:
      "create table t (id integer generated always as identity, n bigint generated always as identity); " +
      "create sequence s; create sequence r increment -1",
    to: "create table t (id integer generated always as identity (increment -2), " +
      "n smallint generated always as identity (minvalue 5 start 7)); " +
      "create sequence s cycle; create sequence r",
  },
  {
    what: "creates an extension before a column becomes its type",
    from: "create table t (id integer, a text)",
    to: "create extension citext schema public; create table t (id integer, a citext)",
  },
  {
    what: "renames tables with quotes in their names, with their serials, names of NOT NULL and rules",
    from: "create table users (id serial, a integer not null); " +
      "create rule quiet as on delete to users where old.id = -1 do instead nothing",
    to: `create table "user's" (id serial, b integer); ` +
      `create rule quiet as on delete to "user's" where old.id = -1 do instead nothing`,
    renames: [
      { kind: "column", key: "column:public.users.a", to: "b" },
      { kind: "table", key: "table:public.users", to: "user's" },
    ],
  },
  {
    what: "renames columns of children of children",
    from: "create table t (id integer, a text not null); create table c (unique (a)) inherits (t); " +
      "create table d (x text, unique (a)) inherits (c); create view v as select a from d",
    to: "create table t (id integer, b text not null); create table c (unique (b)) inherits (t); " +
      "create table d (x text, unique (b)) inherits (c); create view v as select b from d",
    renames: [{ kind: "column", key: "column:public.t.a", to: "b" }],
  },
  {
    what: "renames a label that another enum has, too",
    from: "create type mood as enum ('low', 'x y'); create type size as enum ('low', 'big'); " +
      "create table t (id integer, m mood default 'low', s size default 'low', ms mood[] default '{low,x y}')",
    to: "create type mood as enum ('other', 'x y'); create type size as enum ('low', 'big'); " +
      "create table t (id integer, m mood default 'other', s size default 'big', ms mood[] default '{other}')",
    renames: [{ kind: "enum label", key: "enum:public.mood", label: "low", to: "other" }],
  },
  {
    what: "drops partitions of what a foreign key refers to",
    from: "create table t (id integer primary key, p integer references t (id)) partition by range (id); " +
      "create table a partition of t for values from (0) to (50)",
    to: "create table t (id integer primary key, p integer references t (id)) partition by range (id); " +
      "create table b partition of t for values from (0) to (50)",
  },
  {
    what: "attaches partitions to another bound before foreign keys, which go before on the way back",
    from: "create table t (id integer primary key, p integer) partition by range (id); " +
      "create table a partition of t for values from (0) to (50); create table b partition of t default",
    to: "create table t (id integer primary key, p integer references t (id)) partition by range (id); " +
      "create table a partition of t for values from (400) to (450); create table c partition of t default",
  },
];

for (const name of ["primary", "pg15"] as const) {
  const version = name === "primary" ? 18 : 15;
  test(
    `diffCatalogs() and reverseDiff() go where something was wrong once, and back (${name})`,
    { ...needs(name), timeout: 180_000 },
    async () => {
      await using one = await freshDatabase({ server: name });
      await using other = await freshDatabase({ server: name });
      await using pool = new Pool(one.url);
      await using goal = new Pool(other.url);
      const statements = (text: string): readonly string[] => [
        `do $schema$ begin ${text}; end $schema$`,
      ];
      for (const { what, from, to, renames = [], since = 0 } of CASES) {
        if (since > version) continue;
        const journey = { first: statements(from), second: statements(to), renames: () => renames, seed: 7 };
        const trip = await travel(journey, { pool, goal, version }).catch((error: Error) => {
          throw new Error(`${what}: ${error.message}`, { cause: error });
        });
        assert.ok(trip.steps > 0, what);
        assert.ok(trip.isReversed, what);
      }
    },
  );
}
