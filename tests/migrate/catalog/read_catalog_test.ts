/** What the catalogs of real servers are read as. */
import assert from "node:assert/strict";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import type { Catalog, CatalogObject, ObjectKey, TableObject } from "../../../migrate/catalog/objects.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { needs, server as description } from "../../services/client.ts";
import { catalogJson } from "./golden.ts";
import rich15 from "./goldens/rich_15.json" with { type: "json" };
import rich18 from "./goldens/rich_18.json" with { type: "json" };
import { richSchema } from "./rich_schema.ts";
import { SERVERS, withDatabase } from "./servers.ts";

const GOLDENS: Readonly<Record<number, Record<string, unknown>>> = { 15: rich15, 18: rich18 };

function objectOf<Kind extends CatalogObject["kind"]>(
  catalog: Catalog,
  kind: Kind,
  key: string,
): Extract<CatalogObject, { readonly kind: Kind }> {
  const object = catalog.objects.get(`${kind}:${key}`);
  assert.ok(object !== undefined, `there is no ${kind} ${key} in ${[...catalog.objects.keys()].join(", ")}`);
  return object as Extract<CatalogObject, { readonly kind: Kind }>;
}

function needsOf(catalog: Catalog, key: ObjectKey): readonly ObjectKey[] {
  const object = catalog.objects.get(key);
  assert.ok(object !== undefined, `there is no ${key} in ${[...catalog.objects.keys()].join(", ")}`);
  return object.dependsOn;
}

