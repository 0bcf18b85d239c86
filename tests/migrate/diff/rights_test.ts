/** That owners and privileges outlive what is made anew, whatever made them. */
import assert from "node:assert/strict";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { diffCatalogs } from "../../../migrate/diff/diff.ts";
import { reverseSteps } from "../../../migrate/steps/reverse.ts";
import type { Step } from "../../../migrate/steps/step.ts";
import { writeStep } from "../../../migrate/steps/write_step.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { freshDatabase, isolatedServer, needs } from "../../services/client.ts";

/** What has privileges and, in `after`, cannot be changed but by making it anew. */
const schema = (after: boolean): string[] => [
  `create type mood as enum ('sad', 'glad')`,
  `create type "Mood 2" as enum (${after ? "'b', 'a'" : "'a', 'b'"})`,
  `create domain short as ${after ? "bigint" : "integer"}`,
  `create type pair as (${after ? "b integer, a integer" : "a integer, b integer"})`,
  `create type span as range (subtype = ${after ? "bigint" : "integer"})`,
  `create function twice(n integer) returns ${after ? "bigint" : "integer"} language sql as 'select n * 2'`,
  `create procedure tidy(${after ? "m" : "n"} integer) language sql as 'select 1'`,
  `create table people (id integer primary key, name ${after ? "varchar(10)" : "text"}, "a b" integer${
    after ? " generated always as (id * 2) stored" : ""
  }, m "Mood 2", s short)`,
  `create view names as select ${after ? "name, id" : "id, name"} from people`,
  `create view of_names as select * from names`,
  `create materialized view counts as select count(*)${after ? " + 1" : ""} as n from people`,
  `create aggregate total(integer) (sfunc = int4pl, stype = integer, initcond = '${after ? 1 : 0}')`,
  `create foreign data wrapper away`,
  `create server far ${after ? "type 't'" : ""} foreign data wrapper away`,
  `create foreign table there (id integer${after ? ", b integer" : ""}) server far`,
];

const grants = [
  `grant usage on type "Mood 2", pair, span to app_user with grant option`,
  `revoke usage on type "Mood 2", pair from public`,
  `grant execute on function twice(integer), total(integer) to app_user`,
  `revoke execute on function twice(integer), total(integer) from public`,
  `revoke execute on procedure tidy(integer) from public`,
  `grant select, insert on people, names to app_user`,
  `grant update on names to app_user with grant option`,
  `grant select on of_names, counts, there to public`,
  `grant update ("a b"), select ("a b", id) on people to app_user`,
  `grant select (name) on names to app_user`,
  `revoke delete on names from current_user`,
  `grant usage on foreign server far to app_user`,
  `alter view of_names owner to app_user`,
  `alter materialized view counts owner to app_user`,
  `alter domain short owner to app_user`,
];

/** Whose everything is and who may do what, as PostgreSQL has it. */
const RIGHTS = sql<{ what: string; rights: string }>`
  select 'relation ' || relname as what, relowner::regrole || ' ' || coalesce((
      select string_agg(item::text, ' ' order by item::text)
      from unnest(coalesce(relacl, acldefault('r', relowner))) item), '') as rights
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'f')
  union all select 'column ' || attrelid::regclass || ' ' || attname, (
      select string_agg(item::text, ' ' order by item::text) from unnest(attacl) item)
    from pg_attribute where attacl is not null and not attisdropped and attrelid >= 16384
  union all select 'function ' || proname, proowner::regrole || ' ' || (
      select string_agg(item::text, ' ' order by item::text)
      from unnest(coalesce(proacl, acldefault('f', proowner))) item)
    from pg_proc where pronamespace = 'public'::regnamespace and prolang <> 12
  union all select 'type ' || typname, typowner::regrole || ' ' || (
      select string_agg(item::text, ' ' order by item::text)
      from unnest(coalesce(typacl, acldefault('T', typowner))) item)
    from pg_type where typnamespace = 'public'::regnamespace and typtype in ('e', 'd', 'r')
  union all select 'server ' || srvname, srvowner::regrole || ' ' || coalesce(srvacl::text, '') from pg_foreign_server
  order by 1`;

