import assert from "node:assert/strict";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { makeCatalog } from "../../../migrate/catalog/object_key.ts";
import { diffCatalogs } from "../../../migrate/diff/diff.ts";
import { writeStep } from "../../../migrate/steps/write_step.ts";
import { Pool } from "../../../pool/pool.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { freshDatabase, needs } from "../../services/client.ts";

/** Expressions that PostgreSQL prints in one way when it has read them, and in another when it has read that. */
const SCHEMA = `
  create table orders (
    id integer primary key,
    status varchar(20) check (status in ('new', 'it''s')),
    at timestamptz default now(),
    is_open boolean generated always as (status not in ('closed', 'gone')) stored
  );
  create index orders_open on orders (id) where status in ('new', 'paid');
  create view open_orders as select id, extract('YEAR' from at) as year from orders where status not in ('a', 'b');
  create policy theirs on orders for select using (status in ('new', 'paid'));
  create domain state as varchar(9) check (value in ('on', 'off'));
  create function touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger touched before update on orders for each row when (new.status in ('new', 'paid')) execute function touch();
  create rule quiet as on delete to orders where old.status in ('new', 'paid') do instead nothing;
  create statistics orders_years on (extract('YEAR' from at at time zone 'UTC')), id from orders;
  create table parts (id integer, unique (id), primary key (id));
  alter table parts add constraint again unique (id);`;

for (const name of ["primary", "pg15"] as const) {
  test(
    `diffCatalogs() comes to an end where PostgreSQL prints what it reads otherwise (${name})`,
    needs(name),
    async () => {
      await using one = await freshDatabase({ server: name });
      await using other = await freshDatabase({ server: name });
      await using a = new Pool(one.url);
      await using b = new Pool(other.url);
      await a.execute(sql.unsafe(`do $schema$ begin ${SCHEMA} end $schema$`));
      const to = await readCatalog(a);
      const empty = makeCatalog([], to.serverVersion);
      for (const step of diffCatalogs(await readCatalog(b), to).steps) {
        for (const { text } of writeStep(step, to.serverVersion)) await b.execute(sql.unsafe(text));
      }
      const now = await readCatalog(b);
      assert.ok(diffCatalogs(empty, now).steps.length > 8);
      assert.deepEqual(diffCatalogs(now, to, { unknown: "drop" }).steps, []);
    },
  );
}