for (const [server, version] of SERVERS) {
  const options = { ...needs(server), timeout: 60_000 };

  test(`readCatalog() reads a record of every kind of object (${version})`, options, async () => {
    await withDatabase(server, richSchema(version), async (pool) => {
      const first = await readCatalog(pool);
      assert.equal(first.serverVersion, version);
      assert.deepEqual(catalogJson(first), GOLDENS[version]);
      assert.deepEqual(await readCatalog(pool), first, "a second reading is the same");
    });
  });

  test(`readCatalog() does not depend on a session's settings (${version})`, options, async () => {
    await withDatabase(server, richSchema(version), async (pool) => {
      const first = await readCatalog(pool);
      const { name } = await pool.one<{ name: string }>(sql`select current_database() as name`);
      for (
        const setting of [
          "search_path to app",
          "timezone to 'Asia/Tokyo'",
          "datestyle to 'German'",
          "intervalstyle to 'iso_8601'",
          "quote_all_identifiers to on",
          "extra_float_digits to -3",
        ]
      ) await pool.execute(sql.unsafe(`alter database ${name} set ${setting}`));
      await using other = new Pool((await urlOf(pool, server)).href);
      assert.equal(await other.value(sql`show timezone`), "Asia/Tokyo", "the setting is in force");
      assert.deepEqual(await readCatalog(other), first);
    });
  });

  test(
    `readCatalog() needs no rights, but to see the options of user mappings (${version})`,
    options,
    async () => {
      await withDatabase(server, richSchema(version), async (pool) => {
        const url = await urlOf(pool, server);
        url.username = "app_user";
        url.password = "secret-app";
        await using other = new Pool(url.href);
        assert.equal(
          await other.value(sql`select rolsuper from pg_roles where rolname = current_user`),
          false,
        );
        const withoutMappings = async (from: Pool) =>
          [...(await readCatalog(from)).objects].filter(([key]) => !key.startsWith("opaque:user mapping"))
            // Owners and privileges are told against what the role that reads would have.
            .map(([key, { owner: _, privileges: __, ...object }]) => [key, object]);
        assert.deepEqual(await withoutMappings(other), await withoutMappings(pool));
      });
    },
  );

  test(`readCatalog() reads the same of what was made in another order (${version})`, options, async () => {
    const [one, other] = await Promise.all(
      [ONE_ORDER, ANOTHER_ORDER].map((statements) =>
        withDatabase(server, statements, (pool) => readCatalog(pool))
      ),
    );
    const sorted = (catalog: Catalog) =>
      [...catalog.objects].map(([key, object]) => [
        key,
        "columns" in object
          ? { ...object, columns: object.columns.toSorted((a, b) => a.name < b.name ? -1 : 1) }
          : object,
      ]);
    assert.deepEqual(sorted(one), sorted(other));
    assert.notDeepEqual(
      (one.objects.get("table:public.a") as TableObject).columns.map(({ name }) => name),
      (other.objects.get("table:public.a") as TableObject).columns.map(({ name }) => name),
    );
  });

  test(`readCatalog() says what must be there before what (${version})`, options, async () => {
    await withDatabase(server, DEPENDENT, async (pool) => {
      const catalog = await readCatalog(pool);
      for (const [key, ...needed] of EXPECTED_NEEDS) {
        const needs = needsOf(catalog, key);
        for (const need of needed) assert.ok(needs.includes(need), `${key} needs ${need}, not only ${needs}`);
      }
      for (const [key, { dependsOn }] of catalog.objects) {
        assert.ok(!dependsOn.includes(key), `${key} does not need itself`);
        for (const need of dependsOn) {
          assert.ok(
            need.startsWith("column:") || catalog.objects.has(need),
            `${key} needs ${need}, which is nothing`,
          );
        }
      }
      assert.ok(
        !needsOf(catalog, "sequence:public.d_number_seq").includes("table:public.d"),
        "a sequence is there before the table that owns it",
      );
      assert.deepEqual(circleOf(catalog), []);
    });
  });

  test(
    `readCatalog() leaves out what is the system's, an extension's or ours (${version})`,
    options,
    async () => {
      await withDatabase(server, [
        "create schema lifeguard_reflector",
        "create table lifeguard_reflector.t (id int primary key)",
        "create function lifeguard_reflector.f() returns trigger language plpgsql as $$ begin return null; end $$",
        "create extension hstore",
        "create table kept (h hstore)",
        "create trigger ours after insert on kept for each row execute function lifeguard_reflector.f()",
        "create temporary table gone (id int primary key)",
        // As PostGIS has them: what is on an extension's view or table is no member of it.
        "create table shapes (id int primary key)",
        "create view shapes_seen as select id from shapes",
        "create rule no_shapes as on delete to shapes_seen do instead nothing",
        "create function stamp() returns trigger language plpgsql as $$ begin return new; end $$",
        "create trigger stamped before insert on shapes for each row execute function stamp()",
        "alter extension hstore add table shapes",
        "alter extension hstore add view shapes_seen",
        "alter extension hstore add function stamp()",
      ], async (pool) => {
        const catalog = await readCatalog(pool);
        assert.deepEqual([...catalog.objects.keys()], [
          "schema:public",
          "extension:hstore",
          "table:public.kept",
        ]);
        assert.deepEqual(needsOf(catalog, "table:public.kept"), ["extension:hstore", "schema:public"]);
        assert.equal(catalog.objects.get("extension:hstore")?.comment, undefined, "what it says of itself");
        await pool.execute(sql`comment on extension hstore is 'ours'`);
        assert.equal((await readCatalog(pool)).objects.get("extension:hstore")?.comment, "ours");
      });
    },
  );

  test(`readCatalog() reads only the schemas or tables asked for (${version})`, options, async () => {
    await withDatabase(
      server,
      DEPENDENT.concat("create schema other", "create table other.t (id int)"),
      async (pool) => {
        const other = await readCatalog(pool, { schemas: ["other"] });
        assert.deepEqual([...other.objects.keys()], ["schema:other", "table:other.t"]);
        const one = await readCatalog(pool, { tables: ["child", "other.t"] });
        assert.deepEqual([...one.objects.keys()], [
          "schema:other",
          "schema:public",
          "enum:public.mood",
          "table:other.t",
          "table:public.child",
          "constraint:public.child.child_parent_fkey",
        ]);
        assert.deepEqual(needsOf(one, "constraint:public.child.child_parent_fkey"), [
          "column:public.child.parent",
          "table:public.child",
        ]);
        assert.equal((await readCatalog(pool, { tables: ["nothing"] })).objects.size, 0);
      },
    );
  });

  test(
    `readCatalog() says that an index is invalid, and of whom a policy is (${version})`,
    options,
    async () => {
      await withDatabase(server, [
        "create table t (a int, b text)",
        "insert into t values (1), (1)",
        "create policy p on t to pg_read_all_data, pg_monitor using (true)",
      ], async (pool) => {
        await assert.rejects(pool.execute(sql`create unique index concurrently broken on t (a)`), /unique/);
        const catalog = await readCatalog(pool);
        assert.equal(objectOf(catalog, "index", "public.broken").isValid, false);
        assert.deepEqual(objectOf(catalog, "policy", "public.t.p").roles, ["pg_monitor", "pg_read_all_data"]);
      });
    },
  );
}