for (const name of ["primary", "pg15"] as const) {
  test(`diffCatalogs() keeps owners and privileges of what is made anew (${name})`, needs(name), async () => {
    await using one = await freshDatabase({ server: name });
    await using other = await freshDatabase({ server: name });
    await using a = new Pool(one.url);
    await using b = new Pool(other.url);
    for (const text of [...schema(false), ...grants]) await a.execute(sql.unsafe(text));
    for (const text of schema(true)) await b.execute(sql.unsafe(text));
    const before = await a.query(RIGHTS);
    const [from, to] = [await readCatalog(a), await readCatalog(b)];
    const { steps, findings } = diffCatalogs(from, to, { unknown: "drop" });
    assert.deepEqual(findings.filter(({ severity }) => severity === "refused"), []);
    const run = async (steps: readonly Step[]): Promise<void> => {
      for (const step of steps) {
        for (const { text } of writeStep(step, from.serverVersion)) await a.execute(sql.unsafe(text));
      }
    };
    const made = steps.filter(({ kind }) => kind === "create").length;
    assert.ok(made >= 12, `${made} are made anew`);
    await run(steps);
    assert.deepEqual(await a.query(RIGHTS), before);
    assert.deepEqual(diffCatalogs(await readCatalog(a), to, { unknown: "drop" }).steps, []);
    await run(reverseSteps(steps).steps);
    assert.deepEqual(await a.query(RIGHTS), before, "the way back keeps them, too");
    // Nothing that nobody owns or may use otherwise is said about.
    const fresh = await readCatalog(b);
    assert.deepEqual(
      [...fresh.objects.values()].filter(({ kind, owner, privileges }) =>
        kind !== "schema" && (owner !== undefined || privileges !== undefined)
      ),
      [],
    );
  });

  test(
    `readCatalog() tells what a role that makes it again would give it too much (${name})`,
    needs(name),
    async () => {
      await using database = await freshDatabase({ server: name });
      await using pool = new Pool(database.url);
      for (
        const text of [
          `create view secret as select 1 as one`,
          `alter default privileges grant select on tables to public`,
          `create view known as select 1 as one`,
          `revoke all on schema public from public`,
          `create schema app`,
          `grant create on schema app to app_user`,
        ]
      ) await pool.execute(sql.unsafe(text));
      const { objects } = await readCatalog(pool);
      const select = { role: "public", privileges: ["SELECT"] };
      assert.deepEqual(objects.get("view:public.secret")?.privileges, { granted: [], revoked: [select] });
      assert.deepEqual(objects.get("view:public.known")?.privileges, { granted: [select], revoked: [] });
      assert.deepEqual(objects.get("schema:public")?.privileges, {
        granted: [],
        revoked: [{ role: "public", privileges: ["USAGE"] }],
      });
      assert.deepEqual(objects.get("schema:app")?.privileges, {
        granted: [{ role: "app_user", privileges: ["CREATE"] }],
        revoked: [],
      });
    },
  );
}

test(
  "diffCatalogs() leaves tablespaces to the database, and what is made anew where it was",
  needs("primary"),
  async () => {
    await using server = await isolatedServer({ settings: { allow_in_place_tablespaces: "on" } });
    await using pool = new Pool(server.url);
    for (
      const text of [
        `create tablespace fast location ''`,
        `create table t (id integer primary key, n integer)`,
        `create materialized view counts as select count(*) as n from t`,
        `create index by_n on t (n)`,
      ]
    ) await pool.execute(sql.unsafe(text));
    const bare = await readCatalog(pool);
    for (
      const text of [
        `alter table t set tablespace fast`,
        `alter index t_pkey set tablespace fast`,
        `alter index by_n set tablespace fast`,
        `alter materialized view counts set tablespace fast`,
      ]
    ) await pool.execute(sql.unsafe(text));
    const moved = await readCatalog(pool);
    assert.deepEqual(diffCatalogs(moved, bare, { unknown: "drop" }).steps, []);
    assert.deepEqual(diffCatalogs(bare, moved, { unknown: "drop" }).steps, []);
    await pool.execute(sql`drop materialized view counts`);
    await pool.execute(sql`create materialized view counts as select count(*) + 1 as n from t`);
    const { steps } = diffCatalogs(moved, await readCatalog(pool), { unknown: "drop" });
    const texts = steps.flatMap((step) => writeStep(step, 18)).map(({ text }) => text);
    assert.equal(texts.at(-1), "alter materialized view public.counts set tablespace fast");
  },
);

test(
  "A label that is taken away again keeps the owner and the privileges of its type",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using pool = new Pool(database.url);
    for (
      const text of [
        `create type mood as enum ('sad')`,
        `alter type mood owner to app_user`,
        `revoke usage on type mood from public`,
        `grant usage on type mood to pg_monitor with grant option`,
        `create table t (m mood)`,
      ]
    ) await pool.execute(sql.unsafe(text));
    const before = await pool.query(RIGHTS);
    const from = await readCatalog(pool);
    await pool.execute(sql`alter type mood add value 'glad'`);
    const { steps } = diffCatalogs(from, await readCatalog(pool));
    for (const step of reverseSteps(steps).steps) {
      for (const { text } of writeStep(step, 18)) await pool.execute(sql.unsafe(text));
    }
    assert.deepEqual(await pool.query(RIGHTS), before);
  },
);

test("diffCatalogs() says that privileges may be lost where it cannot know them", async () => {
  await using from = new Pool("pglite:");
  await using to = new Pool("pglite:");
  await from.execute(sql`create view numbers as select 1 as one`);
  await to.execute(sql`create view numbers as select 1::bigint as one`);
  const [a, b] = [await readCatalog(from), await readCatalog(to)];
  assert.deepEqual(diffCatalogs(a, b).findings, []);
  const { findings } = diffCatalogs(a, b, { rightsKnown: false });
  assert.deepEqual(findings.map(({ severity, key }) => [severity, key]), [["loss", "view:public.numbers"]]);
  assert.match(findings[0].message, /privileges granted on it outside of migrations, are not kept/);
});
