/** A database's catalog makes the same database again, down to what is set by statements of its own. */
import assert from "node:assert/strict";
import type { Catalog } from "../../../migrate/catalog/objects.ts";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { diffCatalogs } from "../../../migrate/diff/diff.ts";
import { reverseSteps } from "../../../migrate/steps/reverse.ts";
import type { Step } from "../../../migrate/steps/step.ts";
import { writeStep } from "../../../migrate/steps/write_step.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";
import { catalogJson } from "../catalog/golden.ts";

/** What has no place in the records but as a setting, each with something it can be set of. */
const SETTINGS: readonly string[] = [
  `alter table things cluster on things_pkey`,
  `alter materialized view counts cluster on counts_n`,
  `alter table things alter column name set (n_distinct = -0.5, n_distinct_inherited = 3)`,
  `alter index "Odd index" alter column 2 set statistics 500`,
  `alter statistics pairs set statistics 77`,
  `comment on index things_pkey is 'the key''s'`,
  `comment on column place.street is 'of the town'`,
  `comment on constraint positive on domain amount is 'above'`,
  `alter table "Typed" of place`,
  `alter function twice(integer) depends on extension pg_trgm`,
  `alter index "Odd index" depends on extension pg_trgm`,
  `alter table days_1 disable trigger touch`,
  `alter table weeks_1 enable always trigger touch`,
];

const NEWEST_SETTINGS: readonly string[] = [
  `alter table late add constraint "is there" not null a not valid`,
  `alter table late add constraint alone not null b no inherit`,
  `comment on constraint "is there" on late is 'soon'`,
];

const STATEMENTS: readonly string[] = [
  `create extension pg_trgm`,
  `create type place as (street text, "Zip" varchar(5) collate "C")`,
  `comment on type place is 'where'`,
  `create domain amount as integer constraint positive check (value > 0)`,
  `create table things (id integer primary key, name text, "weird ""col" amount[])`,
  `create unique index things_name on things (name)`,
  `create table with_identity (id integer not null, b text)`,
  `create unique index by_b on with_identity (id)`,
  `alter table with_identity replica identity using index by_b`,
  `create index "Odd index" on things (name, lower(name))`,
  `create statistics pairs on name, id from things`,
  `create materialized view counts as select count(*) as n from things with no data`,
  `create unique index counts_n on counts (n)`,
  `create table "Typed" (street text not null, "Zip" varchar(5) collate "C")`,
  `create function twice(n integer) returns integer language sql immutable as 'select n * 2'`,
  `create function touched() returns trigger language plpgsql as 'begin return new; end'`,
  `create table days (id integer default 7, label text, at date not null default '2020-01-01', kind text default 'none')
     partition by range (at)`,
  `create table days_1 partition of days (label default 'one', constraint above check (id > 0))
     for values from ('2020-01-01') to ('2021-01-01')`,
  `comment on column days_1.id is 'of the first'`,
  `create table attached (id integer not null, label text, at date not null, kind text not null)`,
  `alter table days attach partition attached for values from ('2022-01-01') to ('2023-01-01')`,
  `alter table attached alter label set statistics 7, alter label set storage external`,
  `create table weeks partition of days for values from ('2021-01-01') to ('2022-01-01') partition by list (at)`,
  `create table weeks_1 partition of weeks default`,
  `alter table weeks_1 alter id drop default, alter kind set default 'week'`,
  `create trigger touch after insert on days for each row execute function touched()`,
  `create table parent (a integer default 1, b text not null)`,
  `create table child (c integer) inherits (parent)`,
  `alter table child alter a set not null, alter a set default 2, alter b set default 'x'`,
  `create table merged (a integer, c text) inherits (parent)`,
  `alter table merged alter a drop default`,
  `create foreign data wrapper away`,
  `create server far foreign data wrapper away`,
  `create foreign table there (id integer not null, name text) server far`,
  `alter foreign table there alter name set statistics 5`,
  `comment on column there.name is 'its name'`,
  `create foreign table heir (d integer) inherits (parent) server far`,
  `create table ranges (a integer) partition by range (a)`,
  `create foreign table remote partition of ranges for values from (1) to (9) server far`,
  `create publication parents for table only parent (a, b) where (a > 1), table things`,
  `create table counted (id integer generated always as identity (start 5))`,
  `alter sequence counted_id_seq rename to "Counter"`,
  `alter default privileges in schema public grant select, insert on tables to app_user with grant option`,
  `alter default privileges revoke execute on functions from public`,
  `create function hidden() returns integer language sql as 'select 1'`,
  `create table shown (a integer)`,
];