test("readCatalog() leaves out composite types of an extension", needs("primary"), async () => {
  await withDatabase("primary", [
    "create extension tablefunc",
    "create table pivots (id int primary key, cells tablefunc_crosstab_2[])",
  ], async (pool) => {
    const catalog = await readCatalog(pool);
    assert.deepEqual([...catalog.objects.keys()].filter((key) => key.startsWith("composite:")), []);
    assert.deepEqual(needsOf(catalog, "table:public.pivots"), ["extension:tablefunc", "schema:public"]);
  });
});

test("readCatalog() takes names of NOT NULL that PostgreSQL gives for usual", needs("primary"), async () => {
  await withDatabase("primary", [
    "create table audit_revision (id int not null)",
    "create table audit (revision_id int not null, at int constraint given not null)",
    "create table note (fk int not null)",
    "create table renamed (fk int constraint other not null) inherits (note)",
  ], async (pool) => {
    const [name] = await pool.query(sql<{ name: string }>`
      select conname as name from pg_constraint where conrelid = 'audit'::regclass and conkey = '{1}'`);
    assert.equal(name.name, "audit_revision_id_not_null1");
    const catalog = await readCatalog(pool);
    const named = [...catalog.objects.values()].flatMap((object) =>
      object.kind === "table" ? object.columns.map(({ notNullName }) => notNullName) : []
    );
    assert.deepEqual(named.filter((one) => one !== undefined), ["given"]);
  });
});

test("readCatalog() gives up with its signal", needs("primary"), async () => {
  await withDatabase("primary", [], async (pool) => {
    await assert.rejects(readCatalog(pool, { signal: AbortSignal.abort(new Error("enough")) }), /enough/);
    assert.equal((await readCatalog(pool)).objects.size, 1);
  });
});

test(
  "readCatalog() reads one snapshot while tables come and go",
  { ...needs("primary"), timeout: 60_000 },
  async () => {
    await withDatabase("primary", [], async (pool) => {
      let isOver = false;
      const busy = (async () => {
        while (!isOver) {
          for (const statement of [...COMING, ...GOING]) await pool.execute(sql.unsafe(statement));
        }
      })();
      try {
        const seen = new Set<number>();
        for (let round = 0; round < 40; round++) {
          const catalog = await readCatalog(pool);
          const { objects } = catalog;
          assert.ok(objects.size <= 1 + COMING.length + 3, [...objects.keys()].join(", "));
          if (objects.has("table:public.t")) {
            assert.ok(objects.has("constraint:public.t.t_pkey") && objects.has("sequence:public.t_id_seq"));
          }
          if (objects.has("view:public.v")) {
            assert.ok(needsOf(catalog, "view:public.v").includes("table:public.t"));
          }
          if (objects.has("function:public.f()")) {
            assert.ok(needsOf(catalog, "function:public.f()").includes("view:public.v"));
          }
          seen.add(objects.size);
        }
        console.log(`catalogs of ${[...seen].sort((a, b) => a - b).join(", ")} objects were seen`);
      } finally {
        isOver = true;
        await busy;
      }
    });
  },
);

test("readCatalog() reads an embedded database", { timeout: 60_000, sanitize: false }, async () => {
  await using pool = new Pool("pglite:");
  for (const statement of DEPENDENT) await pool.execute(sql.unsafe(statement));
  const catalog = await readCatalog(pool);
  for (const [key, ...needed] of EXPECTED_NEEDS) {
    for (const need of needed) assert.ok(needsOf(catalog, key).includes(need), `${key} needs ${need}`);
  }
});

test("readCatalog() reads 1,000 tables quickly", { ...needs("primary"), timeout: 180_000 }, async () => {
  await withDatabase("primary", [
    `do $$ begin for i in 1..1000 loop
       execute format('create table t%s (id bigint generated by default as identity primary key, a text not null,
         b int default 3, c timestamptz not null default now(), d jsonb, e numeric(10,2), f boolean,
         p bigint references t%s)', i, greatest(i - 1, 1));
       execute format('create index on t%s (a, p)', i);
     end loop; end $$`,
  ], async (pool) => {
    const times: number[] = [];
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      const { objects } = await readCatalog(pool);
      times.push(Math.round(performance.now() - start));
      assert.equal(objects.size, 4001);
    }
    console.log(
      `1,000 tables, 8,000 columns, 2,000 constraints, 1,000 indexes were read in ${times.join(", ")} ms`,
    );
    assert.ok(Math.min(...times) < 5_000, `${times} ms`);
  });
});

async function urlOf(pool: Pool, server: "primary" | "pg15"): Promise<URL> {
  const url = new URL(description(server).url);
  url.pathname = `/${await pool.value<string>(sql`select current_database()`)}`;
  return url;
}

/** Objects that need each other in a circle; empty when there is an order in which all can be made. */
function circleOf(catalog: Catalog): readonly ObjectKey[] {
  const left = new Map([...catalog.objects].map(([key, { dependsOn }]) => [key, dependsOn]));
  for (let size = -1; size !== left.size;) {
    size = left.size;
    for (const [key, needs] of left) if (!needs.some((need) => left.has(need))) left.delete(key);
  }
  return [...left.keys()];
}

/** With these come a sequence and two constraints, too. */
const COMING = [
  "create table t (id serial primary key, a text default upper('x'), b int generated always as (id + 1) stored, check (a <> ''))",
  "create index on t (lower(a)) where a <> 'x'",
  "create view v as select id, a from t",
  "create function f() returns bigint language sql begin atomic select count(*) from v; end",
  "create rule r as on delete to t do instead nothing",
  "create policy p on t using (id > 3)",
];

const GOING = ["drop function f", "drop view v", "drop table t"];

const ONE_ORDER = [
  "create type mood as enum ('a', 'b', 'c')",
  "create sequence s",
  "create table b (id int primary key, c text)",
  "create table a (id int primary key, b int references b, m mood default 'a', n int default nextval('s') unique, check (n > 3))",
  "create table p (id int, at date, primary key (id, at)) partition by list (at)",
  "create index on p (at)",
  "create table p1 partition of p for values in ('2020-01-01')",
  "create view v as select id, m from a",
  "create function f(int) returns int language sql as 'select 1'",
  "comment on column a.m is 'x'",
];

const ANOTHER_ORDER = [
  "create function f(int) returns int language sql as 'select 1'",
  "create table p1 (id int not null, at date not null, primary key (id, at))",
  "create index p1_at_idx on p1 (at)",
  "create table p (id int, at date, primary key (id, at)) partition by list (at)",
  "create index on p (at)",
  "alter table p attach partition p1 for values in ('2020-01-01')",
  "create table a (gone text, n int, m text, id int)",
  "alter table a drop gone",
  "create type mood as enum ('c')",
  "alter type mood add value 'a' before 'c'",
  "alter type mood add value 'b' after 'a'",
  "alter table a alter m type mood using m::mood",
  "comment on column a.m is 'x'",
  "create sequence s",
  "alter table a alter n set default nextval('s'), alter m set default 'a', add unique (n), add check (n > 3)",
  "create view v as select id, m from a",
  "drop view v",
  "alter table a add primary key (id), add b int",
  "create view v as select id, m from a",
  "create table b2 (c text, id int constraint b_id_not_null not null)",
  "alter table b2 rename to b",
  "alter table b add constraint b_pkey primary key (id)",
  "alter table a add foreign key (b) references b",
];