const NEWEST: readonly string[] = [`create table late (a integer, b integer)`];

for (const [name, version] of [["primary", 18], ["pg15", 15]] as const) {
  const statements = [...STATEMENTS, ...version >= 18 ? NEWEST : []];
  const settings = [...SETTINGS, ...version >= 18 ? NEWEST_SETTINGS : []];

  test(`diffCatalogs() makes a whole database again, and takes it away (${name})`, needs(name), async () => {
    await using one = await freshDatabase({ server: name });
    await using other = await freshDatabase({ server: name });
    await using a = new Pool(one.url);
    await using b = new Pool(other.url);
    for (const text of [...statements, ...settings]) await a.execute(sql.unsafe(text));
    const run = async (steps: readonly Step[]): Promise<void> => {
      for (const step of steps) {
        for (const { text } of writeStep(step, version)) await b.execute(sql.unsafe(text));
      }
    };
    const [whole, empty] = [await readCatalog(a), await readCatalog(b)];
    assert.equal(
      [...whole.objects.values()].flatMap(({ settings }) => settings ?? []).length,
      settings.length,
      JSON.stringify(
        [...whole.objects.values()].flatMap(({ settings }) => settings ?? []).map(({ set }) => set),
      ),
    );
    const up = diffCatalogs(empty, whole, { unknown: "drop" });
    assert.deepEqual(up.findings, []);
    await run(up.steps);
    const made = await readCatalog(b);
    assert.deepEqual(catalogJson(made), catalogJson(whole));
    const down = diffCatalogs(made, empty, { unknown: "drop" });
    assert.deepEqual(down.findings, []);
    await run(down.steps);
    assert.deepEqual(catalogJson(await readCatalog(b)), catalogJson(empty));
    const { steps, impossible } = reverseSteps(down.steps);
    assert.deepEqual(impossible, []);
    await run(steps);
    assert.deepEqual(catalogJson(await readCatalog(b)), catalogJson(whole));
  });

  test(
    `diffCatalogs() sets and takes back what has no place in the records (${name})`,
    needs(name),
    async () => {
      await using one = await freshDatabase({ server: name });
      await using other = await freshDatabase({ server: name });
      await using a = new Pool(one.url);
      await using b = new Pool(other.url);
      for (const text of statements) await a.execute(sql.unsafe(text));
      for (const text of [...statements, ...settings]) await b.execute(sql.unsafe(text));
      const [bare, set] = [await readCatalog(a), await readCatalog(b)];
      const run = async (steps: readonly Step[]): Promise<void> => {
        for (const step of steps) {
          for (const { text } of writeStep(step, version)) await a.execute(sql.unsafe(text));
        }
      };
      const there = diffCatalogs(bare, set, { unknown: "drop" });
      assert.ok(there.steps.length >= settings.length);
      await run(there.steps);
      assert.deepEqual(diffCatalogs(await readCatalog(a), set, { unknown: "drop" }).steps, []);
      await run(reverseSteps(there.steps).steps);
      assert.deepEqual(diffCatalogs(await readCatalog(a), bare, { unknown: "drop" }).steps, []);
      await run(there.steps);
      await run(diffCatalogs(set, bare, { unknown: "drop" }).steps);
      assert.deepEqual(diffCatalogs(await readCatalog(a), bare, { unknown: "drop" }).steps, []);
    },
  );
}

test(
  "diffCatalogs() says that an index of a divided table waits for its partitions'",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    for (
      const text of [
        `create table split (a integer) partition by list (a)`,
        `create table split_1 partition of split for values in (1)`,
        `create index half on only split (a)`,
      ]
    ) await pool.execute(sql.unsafe(text));
    const half = await readCatalog(pool);
    await pool.execute(sql`create index part on split_1 (a)`);
    await pool.execute(sql`alter index half attach partition part`);
    const whole = await readCatalog(pool);
    const { steps, findings } = diffCatalogs(half, whole);
    assert.ok(!steps.some((step) => step.kind === "index"), JSON.stringify(steps));
    assert.deepEqual(findings.map(({ severity, key }) => [severity, key]), [[
      "refused",
      "index:public.half",
    ]]);
  },
);