const DEPENDENT = [
  "create type mood as enum ('a', 'b')",
  "create function one() returns int language sql immutable as 'select 1'",
  "create function is_it(int) returns boolean language sql immutable as 'select true'",
  "create function fired() returns trigger language plpgsql as $$ begin return new; end $$",
  "create domain positive as int check (is_it(value))",
  "create domain smaller as positive default one()",
  "create table d (id int primary key, number serial, m mood[], a smaller default one(), g int generated always as (one() + id) stored,\
     constraint c check (is_it(id)))",
  'create table "Of d" (row d, odd int)',
  "create index expressed on d ((one() + id)) where is_it(number)",
  "create policy p on d using (is_it(id))",
  "create trigger t before update of id on d for each row when (is_it(new.number)) execute function fired()",
  'create view v1 as select id as one, m[1] as "Two" from d where is_it(a)',
  'create view v2 as select "Two" from v1',
  "create materialized view mv as select * from v2",
  'create index on mv ("Two")',
  "create view grouped as select id, number from d group by id",
  "create function counted() returns bigint language sql begin atomic select count(one) from v1; end",
  "create table parts (id int) partition by hash (id)",
  "create table part0 partition of parts for values with (modulus 2, remainder 0)",
  "create table above (id int)",
  "create table below () inherits (above)",
  "create table child (parent int references d, mood mood)",
  "create statistics st on id, number from d",
  "create rule r as on insert to v1 do instead insert into d (id) values (new.one)",
  "create type pair as (a mood, b positive)",
  "create table pairs (p pair[])",
  "create function pairing(pair, out mood) language sql as 'select null::mood'",
];

const EXPECTED_NEEDS: readonly (readonly [ObjectKey, ...ObjectKey[]])[] = [
  ["domain:public.positive", "function:public.is_it(integer)", "schema:public"],
  ["domain:public.smaller", "domain:public.positive", "function:public.one()"],
  [
    "table:public.d",
    "domain:public.smaller",
    "enum:public.mood",
    "function:public.one()",
    "sequence:public.d_number_seq",
  ],
  ['table:public."Of d"', "table:public.d"],
  ["constraint:public.d.c", "table:public.d", "column:public.d.id", "function:public.is_it(integer)"],
  [
    "index:public.expressed",
    "function:public.one()",
    "function:public.is_it(integer)",
    "column:public.d.number",
  ],
  ["policy:public.d.p", "function:public.is_it(integer)", "column:public.d.id", "table:public.d"],
  [
    "trigger:public.d.t",
    "function:public.is_it(integer)",
    "function:public.fired()",
    "column:public.d.id",
    "table:public.d",
  ],
  [
    "view:public.v1",
    "column:public.d.id",
    "column:public.d.m",
    "function:public.is_it(integer)",
    "table:public.d",
  ],
  ["view:public.v2", 'column:public.v1."Two"', "view:public.v1"],
  ["materialized view:public.mv", 'column:public.v2."Two"', "view:public.v2"],
  ['index:public."mv_Two_idx"', 'column:public.mv."Two"', "materialized view:public.mv"],
  ["view:public.grouped", "constraint:public.d.d_pkey", "table:public.d"],
  ["function:public.counted()", "column:public.v1.one", "view:public.v1"],
  ["table:public.part0", "table:public.parts"],
  ["table:public.below", "table:public.above"],
  [
    "constraint:public.child.child_parent_fkey",
    "constraint:public.d.d_pkey",
    "table:public.d",
    "table:public.child",
  ],
  ["statistics:public.st", "column:public.d.id", "table:public.d"],
  ["opaque:rule r on public.v1", "view:public.v1", "column:public.d.id"],
  ["composite:public.pair", "enum:public.mood", "domain:public.positive"],
  ["table:public.pairs", "composite:public.pair"],
  ["function:public.pairing(public.pair)", "composite:public.pair", "enum:public.mood"],
];