test(
  "diffCatalogs() says what PostgreSQL does not tell how to make or drop, with what needs it",
  needs("primary"),
  async () => {
    await using one = await freshDatabase();
    await using other = await freshDatabase();
    await using a = new Pool(one.url);
    await using b = new Pool(other.url);
    for (
      const text of [
        `create type base`,
        `create function base_in(cstring) returns base language internal immutable strict as 'textin'`,
        `create function base_out(base) returns cstring language internal immutable strict as 'textout'`,
        `create type base (input = base_in, output = base_out, like = text)`,
        `create table of_base (b base)`,
        `create view over_base as select b from of_base`,
      ]
    ) await a.execute(sql.unsafe(text));
    const { steps, findings } = diffCatalogs(await readCatalog(b), await readCatalog(a));
    assert.ok(findings.every(({ severity }) => severity === "refused"));
    const keys = findings.map(({ key }) => key);
    assert.ok(keys.includes("opaque:type public.base"), `${keys}`);
    assert.ok(keys.includes("table:public.of_base"), `${keys}`);
    assert.ok(keys.includes("view:public.over_base"), `${keys}`);
    for (const step of steps) {
      for (const { text } of writeStep(step, 18)) await b.execute(sql.unsafe(text));
    }
  },
);

for (const name of ["primary", "pg15"] as const) {
  test(
    `diffCatalogs() makes functions after what their text names, in circles too (${name})`,
    needs(name),
    async () => {
      await using one = await freshDatabase({ server: name });
      await using other = await freshDatabase({ server: name });
      await using a = new Pool(one.url);
      await using b = new Pool(other.url);
      await a.transaction(async (tx) => {
        for (
          const text of [
            `set local check_function_bodies = off`,
            `create function a_first() returns bigint language sql as 'select sum(n) from z_table'`,
            `create function b_second() returns bigint language sql as 'select a_first() + c_third()'`,
            `create function c_third() returns bigint language sql as 'select n from "Z view"'`,
            `create function d_row() returns int language plpgsql as 'declare r z_table; begin return r.n; end'`,
            `create table z_table (n bigint default 1)`,
            `create view "Z view" as select n from z_table`,
            `create function around(n bigint) returns bigint language sql
               as 'select n + (select count(*) from circle)'`,
            `create table circle (n bigint default around(1))`,
          ]
        ) await tx.execute(sql.unsafe(text));
      });
      const run = (steps: readonly Step[]): Promise<void> =>
        b.transaction(async (tx) => {
          for (const step of steps) {
            for (const { text } of writeStep(step, 18)) await tx.execute(sql.unsafe(text));
          }
        });
      const [whole, empty] = [await readCatalog(a), await readCatalog(b)];
      const { steps } = diffCatalogs(empty, whole, { unknown: "drop" });
      await run(steps);
      assert.deepEqual(catalogJson(await readCatalog(b)), catalogJson(whole));
      await run(reverseSteps(steps).steps);
      assert.deepEqual(catalogJson(await readCatalog(b)), catalogJson(empty));
      await run(steps);
      const down = diffCatalogs(whole, empty, { unknown: "drop" }).steps;
      await run(down);
      await run(reverseSteps(down).steps);
      assert.deepEqual(catalogJson(await readCatalog(b)), catalogJson(whole));
      // Where nothing is a circle nothing is said about bodies.
      const straight = (catalog: Catalog): Catalog => ({
        ...catalog,
        objects: new Map([...catalog.objects].filter(([key]) => !/around|circle/.test(key))),
      });
      const plain = diffCatalogs(empty, straight(whole)).steps;
      assert.ok(plain.every(({ kind }) => kind === "create"), JSON.stringify(plain.map(({ kind }) => kind)));
      await run(down);
      for (const step of plain) {
        for (const { text } of writeStep(step, 18)) await b.execute(sql.unsafe(text));
      }
    },
  );
}
